"""The end of the log in a panel of another screen."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from infernet_tui.errors import InfernetError
from infernet_tui.screens import log_words
from infernet_tui.screens.dialogs import error_lines
from infernet_tui.screens.log_source import log_source
from infernet_tui.widgets.lines import line
from infernet_tui.widgets.panel import Panel

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

LOOK_SECONDS = 2.0
KEPT_LINES = 64


class LogTail:
    """Follows the log for as long as `run` runs."""

    def __init__(self, cockpit: "Cockpit", panel: Panel) -> None:
        self._panel = panel
        self._source = log_source(cockpit)
        self._lines: deque[bytes] = deque(maxlen=KEPT_LINES)

    async def run(self) -> None:
        """Look every two seconds, until cancelled."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._source.close()

    async def _look(self) -> None:
        try:
            news = await self._source.look()
        except InfernetError as error:
            self._panel.fill(error_lines(error))
            return
        if news.is_anew:
            self._lines.clear()
        added = bytes(news.data[-KEPT_LINES * 512 :]).splitlines()[-KEPT_LINES:]
        self._lines.extend(added)
        if added or not self._panel.body:
            self.draw()

    def draw(self) -> None:
        """What fits, the newest at the bottom."""
        shown = list(self._lines)[-max(1, self._panel.rows) :]
        body = [log_words.brief_line(raw) for raw in shown]
        self._panel.fill(body or [line((" Nothing logged yet.", "muted"))])
