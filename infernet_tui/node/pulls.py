"""Downloads of models that run now: one for each name, with its speed and how long it takes still.

A pull belongs to whoever asked for it: when they go away it stops, and the part that has come stays
for the next try.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, cast

from infernet_tui.engines.base import Engine, PullProgress
from infernet_tui.errors import AlreadyRunning, EngineError

MAX_AT_ONCE = 4
SPEED_SECONDS = 3.0
"""Over about how long a speed is averaged."""
SHORTEST_SAMPLE_SECONDS = 0.2


class Speed:
    """Bytes per second, smoothed: the newest samples count most."""

    def __init__(self) -> None:
        self.bytes_per_second: float | None = None
        self._part: str | None = None
        self._at = 0.0
        self._completed = 0

    def take(self, step: PullProgress, now: float) -> None:
        """One step; a new part (a layer of a model) starts to count anew, at the known speed."""
        completed = step.completed_bytes
        if completed is None:
            return
        elapsed, part = now - self._at, step.digest or step.status
        if part != self._part or completed < self._completed:
            self._part, self._at, self._completed = part, now, completed
        elif elapsed >= SHORTEST_SAMPLE_SECONDS:
            sample = (completed - self._completed) / elapsed
            weight = elapsed / (elapsed + SPEED_SECONDS)
            known = self.bytes_per_second
            self.bytes_per_second = sample if known is None else known + weight * (sample - known)
            self._at, self._completed = now, completed

    def seconds_left(self, step: PullProgress) -> int | None:
        """How long the rest of this part takes at this speed."""
        done, total, speed = step.completed_bytes, step.total_bytes, self.bytes_per_second
        if done is None or not total or not speed or speed < 1:
            return None
        return round(max(0, total - done) / speed)


@dataclass(slots=True)
class Pull:
    """One download."""

    name: str
    speed: Speed
    step: PullProgress

    def as_json(self) -> dict[str, Any]:
        """How far it is."""
        step, speed = self.step, self.speed.bytes_per_second
        return {
            "name": self.name,
            "status": step.status,
            "completed_bytes": step.completed_bytes,
            "total_bytes": step.total_bytes,
            "bytes_per_second": None if speed is None else round(speed),
            "eta_seconds": self.speed.seconds_left(step),
        }


class Pulls:
    """The downloads of one engine."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._running: dict[str, Pull] = {}

    def as_json(self) -> list[dict[str, Any]]:
        """Those that run, in the order they were begun."""
        return [pull.as_json() for pull in self._running.values()]

    async def pull(self, name: str) -> AsyncGenerator[tuple[Pull, PullProgress], None]:
        """Download a model; each step.

        Raises:
            AlreadyRunning: this one is being pulled already, or too many are.
            EngineError: it does not exist, does not fit, or the engine cannot pull.
        """
        self._check_room(name)
        pull = self._running[name] = Pull(name, Speed(), PullProgress(f"looking for {name}"))
        try:
            # A generator, as every `async def` with `yield` is: closing it stops the download.
            steps = cast(AsyncGenerator[PullProgress, None], self._engine.pull(name))
            async with contextlib.aclosing(steps):
                async for step in steps:
                    pull.step = step
                    pull.speed.take(step, self._clock())
                    yield pull, step
        except OSError as error:
            raise EngineError(f"{name} could not be pulled: {error}.") from None
        finally:
            del self._running[name]

    def _check_room(self, name: str) -> None:
        if name in self._running:
            raise AlreadyRunning(f"{name} is being pulled already.", hint="infernet model list")
        if len(self._running) >= MAX_AT_ONCE:
            raise AlreadyRunning(
                f"{len(self._running)} models are being pulled already.",
                hint="wait until one of them is here",
            )


async def ticking(
    steps: AsyncGenerator[tuple[Pull, PullProgress], None], seconds: float
) -> AsyncGenerator[Pull, None]:
    """Pulls at most every so often, but each new status and the last step at once."""
    shown_at, status, latest = -seconds, "", None
    async with contextlib.aclosing(steps):
        async for pull, step in steps:
            latest = pull
            now = asyncio.get_running_loop().time()
            if step.status != status or now - shown_at >= seconds:
                shown_at, status, latest = now, step.status, None
                yield pull
    if latest is not None:
        yield latest
