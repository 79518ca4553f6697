"""What people chose for each table, kept across runs in `tui-state.json`. It may be deleted."""

import json
from collections.abc import Hashable
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
    """Filter, sort and columns by `screen/table`. Reading never fails; writing is the caller's."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Any]] = {}

    def load(self) -> None:
        """Read the file; one that is broken is as good as none."""
        try:
            found = json.loads(state_file().read_text("utf-8"))
        except (OSError, ValueError):
            return
        tables = found.get("tables") if isinstance(found, dict) else None
        if isinstance(tables, dict):
            self._kept = {key: value for key, value in tables.items() if isinstance(value, dict)}

    def remember(self, name: str, state: Remembered) -> None:
        """Keep what was chosen."""
        self._kept[name] = {
            "filter": state.filter,
            "sort": state.sort,
            "reverse": state.reverse,
            "wide": state.wide,
        }

    def recall(self, name: str, state: Remembered) -> None:
        """Give a new table what was chosen for it before."""
        kept = self._kept.get(name, {})
        state.filter = _text(kept.get("filter")) or ""
        state.sort = _text(kept.get("sort"))
        state.reverse, state.wide = kept.get("reverse") is True, kept.get("wide") is True

    def save(self) -> None:
        """Write the file.

        Raises:
            ConfigError: it cannot be written.
        """
        text = json.dumps({"tables": self._kept}, indent=2) + "\n"
        config.write_atomically(state_file(), text, mode=0o600)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= 200 else None
