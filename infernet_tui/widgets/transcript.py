"""A text that grows: turns that are over, and the one that is being written.

What arrives is shown at most ten times a second, whatever the speed it comes at. The view stays at
the end unless a person scrolled up.
"""

import time
from collections.abc import Sequence

from textual.timer import Timer

from infernet_tui.widgets.answer_lines import AnswerLines
from infernet_tui.widgets.lines import Line, Span
from infernet_tui.widgets.panel import Panel

FLUSH_SECONDS = 0.1
MARGIN = 1
"""Free cells at either side."""
_EDGE = Span(" " * MARGIN)


class Transcript(Panel):
    """Lines that stand, then those of the live text, then what is said under it."""

    def __init__(self, title: str = "", *, id: str | None = None) -> None:
        super().__init__(title, id=id, focusable=True)
        self._standing: list[Line] = []
        self._live: AnswerLines | None = None
        self._after: list[Line] = []
        self._arrived: list[str] = []
        self._flushing: Timer | None = None
        self._is_at_end = True
        self._flushed_at = float("-inf")
        self.flushes = 0
        """How often what arrived was shown."""

    @property
    def text_width(self) -> int:
        """Cells in a line of text."""
        return max(8, self.columns - 2 * MARGIN)

    def stand(self, lines: Sequence[Line]) -> None:
        """Show these; nothing is being written."""
        self._standing, self._live, self._after = [*lines], None, []
        self._arrived.clear()
        self.compose_body()

    def begin(self, lines: Sequence[Line], text: str = "") -> None:
        """Below these lines a text is being written; this much of it is there."""
        self.stand(lines)
        self._live = AnswerLines(self.text_width)
        self._live.add(text)

    def receive(self, text: str) -> None:
        """More of the text; it is shown within a tenth of a second."""
        self._arrived.append(text)
        if self._flushing is not None:
            return
        wait = self._flushed_at + FLUSH_SECONDS - time.monotonic()
        if wait <= 0:
            self._flush()
        else:
            self._flushing = self.set_timer(wait, self._flush)

    def say_after(self, lines: Sequence[Line]) -> None:
        """What stands under the live text."""
        self._after = [*lines]

    def _flush(self) -> None:
        self._flushing, self._flushed_at = None, time.monotonic()
        arrived, self._arrived = "".join(self._arrived), []
        if self._live is None or not arrived:
            return
        self.flushes += 1
        self._live.add(arrived)
        self._after = []
        self.compose_body()

    def compose_body(self) -> None:
        """Put the parts together."""
        live = self._live.lines if self._live is not None else []
        body = [*self._standing, *((_EDGE, *each) for each in live), *self._after]
        if self._is_at_end:
            self.top = len(body)
        self.fill(body, info=self.info, foot=self.foot)

    def go_to_end(self) -> None:
        """Follow the text again."""
        self._is_at_end = True
        self.compose_body()

    def scroll_body(self, by: int) -> None:
        """Move the view; away from the end it stays where it is."""
        super().scroll_body(by)
        self._is_at_end = self.top >= len(self.body) - self.rows
