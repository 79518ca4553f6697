"""The lines of a text that is still being written: plain while a block is open, Markdown once it
closed.

A piece costs what its own last line costs: nothing that stands is wrapped again. The text is made
harmless as it comes (`text.marked_lines`), piece by piece, so a sequence cut in two stays harmless.
"""

from infernet_tui.text import marked_lines
from infernet_tui.widgets import markdown
from infernet_tui.widgets.lines import EMPTY, Line, Span
from infernet_tui.widgets.wrap import wrap

FENCES = ("```", "~~~")


class AnswerLines:
    """Grows by `add`; `lines` is what to show now."""

    def __init__(self, width: int) -> None:
        self.lines: list[Line] = []
        self._width = width
        self._rows: list[str] = []
        """The finished rows of the open block."""
        self._row: list[str] = []
        """The pieces of the row that is being written."""
        self._unwrapped = ""
        """What stands on the last line: the only one that more text can change."""
        self._block_at: int | None = None
        """Where in `lines` the open block begins."""
        self._has_last = False
        """Whether the last line belongs to the row that is being written."""
        self._is_in_fence = False

    def add(self, text: str) -> None:
        """A piece of the text."""
        first, *more = marked_lines(text).split("\n")
        self._extend(first)
        for piece in more:
            self._end_row()
            self._extend(piece)

    def close(self) -> None:
        """The text is complete."""
        if self._row:
            self._rows.append("".join(self._row))
            self._row = []
        self._close_block()

    def _extend(self, piece: str) -> None:
        if not piece:
            return
        self._open_block()
        self._row.append(piece)
        self._unwrapped += piece
        wrapped = wrap([Span(self._unwrapped)], self._width)
        if self._has_last:
            self.lines.pop()
        self.lines += wrapped
        self._has_last = True
        self._unwrapped = "".join(span.text for span in wrapped[-1])

    def _open_block(self) -> None:
        if self._block_at is None:
            if self.lines:
                self.lines.append(EMPTY)
            self._block_at = len(self.lines)

    def _end_row(self) -> None:
        row, self._row = "".join(self._row), []
        self._unwrapped, was_shown, self._has_last = "", self._has_last, False
        if row.lstrip().startswith(FENCES):
            self._is_in_fence = not self._is_in_fence
        if not row.strip() and not self._is_in_fence:
            self._close_block()
            return
        if not was_shown:
            self._open_block()
            self.lines.append(EMPTY)
        self._rows.append(row)

    def _close_block(self) -> None:
        rows, self._rows = self._rows, []
        self._unwrapped, self._has_last, self._is_in_fence = "", False, False
        if self._block_at is None:
            return
        rendered = markdown.render("\n".join(rows), self._width)
        del self.lines[self._block_at :]
        if not rendered and self.lines:
            self.lines.pop()  # the gap before it
        self.lines += rendered
        self._block_at = None


def laid_out(text: str, width: int) -> list[Line]:
    """The lines of a text that is complete."""
    answer = AnswerLines(width)
    answer.add(text)
    answer.close()
    return answer.lines
