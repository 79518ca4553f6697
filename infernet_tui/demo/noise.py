"""Numbers that look random and are a function of their keys: the same keys, the same number."""

from collections.abc import Sequence
from math import cos, pi
from typing import TypeVar

Item = TypeVar("Item")

_MASK = (1 << 64) - 1


def bits(*keys: int) -> int:
    """64 well-mixed bits (splitmix64 over the keys)."""
    state = 0x9E3779B97F4A7C15
    for key in keys:
        state = (state + key * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def noise(*keys: int) -> float:
    """From 0 up to but not including 1."""
    return (bits(*keys) >> 11) / (1 << 53)


def between(low: float, high: float, *keys: int) -> float:
    """From `low` to `high`."""
    return low + (high - low) * noise(*keys)


def pick(items: Sequence[Item], *keys: int) -> Item:
    """One of the items."""
    return items[bits(*keys) % len(items)]


def drift(moment: float, period: float, *keys: int) -> float:
    """From 0 to 1, changing smoothly over about `period` seconds."""
    step, share = divmod(moment / period, 1)
    before, after = noise(int(step), *keys), noise(int(step) + 1, *keys)
    return before + (after - before) * (1 - cos(share * pi)) / 2


def identifier(*keys: int) -> str:
    """A UUID."""
    text = f"{bits(0, *keys):016x}{bits(1, *keys):016x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def hexadecimal(length: int, *keys: int) -> str:
    """So many hexadecimal digits."""
    words = (length + 15) // 16
    return "".join(f"{bits(index, *keys):016x}" for index in range(words))[:length]
