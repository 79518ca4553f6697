"""Typed look-ups in `config.json` that name file, key and what is allowed when a value is wrong.

A value of null is as if the key were not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infernet_tui.errors import ConfigError
from infernet_tui.spelling import closest


@dataclass(frozen=True, slots=True)
class ConfigReader:
    """The keys of one file.

    Every method raises `ConfigError` for a value of the wrong type or out of range.
    """

    raw: Mapping[str, Any]
    path: Path

    def text(self, section: str, key: str) -> str | None:
        """Any text."""
        value = self._value(section, key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(section, key, "text")
        return value

    def integer(self, section: str, key: str, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`."""
        value = self._value(section, key)
        if value is not None and (type(value) is not int or not low <= value <= high):
            raise self._wrong(section, key, f"a whole number from {low} to {high}")
        return value

    def choice(self, section: str, key: str, allowed: tuple[str, ...]) -> str | None:
        """One of a few words."""
        value = self.text(section, key)
        if value is not None and value not in allowed:
            near = closest(value, allowed)
            meant = f", not “{value}” (did you mean {near}?)" if near else ""
            raise self._wrong(section, key, f"one of {', '.join(allowed)}{meant}", near)
        return value

    def texts(self, section: str, key: str) -> Mapping[str, str]:
        """An object whose values are text or null; empty when it is not there."""
        value = self._value(section, key)
        given = {} if value is None else value
        if not isinstance(given, dict) or not all(
            isinstance(each, str | None) for each in given.values()
        ):
            raise self._wrong(section, key, "an object with text values")
        return {name: each for name, each in given.items() if each is not None}

    def _value(self, section: str, key: str) -> Any:
        found = self.raw.get(section)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise ConfigError(f"{self.path}: `{section}` must be an object.")
        return found.get(key)

    def _wrong(self, section: str, key: str, expected: str, near: str | None = None) -> ConfigError:
        return ConfigError(
            f"{self.path}: `{section}.{key}` must be {expected}.",
            hint=f"infernet config set {section}.{key} {near or '<value>'}",
        )
