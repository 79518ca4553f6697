"""Where the lines of the log come from: the node's file, or the demo's made-up one."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from infernet_tui import paths
from infernet_tui.demo import log as demo_log
from infernet_tui.errors import InfernetError
from infernet_tui.log_file import LogNews, LogReader

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit


class LogSource(Protocol):
    """Where the lines come from."""

    name: str
    """The file as it is shown in the title."""

    async def look(self) -> LogNews:
        """What is new."""
        ...

    def close(self) -> None:
        """Nobody looks any more."""
        ...


class FileSource:
    """The node's log file."""

    def __init__(self, path: Path) -> None:
        home = str(Path.home())
        self.name = str(path).replace(home, "~", 1) if str(path).startswith(home) else str(path)
        self._reader = LogReader(path)

    async def look(self) -> LogNews:
        """Look at the file, in a thread.

        Raises:
            InfernetError: it cannot be read.
        """
        try:
            return await asyncio.to_thread(self._reader.look)
        except OSError as error:
            self._reader.close()
            raise InfernetError(error.strerror or str(error), hint="infernet logs") from None

    def close(self) -> None:
        """Give the file back."""
        self._reader.close()


class DemoSource:
    """What a demo node would have logged; never the log of the person who looks at the demo."""

    name = demo_log.TITLE

    def __init__(self, cockpit: "Cockpit") -> None:
        self._cockpit = cockpit
        self._until = 0.0

    async def look(self) -> LogNews:
        """Ask the demo node for its jobs, and write about those that are new."""
        is_first, now = not self._until, self._cockpit.store.clock()
        status = await self._cockpit.request("status")
        page = await self._cockpit.request("jobs", {"limit": 1000 if is_first else 60})
        entries = demo_log.log_entries(status, page["jobs"], self._until, now)
        self._until = now
        text = "".join(f"{each}\n" for _, each in entries)
        return LogNews("open", text.encode("utf-8", "replace"), is_anew=is_first)

    def close(self) -> None:
        """There is nothing to give back."""


def log_source(cockpit: "Cockpit") -> LogSource:
    """The log of the node that the application shows."""
    is_demo = cockpit.session.mode == "demo"
    return DemoSource(cockpit) if is_demo else FileSource(paths.log_file())
