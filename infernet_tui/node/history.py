"""What the node did, so that a graph is full the moment somebody looks.

One sample a second, kept in three rings: 10 minutes of seconds, 24 hours of minutes, 30 days of
hours. Coarse steps are averages; finished jobs are sums. A step nothing was measured in is a gap
(null), never a zero: the node was down, the machine slept, or the clock was set forward. Memory is
bounded, and nothing is written to disk.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infernet_tui.hardware.base import Gpu, Sample
from infernet_tui.node.hardware_thread import HardwareThread
from infernet_tui.node.rings import Gauge, Ring
from infernet_tui.node.stats import Stats
from infernet_tui.node.times import iso_millis

log = logging.getLogger(__name__)
STEP_SECONDS = 1.0
MAX_GPUS = 16
WINDOWS = {"10m": (1, 600), "24h": (60, 1440), "30d": (3600, 720)}
"""Name → seconds a step, steps."""
SECONDS_WINDOW = "10m"

_NODE_GAUGES = {
    "tokens_per_second": Gauge.MEAN,
    "active_jobs": Gauge.MEAN,
    "jobs_completed": Gauge.SUM,
    "jobs_failed": Gauge.SUM,
    "cpu_percent": Gauge.MEAN,
    "ram_used_bytes": Gauge.WHOLE_MEAN,
}
_GPU_GAUGES = {
    "utilization_percent": Gauge.MEAN,
    "vram_used_bytes": Gauge.WHOLE_MEAN,
    "power_watts": Gauge.MEAN,
    "temperature_c": Gauge.MEAN,
}

Series = tuple[str, int | None]
"""A gauge, and the GPU it belongs to (None: the node)."""


@dataclass(frozen=True, slots=True)
class _Counters:
    """What only ever grows, and when it was looked at."""

    at: float
    """Monotonic seconds."""
    tokens: int
    completed: int
    failed: int


class Recorder:
    """Samples the node and its machine."""

    def __init__(
        self,
        hardware: HardwareThread,
        stats: Stats,
        active_jobs: Callable[[], int],
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hardware = hardware
        self._stats = stats
        self._active_jobs = active_jobs
        self._clock = clock
        self._monotonic = monotonic
        self._before = self._counters()
        self._at: float | None = None
        """Of the newest sample; Unix seconds."""
        self._gpus: tuple[int, ...] = ()
        self._told: set[type[BaseException]] = set()
        """Kinds of failure that are in the log already."""
        self._rings = {name: Ring[Series](*shape) for name, shape in WINDOWS.items()}

    async def run(self) -> None:
        """Sample at each full second until cancelled. A bad driver costs samples, nothing else."""
        while True:
            await asyncio.sleep(STEP_SECONDS - self._clock() % STEP_SECONDS)
            try:
                self.add(await self._hardware.fresh_sample())
            except Exception as error:  # noqa: BLE001 - graphs must not end the node that earns
                self._missed(error)

    def add(self, sample: Sample) -> None:
        """Take what was measured now into every ring."""
        now = self._at = self._clock()
        values = self._node_values(sample)
        self._gpus = tuple(gpu.index for gpu in sample.gpus[:MAX_GPUS])
        for gpu in sample.gpus[:MAX_GPUS]:
            values |= {(name, gpu.index): _value(gpu, name) for name in _GPU_GAUGES}
        for ring in self._rings.values():
            ring.add(now, values)

    def _missed(self, error: Exception) -> None:
        """Leave a gap; say why, once for each kind of failure."""
        cause = error.__cause__ or error
        if (kind := type(cause)) not in self._told:
            self._told.add(kind)
            log.warning("the history has gaps: %s", cause)

    def window(self, name: str) -> dict[str, Any]:
        """One ring, as the verb `history` answers: every list is as long as the window.

        Raises:
            KeyError: there is no such window.
        """
        ring = self._rings[name]
        return self._document(name, lambda series, gauge: ring.values(series, gauge))

    def latest(self) -> dict[str, Any]:
        """The newest second, in the same shape with values instead of lists."""
        ring = self._rings[SECONDS_WINDOW]
        newest = self._document(SECONDS_WINDOW, lambda series, gauge: ring.newest(series, gauge))
        return newest | {"at": newest["end"]}

    def _document(self, name: str, values: Callable[[Series, Gauge], Any]) -> dict[str, Any]:
        at = self._clock() if self._at is None else self._at
        document: dict[str, Any] = {
            "window": name,
            "step_seconds": WINDOWS[name][0],
            "end": iso_millis(at),
        }
        document |= {gauge: values((gauge, None), kind) for gauge, kind in _NODE_GAUGES.items()}
        document["gpus"] = [
            {"index": index}
            | {gauge: values((gauge, index), kind) for gauge, kind in _GPU_GAUGES.items()}
            for index in self._gpus
        ]
        return document

    def _node_values(self, sample: Sample) -> dict[Series, float | None]:
        before, now = self._before, self._counters()
        self._before = now
        seconds = now.at - before.at
        tokens = now.tokens - before.tokens
        return {
            ("tokens_per_second", None): tokens / seconds if seconds > 0 else None,
            ("active_jobs", None): self._active_jobs(),
            ("jobs_completed", None): now.completed - before.completed,
            ("jobs_failed", None): now.failed - before.failed,
            ("cpu_percent", None): sample.cpu.percent,
            ("ram_used_bytes", None): sample.ram.used_bytes,
        }

    def _counters(self) -> _Counters:
        stats = self._stats
        return _Counters(
            self._monotonic(), stats.tokens_total, stats.jobs_completed, stats.jobs_failed
        )


def _value(gpu: Gpu, name: str) -> float | None:
    value: float | None = getattr(gpu, name)
    return value
