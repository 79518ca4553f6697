"""Notices that a theme file was saved, so that it shows while its author is still looking.

Polled: one `stat` a file a second needs no dependency and works on every file system.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from infernet_tui.theming.files import LoadedThemes, load_themes, theme_dirs

Signature = frozenset[tuple[str, int, int]]
"""Name, time of the last change and size of each file of a folder."""


class ThemeWatcher:
    """Watches the user's folder; calls back on the event loop with everything loaded anew."""

    def __init__(
        self,
        on_change: Callable[[LoadedThemes], None],
        *,
        folders: tuple[Path, ...] | None = None,
        interval_seconds: float = 1.0,
    ) -> None:
        self._on_change = on_change
        self._folders = theme_dirs() if folders is None else folders
        self._interval_seconds = interval_seconds
        self._seen = signature(self._folders[-1])

    async def run(self) -> None:
        """Watch until cancelled. No file is touched on the event loop."""
        while True:
            await asyncio.sleep(self._interval_seconds)
            loaded = await asyncio.to_thread(self._changed)
            if loaded is not None:
                self._on_change(loaded)

    def _changed(self) -> LoadedThemes | None:
        now = signature(self._folders[-1])
        if now == self._seen:
            return None
        self._seen = now
        return load_themes(self._folders)


def signature(folder: Path) -> Signature:
    """What tells whether a file came, went or was saved."""
    found: set[tuple[str, int, int]] = set()
    for path in folder.glob("*.toml"):
        try:
            status = path.stat()
        except OSError:  # removed meanwhile
            continue
        found.add((path.name, status.st_mtime_ns, status.st_size))
    return frozenset(found)
