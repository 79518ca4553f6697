"""Reading what a command brings along. A wrong value is refused with its name."""

from collections.abc import Mapping
from typing import Any

from infernet_tui.errors import UsageError

MAX_TEXT_CHARS = 4096


class Payload:
    """Typed, checked access to one command's payload."""

    def __init__(self, raw: object) -> None:
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}

    def text(self, key: str) -> str:
        """A text that must be there and can be shown.

        Raises:
            UsageError: it is missing, empty, too long, or has control characters.
        """
        value = self.raw.get(key)
        if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT_CHARS:
            raise UsageError(f"`{key}` must be a text of 1 to {MAX_TEXT_CHARS} characters.")
        if not value.isprintable():
            raise UsageError(f"`{key}` must not have control characters.")
        return value

    def optional_text(self, key: str) -> str | None:
        """A text that may be missing."""
        return None if self.raw.get(key) in (None, "") else self.text(key)

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number; a missing one is the default.

        Raises:
            UsageError: it is something else, or out of range.
        """
        value = self.raw.get(key)
        return default if value is None else self._integer(key, value, low, high)

    def optional_integer(self, key: str, low: int, high: int) -> int | None:
        """A whole number that may be missing."""
        value = self.raw.get(key)
        return None if value is None else self._integer(key, value, low, high)

    def optional_number(self, key: str, low: float, high: float) -> float | None:
        """A number that may be missing."""
        value = self.raw.get(key)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            raise UsageError(f"`{key}` must be a number from {low:g} to {high:g}.")
        return float(value)

    def choice(self, key: str, default: str | None, choices: tuple[str, ...]) -> str | None:
        """One of some words; a missing one is the default."""
        value = self.raw.get(key)
        if value is None:
            return default
        if value not in choices:
            raise UsageError(f"`{key}` must be one of: {', '.join(choices)}.")
        return str(value)

    @staticmethod
    def _integer(key: str, value: object, low: int, high: int) -> int:
        if type(value) is not int or not low <= value <= high:
            raise UsageError(f"`{key}` must be a whole number from {low} to {high}.")
        return value
