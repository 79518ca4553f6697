"""`setup.json`: which steps were done and which left out, so that setup goes on where it ended.

A memory, not the truth: each step looks at the machine itself. A file that cannot be read counts as
empty, and writing what is there already leaves the file alone.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from infernet_tui import paths
from infernet_tui.config import write_atomically

VERSION = 1


class Mark(StrEnum):
    """What is remembered of a step."""

    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Remembered:
    """One step."""

    mark: Mark
    at: str
    """When it was first so, ISO-8601 UTC."""


def setup_file() -> Path:
    """`setup.json`, 0600."""
    return paths.config_dir() / "setup.json"


class SetupState:
    """The steps of one machine. Reading and marking touch the disk: call them in a thread."""

    def __init__(self, path: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path or setup_file()
        self._clock = clock
        self._steps: dict[str, Remembered] = _read(self._path)

    @property
    def steps(self) -> Mapping[str, Remembered]:
        """By key of the step."""
        return self._steps

    def is_done(self, key: str) -> bool:
        """Whether the step was done once."""
        return key in self._steps and self._steps[key].mark is Mark.DONE

    def is_skipped(self, key: str) -> bool:
        """Whether the user left it out."""
        return key in self._steps and self._steps[key].mark is Mark.SKIPPED

    def is_settled(self, keys: Iterable[str]) -> bool:
        """Whether each of these was done or left out: setup came to its end."""
        return all(key in self._steps for key in keys)

    def mark(self, key: str, mark: Mark) -> None:
        """Remember it.

        Raises:
            ConfigError: the file cannot be written.
        """
        if key in self._steps and self._steps[key].mark is mark:
            return
        self._steps[key] = Remembered(mark, _iso(self._clock()))
        self._write()

    def forget(self, key: str) -> None:
        """It is not so any more.

        Raises:
            ConfigError: the file cannot be written.
        """
        if self._steps.pop(key, None) is not None:
            self._write()

    def _write(self) -> None:
        steps = {key: {"state": step.mark, "at": step.at} for key, step in self._steps.items()}
        text = json.dumps({"version": VERSION, "steps": steps}, indent=2) + "\n"
        write_atomically(self._path, text, mode=0o600)


def _read(path: Path) -> dict[str, Remembered]:
    try:
        raw = json.loads(path.read_text("utf-8"))
        return {str(key): _remembered(step) for key, step in raw["steps"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _remembered(step: Mapping[str, Any]) -> Remembered:
    return Remembered(Mark(step["state"]), str(step["at"]))


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
