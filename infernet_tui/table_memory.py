"""What people chose for each table, kept across runs in `tui-state.json`. It may be deleted."""

import json
import threading
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Protocol

from infernet_tui import config, paths


class Remembered(Protocol):
    """The part of a table's state that is kept."""

    filter: str
    sort: str | None
    reverse: bool
    wide: bool
    marked: set[Hashable]


def state_file() -> Path:
    """`tui-state.json`, 0600."""
    return paths.config_dir() / "tui-state.json"


class TableMemory:
    """Filter, sort and columns by `screen/table`.

    What is kept changes on the event loop alone; only the file is read and written off it.
    """

    def __init__(self) -> None:
        self.is_loaded = False
        """Whether what the file holds is known: before, writing would lose it."""
        self._kept: dict[str, dict[str, Any]] = {}
        self._document = ""
        self._writing = threading.Lock()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was chosen yet."""
        return not self._kept

    def adopt(self, found: Mapping[str, dict[str, Any]]) -> None:
        """Take in what the file holds; what was chosen meanwhile is newer."""
        self._kept = {**found, **self._kept}
        self.is_loaded = True

    def remember(self, name: str, state: Remembered) -> None:
        """Keep what was chosen."""
        self._kept[name] = {
            "filter": state.filter,
            "sort": state.sort,
            "reverse": state.reverse,
            "wide": state.wide,
        }

    def recall(self, name: str, state: Remembered) -> None:
        """Give a table what was chosen for it before, if anything was."""
        kept = self._kept.get(name)
        if kept is None:
            return
        state.filter = _text(kept.get("filter")) or ""
        state.sort = _text(kept.get("sort"))
        state.reverse, state.wide = kept.get("reverse") is True, kept.get("wide") is True

    def prepare(self) -> None:
        """Fix what `write` is to write."""
        self._document = json.dumps({"tables": self._kept}, indent=2) + "\n"

    def write(self) -> None:
        """Write what was prepared last. Blocks; of several at once the last writes the newest.

        Raises:
            ConfigError: it cannot be written.
        """
        with self._writing:
            config.write_atomically(state_file(), self._document, mode=0o600)


def read() -> dict[str, dict[str, Any]]:
    """What the file holds; one that is broken is as good as none. Blocks."""
    try:
        found = json.loads(state_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    tables = found.get("tables") if isinstance(found, dict) else None
    items = tables.items() if isinstance(tables, dict) else ()
    return {key: value for key, value in items if isinstance(value, dict)}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= 200 else None
