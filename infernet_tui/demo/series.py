"""What the demo machine measures: a value for each second, minute or hour, out of the jobs.

`measure` gives a moment the same value whenever it is asked about it. Before the run began, values
follow the time of day; where the node was down there are none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import pi, sin

from infernet_tui.demo.catalogue import INSTALLED
from infernet_tui.demo.ledger import Ledger
from infernet_tui.demo.noise import drift, noise
from infernet_tui.demo.scenarios import GIB, Scenario

Values = list[float | None]

GPU_COUNT = 4
VRAM_TOTAL_BYTES = 80 * GIB
POWER_LIMIT_WATTS = 400
IDLE_WATTS = 61.0
RAM_TOTAL_BYTES = 512 * GIB
RUNTIME_BYTES = int(0.9 * GIB)
"""What the engine itself takes on a GPU where it has loaded something."""
HOT_CELSIUS = 92
FOREIGN_VRAM_BYTES = 31 * GIB
RESTART_SECONDS = 240
"""How long the node was down before this run."""
OUTAGE_DAYS_AGO = (11.0, 11.4)
"""A power cut within the last 30 days."""
_WARM_STEPS = 30

GPUS_OF_MODEL = {model.name: model.gpus for model in INSTALLED}


@dataclass(slots=True)
class GpuValues:
    """The values of one GPU, oldest first."""

    utilization_percent: Values
    vram_used_bytes: Values
    power_watts: Values
    temperature_c: Values


@dataclass(slots=True)
class Measured:
    """So many values of everything, oldest first."""

    tokens_per_second: Values
    active_jobs: Values
    jobs_completed: Values
    jobs_failed: Values
    cpu_percent: Values
    ram_used_bytes: Values
    gpus: list[GpuValues] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Meter:
    """Reads the instruments of one run."""

    scenario: Scenario
    seed: int
    started_at: float
    ledger: Ledger

    def measure(self, end: int, step: int, count: int, loaded: frozenset[str]) -> Measured:
        """The `count` steps of `step` seconds that end at the Unix second `end`, now or before."""
        raw = _Accumulated(end, step, count + _WARM_STEPS)
        raw.take(self.ledger, self.started_at)
        moments = [raw.begin + (place + 1) * step for place in range(raw.count)]
        keep = slice(_WARM_STEPS, None)
        seen = [self._is_seen(moment) for moment in moments]
        for place, moment in enumerate(moments):
            if seen[place] and moment < self.started_at:
                self._imagine(raw, place, moment)
        mask = seen[keep]
        gpus = range(GPU_COUNT if self.scenario.has_gpus else 0)
        return Measured(
            tokens_per_second=_masked([round(value, 1) for value in raw.tokens[keep]], mask),
            active_jobs=_masked([round(value, 2) for value in raw.active[keep]], mask),
            jobs_completed=_masked(raw.completed[keep], mask),
            jobs_failed=_masked(raw.failed[keep], mask),
            cpu_percent=_masked(self._cpu(raw, moments)[keep], mask),
            ram_used_bytes=_masked(self._ram(moments)[keep], mask),
            gpus=[self._gpu(index, raw, moments, mask, loaded) for index in gpus],
        )

    def _is_seen(self, moment: float) -> bool:
        """Whether the node was up and took a sample then."""
        if moment >= self.started_at:
            return True
        age_days = (self.started_at - moment) / 86_400
        was_out = OUTAGE_DAYS_AGO[0] < age_days < OUTAGE_DAYS_AGO[1]
        is_restart = moment > self.started_at - RESTART_SECONDS
        return self.scenario.has_past and not was_out and not is_restart

    def _imagine(self, raw: "_Accumulated", place: int, moment: float) -> None:
        """Values from before this run: busier in the evening (UTC), never the same twice."""
        daily = 0.62 + 0.3 * sin((moment % 86_400) / 86_400 * 2 * pi - 2.2)
        share = min(1.0, daily * (0.75 + 0.5 * drift(moment, 5400, self.seed, 71)))
        raw.tokens[place] = 236 * share * (0.9 + 0.2 * noise(int(moment), self.seed, 72))
        raw.active[place] = 2.9 * share
        raw.completed[place] = round(0.081 * raw.step * share)
        raw.failed[place] = int(noise(int(moment), self.seed, 73) < 1e-3 * raw.step * share)
        for index in range(GPU_COUNT):
            raw.busy[index][place] = share * (0.8 + 0.3 * drift(moment, 900, self.seed, 74, index))

    def _cpu(self, raw: "_Accumulated", moments: list[int]) -> list[float]:
        base, each = (6.0, 4.5) if self.scenario.has_gpus else (2.0, 60.0)
        return [
            round(base + each * raw.active[place] + 3 * noise(moment, self.seed, 75), 1)
            for place, moment in enumerate(moments)
        ]

    def _ram(self, moments: list[int]) -> list[float]:
        base = 61 * GIB if self.scenario.has_gpus else 5 * GIB
        return [base + int(GIB * drift(moment, 300, self.seed, 76)) for moment in moments]

    def _gpu(
        self,
        index: int,
        raw: "_Accumulated",
        moments: list[int],
        mask: list[bool],
        loaded: frozenset[str],
    ) -> GpuValues:
        is_hot = index == self.scenario.hot_gpu
        busy = [1.0] * raw.count if is_hot else raw.busy[index]
        use: list[float] = []
        vram: list[float] = []
        power: list[float] = []
        heat: list[float] = []
        weights = _loaded_bytes(index, loaded) + (FOREIGN_VRAM_BYTES if is_hot else 0)
        for place in range(_WARM_STEPS, raw.count):
            grain = noise(moments[place], self.seed, 77, index)
            percent = min(99.0, 93 * min(1.0, busy[place]) + 6 * grain) if busy[place] else 0.0
            warmth = sum(busy[place - _WARM_STEPS : place + 1]) / (_WARM_STEPS + 1)
            use.append(round(percent))
            cache = int(min(1.0, busy[place]) * 1.3 * GIB * (0.6 + 0.4 * grain))
            vram.append(weights + cache)
            power.append(round(IDLE_WATTS + percent / 100 * 268 + 9 * grain, 1))
            heat.append(HOT_CELSIUS if is_hot else round(33 + index + 34 * warmth + grain))
        return GpuValues(*(_masked(values, mask) for values in (use, vram, power, heat)))


class _Accumulated:
    """Sums of what the jobs did, one place a step."""

    def __init__(self, end: int, step: int, count: int) -> None:
        self.step, self.count = step, count
        self.begin = end - count * step
        self.end = end
        self.tokens = [0.0] * count
        self.active = [0.0] * count
        self.completed = [0] * count
        self.failed = [0] * count
        self.busy = [[0.0] * count for _ in range(GPU_COUNT)]

    def take(self, ledger: Ledger, started_at: float) -> None:
        """Spread every job of the window over its places."""
        for job in ledger.since(max(self.begin, started_at)):
            on = GPUS_OF_MODEL.get(job.base_model, ())
            for place, share in self._shares(job.started_at, job.ends_at):
                self.active[place] += share
                for index in on:
                    self.busy[index][place] += share
            for place, share in self._shares(job.first_token_at, job.ends_at):
                self.tokens[place] += share * job.tokens_per_second
            if self.begin <= job.ends_at < self.end:
                place = int((job.ends_at - self.begin) // self.step)
                self.completed[place] += job.outcome == "completed"
                self.failed[place] += job.outcome == "failed"

    def _shares(self, start: float, end: float) -> list[tuple[int, float]]:
        """The places that a stretch of time touches, with the share of each that it fills."""
        found = []
        start, end = max(start, self.begin), min(end, self.end)
        if start >= end:
            return []
        first = int((start - self.begin) // self.step)
        last = min(self.count - 1, int((end - self.begin) // self.step))
        for place in range(first, last + 1):
            left = self.begin + place * self.step
            share = (min(end, left + self.step) - max(start, left)) / self.step
            if share > 0:
                found.append((place, share))
        return found


def _masked(values: Sequence[float], mask: list[bool]) -> Values:
    return [value if is_seen else None for value, is_seen in zip(values, mask, strict=True)]


def _loaded_bytes(gpu: int, loaded: frozenset[str]) -> int:
    here = [model for model in INSTALLED if model.name in loaded and gpu in model.gpus]
    return sum(model.size_bytes // len(model.gpus) for model in here) + (
        RUNTIME_BYTES if here else 0
    )
