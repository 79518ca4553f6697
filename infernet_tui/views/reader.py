"""Lenient, typed access to one JSON object; texts come out safe to show."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from infernet_tui.text import marked

MAX_TEXT = 512
"""Longest text that is kept: a name of ten kilobytes is an attack, not a name."""
LAST_YEAR = 9000
"""A time after it is no time: the edge of the calendar cannot be turned into a local one."""


class Reader:
    """One object of the node's answer. A value of the wrong type reads as None."""

    __slots__ = ("raw",)

    def __init__(self, raw: object) -> None:
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}

    def text(self, key: str, limit: int = MAX_TEXT) -> str | None:
        """A text on one line, with what could act on a terminal made visible."""
        value = self.raw.get(key)
        return marked(value, limit) if isinstance(value, str) else None

    def number(self, key: str) -> float | None:
        """A number."""
        value = self.raw.get(key)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def integer(self, key: str) -> int | None:
        """A whole number; a fraction is rounded."""
        value = self.number(key)
        return None if value is None else round(value)

    def flag(self, key: str) -> bool | None:
        """True, false or unknown."""
        value = self.raw.get(key)
        return value if isinstance(value, bool) else None

    def time(self, key: str) -> float | None:
        """An ISO-8601 time from 1970 on as Unix seconds."""
        value = self.raw.get(key)
        if not isinstance(value, str):
            return None
        try:
            found = datetime.fromisoformat(value)
            seconds = found.timestamp() if found.year <= LAST_YEAR else -1.0
        except (ValueError, OverflowError):
            return None
        return seconds if seconds >= 0 else None

    def part(self, key: str) -> "Reader":
        """A nested object; an empty one if there is none."""
        return Reader(self.raw.get(key))

    def parts(self, key: str) -> list["Reader"]:
        """A list of objects."""
        value = self.raw.get(key)
        return [Reader(item) for item in value] if isinstance(value, list) else []

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self.raw.get(key)
        items = value if isinstance(value, list) else []
        return tuple(marked(item, MAX_TEXT) for item in items if isinstance(item, str))

    def numbers(self, key: str) -> list[float | None]:
        """A list of numbers with gaps."""
        value = self.raw.get(key)
        items = value if isinstance(value, list) else []
        return [item if isinstance(item, int | float) else None for item in items]
