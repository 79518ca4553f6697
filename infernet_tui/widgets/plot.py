"""Plots as text: sparklines, bars and meters. Pure functions from numbers to characters.

One style a plot, so that a line of it is one run of characters for the terminal. None is a gap and
stays blank; zero is the lowest visible mark.
"""

import math
from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII_LEVELS = " .:-=+*#@"
BRAILLE_BASE = 0x2800
_LEFT_DOTS = (0x40, 0x04, 0x02, 0x01)
_RIGHT_DOTS = (0x80, 0x20, 0x10, 0x08)

Values = Sequence[float | None]


def resample(values: Values, columns: int) -> list[float | None]:
    """The newest part of a series as `columns` averages, oldest first; gaps stay gaps.

    A series shorter than the plot is padded with gaps on the left: the newest value is always at
    the right edge. Where the series knows its time (`views.hardware.Samples`), a column stands for
    the same moments until it leaves the plot: only the last one changes as time goes by.
    """
    if columns <= 0:
        return []
    count = len(values)
    if count <= columns:
        return [None] * (columns - count) + list(values)
    per_column, now = count / columns, getattr(values, "end_step", None) or count
    newest, sampled = int((now - 1) / per_column), []
    if round((newest + 1) * per_column) < now:
        newest += 1
    for column in range(newest - columns + 1, newest + 1):
        start, end = round(column * per_column) - now, round((column + 1) * per_column) - now
        known = [
            value
            for value in values[max(0, count + start) : max(0, count + end)]
            if value is not None
        ]
        sampled.append(sum(known) / len(known) if known else None)
    return sampled


def sparkline(
    values: Values, width: int, *, top: float | None = None, glyphs: str = "block", rows: int = 1
) -> list[str]:
    """`rows` lines of `width` characters; `top` is the value of a full one (default: highest)."""
    if glyphs == "braille":
        return _braille(resample(values, width * 2), width, rows, top)
    levels = ASCII_LEVELS if glyphs == "ascii" else BLOCKS
    sampled = resample(values, width)
    ceiling = _ceiling(sampled, top)
    steps = (len(levels) - 1) * rows
    heights = [_height(value, ceiling, steps) for value in sampled]
    lines = []
    for row in range(rows - 1, -1, -1):
        base = row * (len(levels) - 1)
        lines.append(
            "".join(
                " " if height is None else levels[max(0, min(len(levels) - 1, height - base))]
                for height in heights
            )
        )
    return lines


def meter(fraction: float | None, width: int) -> str:
    """`[####....]` in `width` characters: it reads aloud sensibly, in any font."""
    inner = max(0, width - 2)
    if fraction is None:
        return "[" + " " * inner + "]"
    full = round(max(0.0, min(1.0, fraction)) * inner)
    return "[" + "#" * full + "." * (inner - full) + "]"


def fraction(part: float | None, whole: float | None) -> float | None:
    """For a meter; unknown if either number is."""
    return part / whole if part is not None and whole else None


def summary(values: Values, *, digits: int = 0) -> str:
    """`min 0 · avg 61 · max 118` of what is known, or that nothing is."""
    known = [value for value in values if value is not None]
    if not known:
        return "no samples yet"
    low, mean, high = min(known), sum(known) / len(known), max(known)
    return f"min {low:.{digits}f} · avg {mean:.{digits}f} · max {high:.{digits}f}"


def columns(
    values: Values, width: int, rows: int, *, top: float | None = None, glyphs: str = "block"
) -> list[str]:
    """A bar chart: one bar a value, as wide as there is room for, with a gap between."""
    count = max(1, len(values))
    bar = max(1, (width + 1) // count - 1)
    gap = 1 if (bar + 1) * count - 1 <= width else 0
    lines = sparkline(values, len(values), top=top, glyphs=glyphs, rows=rows)
    return [(" " * gap).join(char * bar for char in text)[:width] for text in lines]


def _ceiling(values: Values, top: float | None) -> float:
    if top is not None:
        return top or 1.0
    return max((value for value in values if value is not None), default=0.0) or 1.0


def _height(value: float | None, ceiling: float, steps: int) -> int | None:
    if value is None or not math.isfinite(value):
        return None
    if value <= 0:
        return 1 if value == 0 else 0
    return max(1, min(steps, math.ceil(value / ceiling * steps)))


def _braille(sampled: Values, width: int, rows: int, top: float | None) -> list[str]:
    ceiling, steps = _ceiling(sampled, top), 4 * rows
    heights = [_height(value, ceiling, steps) or 0 for value in sampled]
    lines = []
    for row in range(rows - 1, -1, -1):
        base = row * 4
        lines.append(
            "".join(
                chr(
                    BRAILLE_BASE
                    | _dots(heights[2 * x] - base, _LEFT_DOTS)
                    | _dots(heights[2 * x + 1] - base, _RIGHT_DOTS)
                )
                for x in range(width)
            )
        )
    return lines


def _dots(height: int, dots: Sequence[int]) -> int:
    return sum(dots[: max(0, min(4, height))])
