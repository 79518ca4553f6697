"""Logs: what the node has written, as it writes it. Works without a node: it reads the file.

The file is read in a thread; the loop is given bytes and paints what is in view.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult

from infernet_tui.errors import InfernetError, UsageError
from infernet_tui.log_file import LogNews
from infernet_tui.log_lines import LEVELS, LogLines
from infernet_tui.screens import log_words, wording
from infernet_tui.screens.base import CockpitScreen
from infernet_tui.screens.dialogs import ShowLines
from infernet_tui.screens.filter_line import FilterLine
from infernet_tui.screens.log_source import LogSource, log_source
from infernet_tui.widgets.lines import EMPTY, Line, line
from infernet_tui.widgets.log_view import LogView

if TYPE_CHECKING:
    pass

LOOK_SECONDS, BLURRED_SECONDS = 0.5, 3.0
LONG_WIDTH, MAX_NAME_CHARS = 100, 36
REPLACED = b"--- another log file begins here ---\n"


class LogsScreen(CockpitScreen):
    """One panel with the log."""

    NAME = "logs"

    def __init__(self) -> None:
        super().__init__()
        self.times: log_words.Times = "UTC"
        self._source: LogSource | None = None
        self._news: LogNews | None = None
        self._is_visible = True
        self._look_now = asyncio.Event()

    def compose_body(self) -> ComposeResult:
        """The log."""
        yield LogView("Log", self._styled, id="log", note=self._note)

    def on_mount(self) -> None:
        """It has the keys; something is said before it was read."""
        self.view.empty = [EMPTY, line((" reading the log…", "muted"))]
        self.view.focus()
        self.run_worker(self._watch(), exit_on_error=False)

    @property
    def view(self) -> LogView:
        """The log."""
        return self.query_one("#log", LogView)

    # --- reading ----------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        """Somebody looks."""
        super().on_screen_resume()
        self._is_visible = True
        self._look_now.set()

    def on_screen_suspend(self) -> None:
        """Nobody looks."""
        self._is_visible = False

    def on_unmount(self) -> None:
        """Give the file back."""
        if self._source is not None:
            self._source.close()

    def refetch(self) -> None:
        """Look now."""
        self._look_now.set()

    async def _watch(self) -> None:
        """Look again and again while the screen is visible; one look at a time, none cut short."""
        while True:
            self._look_now.clear()
            if self._is_visible and not self.cockpit.is_paused:
                await self._look()
            pause = BLURRED_SECONDS if self.cockpit.feed.is_blurred else LOOK_SECONDS
            with contextlib.suppress(TimeoutError):
                wait_for_it = self._look_now.wait()
                await asyncio.wait_for(wait_for_it, pause if self._is_visible else None)

    async def _look(self) -> None:
        is_demo = self.cockpit.session.mode == "demo"
        if self._source is None:
            self._source = log_source(self.cockpit)
        try:
            news = await self._source.look()
        except InfernetError as error:
            if not is_demo:
                self.view.empty = log_words.no_log(self._source.name, trouble=error.message)
            self.view.redraw()
            return
        await self._take(news, self._source.name)

    async def _take(self, news: LogNews, name: str) -> None:
        """Show what is new; painting is skipped where nothing is."""
        view, is_same = self.view, self._news is not None and self._news.state == news.state
        self._news = news
        deleted = " (deleted)" if news.state == "deleted" else ""
        view.title = f"Log · {_end_of(name)}{deleted}"
        if news.state == "missing":
            view.empty = log_words.no_log(name)
        if news.is_anew:
            view.empty = [EMPTY, line((" The log is empty.", "muted"))]
            view.show_log(await asyncio.to_thread(LogLines, news.data))
            return
        if news.is_replaced:
            view.log_lines.extend(REPLACED)
        if news.data:
            view.log_lines.extend(news.data)
            view.lines_were_added()
        elif not is_same:
            view.redraw()

    # --- showing ----------------------------------------------------------------------------

    def _styled(self, raw: bytes) -> Line:
        return log_words.log_line(
            raw,
            times=self.times,
            now=self.cockpit.store.clock(),
            words=self.view.state.filter,
            long=self.app.size.width >= LONG_WIDTH,
        )

    def _note(self, raw: bytes) -> str:
        """The date of the line under the cursor, and what is special."""
        parts = [log_words.date_of(raw)] if self.times == "UTC" else []
        if self.view.is_following:
            parts.append("following")
        return " · ".join(part for part in parts if part)

    def tick(self) -> None:
        """`4 s ago` is a second older."""
        if self.times == "ago":
            self.view.redraw()

    # --- what actions ask for ---------------------------------------------------------------

    @property
    def can_filter(self) -> bool:
        """Lines are filtered as rows are."""
        return True

    @property
    def can_export(self) -> bool:
        """They are saved as text."""
        return True

    def open_filter(self, words: str = "") -> None:
        """Show only the lines with these words, or open the line where they are typed."""
        if words:
            self.view.state.filter = words.strip().removeprefix("/")
            self.view.apply_state()
        else:
            self.query_one(FilterLine).open(self.view)

    def toggle_follow(self) -> None:
        """Stay at the end, or do not."""
        self.view.follow(not self.view.is_following)

    def choose_level(self, word: str) -> None:
        """Show this level and worse ones; without a word, the next one.

        Raises:
            UsageError: there is no such level.
        """
        view = self.view
        word = word or LEVELS[(LEVELS.index(view.level) + 1) % len(LEVELS)]
        if word not in LEVELS:
            raise UsageError(f"“{word}” is no level.", hint=f"one of {', '.join(LEVELS)}")
        view.set_level(word)

    def go_to_match(self, step: int) -> None:
        """The next line that matches, or the one before."""
        if not self.view.next_match(step):
            what = f"“{self.view.state.filter}”" if self.view.state.filter else "warning or error"
            self.cockpit.toast(f"No {what} {'below' if step > 0 else 'above'} this line.")

    def next_times(self) -> None:
        """Absolute, relative, none."""
        self.times = log_words.TIMES[(log_words.TIMES.index(self.times) + 1) % 3]
        self.view.redraw()

    def toggle_wrap(self) -> None:
        """Long lines in several rows, or cut."""
        self.view.is_wrapped = not self.view.is_wrapped
        self.view.redraw()

    @on(LogView.Opened)
    def _opened(self) -> None:
        self.cockpit.run_user_action("logs.open")

    async def open_line(self) -> None:
        """All of one line."""
        raw = self.view.current
        if raw is not None:
            title = "Log line · esc closes · y copies it"
            body = log_words.whole_line(raw, 72)
            await self.cockpit.ask(ShowLines(title, body, copies=log_words.as_file([raw]).strip()))

    def cell_to_copy(self) -> tuple[str, str] | None:
        """The line under the cursor."""
        raw = self.view.current
        return None if raw is None else (log_words.as_file([raw]).strip(), "the line")

    async def export_rows(self) -> None:
        """Write the lines that are shown to a file."""
        lines = self.view.shown_lines()
        text = await asyncio.to_thread(log_words.as_file, lines)
        path = await asyncio.to_thread(self.cockpit.write_private, "logs.txt", text)
        self.cockpit.toast(f"Wrote {wording.count_of(len(lines), 'line')} to {path}")


def _end_of(name: str) -> str:
    """As much of a path as leaves room for the date beside it."""
    return name if len(name) <= MAX_NAME_CHARS else f"…{name[1 - MAX_NAME_CHARS :]}"
