"""A QR code. The one thing that is painted in the same two colours in every theme, also in those
without colours: a camera does not read light on dark, and nobody knows a terminal's own colours."""

from collections.abc import Sequence
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter
from textual.strip import Strip
from textual.widget import Widget

INK = Style(color="#000000", bgcolor="#ffffff")
SOLID = Style(color="#000000", bgcolor="#000000")
"""A dark module of the code without block characters: the `#` is seen where there is no colour."""


class QrCode(Widget):
    """The lines of a code, as `infernet_tui.qr` draws them."""

    def __init__(self, rows: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows = rows
        self.styles.width, self.styles.height = len(rows[0]), len(rows)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """None: not even the one that takes colours away where NO_COLOR is set."""
        return ()

    def render_line(self, y: int) -> Strip:
        """One line, black on white."""
        text = self.rows[y] if y < len(self.rows) else " " * self.size.width
        return Strip(
            [
                Segment("".join(cells), SOLID if is_hash else INK)
                for is_hash, cells in groupby(text, lambda cell: cell == "#")
            ]
        )
