"""Ring buffers of measured values, one slot a step of time.

A slot holds the sum and the count of what was added during its step; a count of 0 is a gap. Slots
between two additions are gaps too. When the clock is set back, the slots after the new time are
forgotten: they tell of a future that has not happened.
"""

from array import array
from collections.abc import Callable, Hashable, Iterable, Mapping
from enum import Enum, auto
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Gauge(Enum):
    """How the values of a step become one."""

    MEAN = auto()
    WHOLE_MEAN = auto()
    """Sizes in bytes."""
    SUM = auto()
    """Whole numbers: how often something happened."""


class Ring(Generic[Key]):
    """The newest `length` steps of any number of series."""

    def __init__(self, step_seconds: int, length: int) -> None:
        self.step_seconds = step_seconds
        self.length = length
        self._newest: int | None = None
        """The step last added to, counted from the epoch."""
        self._series: dict[Key, _Slots] = {}

    def add(self, at: float, values: Mapping[Key, float | None]) -> None:
        """Take values measured at `at` (Unix seconds) into their step; None is no value."""
        step = int(at // self.step_seconds)
        if self._newest is not None and step != self._newest:
            self._clear_between(self._newest, step)
        self._newest = step
        for name, value in values.items():
            slots = self._series.get(name)
            if slots is None:
                slots = self._series[name] = _Slots(self.length)
            if value is not None:
                slots.add(step % self.length, value)

    def values(self, name: Key, gauge: Gauge) -> list[float | None]:
        """A series, oldest first."""
        slots = self._series.get(name)
        if slots is None or self._newest is None:
            return [None] * self.length
        return slots.values((self._newest + 1) % self.length, gauge)

    def newest(self, name: Key, gauge: Gauge) -> float | None:
        """The value of the newest step."""
        slots = self._series.get(name)
        if slots is None or self._newest is None:
            return None
        return slots.value(self._newest % self.length, gauge)

    def _clear_between(self, newest: int, step: int) -> None:
        first, last = (newest + 1, step) if step > newest else (step + 1, newest)
        count = min(self.length, last - first + 1)
        for slots in self._series.values():
            slots.clear((last - offset) % self.length for offset in range(count))


class _Slots:
    def __init__(self, length: int) -> None:
        self._sums = array("d", bytes(8 * length))
        self._counts = array("H", bytes(2 * length))

    def add(self, slot: int, value: float) -> None:
        self._sums[slot] += value
        self._counts[slot] += 1

    def clear(self, slots: Iterable[int]) -> None:
        for slot in slots:
            self._sums[slot] = 0.0
            self._counts[slot] = 0

    def values(self, start: int, gauge: Gauge) -> list[float | None]:
        """From `start` around to the slot before it."""
        merge = _MERGERS[gauge]
        pairs = [*zip(self._sums, self._counts, strict=True)]
        return [merge(total, n) if n else None for total, n in (*pairs[start:], *pairs[:start])]

    def value(self, slot: int, gauge: Gauge) -> float | None:
        count = self._counts[slot]
        return _MERGERS[gauge](self._sums[slot], count) if count else None


_MERGERS: dict[Gauge, Callable[[float, int], float]] = {
    Gauge.MEAN: lambda total, count: round(total / count, 2),
    Gauge.WHOLE_MEAN: lambda total, count: round(total / count),
    Gauge.SUM: lambda total, _count: round(total),
}
