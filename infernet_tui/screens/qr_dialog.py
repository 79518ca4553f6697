"""An address as a QR code, for a wallet's camera."""

import asyncio

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.geometry import Size

from infernet_tui import qr
from infernet_tui.screens.address_words import address_lines
from infernet_tui.screens.dialogs import Dialog
from infernet_tui.views.money import PayoutView
from infernet_tui.widgets.lines import Line, Lines, Span, line, width_of
from infernet_tui.widgets.qr_code import QrCode

FRAME_ROWS, HEADING_ROWS, FRAME_COLUMNS = 2, 1, 4
MAX_WIDTH = 76


class QrDialog(Dialog[None]):
    """The code as large as it fits, and below it the address to compare, if there is room."""

    DEFAULT_CSS = """
    QrDialog #middle { height: auto; align-horizontal: center; }
    """
    BINDINGS = [Binding("q", "give_up", "Close", show=False)]  # noqa: RUF012

    def __init__(self, row: PayoutView) -> None:
        keys = "y copies it · s saves an SVG · esc closes"
        super().__init__(f"{row.coin} on {row.network} · {keys}")
        self._row = row
        self.text = qr.uri(row.coin, row.network, row.address)

    def compose(self) -> ComposeResult:
        """No buttons: every row is for the code."""
        with Vertical(id="box"):
            yield Lines(id="words")
            yield from self._code()

    def _code(self) -> ComposeResult:
        size, glyphs = self.app.size, self.cockpit.glyphs
        width = min(MAX_WIDTH, size.width) - FRAME_COLUMNS
        height = size.height - FRAME_ROWS - HEADING_ROWS
        modules, address = qr.modules_of(self.text), address_lines(self._row.address, width)
        with_address = qr.fitted(modules, width, height - len(address), glyphs=glyphs)
        rows = with_address or qr.fitted(modules, width, height, glyphs=glyphs)
        if rows is None:
            smallest = qr.QUIET_ZONES[-1]
            draw = qr.full_blocks if glyphs == "ascii" else qr.half_blocks
            needed = draw(modules, smallest)
            words = _too_large(len(needed[0]) + FRAME_COLUMNS, len(needed) + 3, size)
            yield _lines([*words, line(""), *address])
            return
        with Container(id="middle"):
            yield QrCode(rows, id="code")
        if with_address:
            yield _lines([_centred(each, width) for each in address])

    async def on_key(self, event: events.Key) -> None:
        """y copies the address, s writes the picture."""
        if event.character == "y":
            event.stop()
            self.cockpit.copy(self._row.address, "the address")
        elif event.character == "s":
            event.stop()
            name = f"payout-{self._row.coin.lower()}.svg"
            path = await asyncio.to_thread(self.cockpit.write_private, name, qr.svg(self.text))
            self.cockpit.toast(f"Saved the code as {path}")


def _centred(spans: Line, width: int) -> Line:
    return (Span(" " * ((width - width_of(spans)) // 2)), *spans)


def _lines(body: list[Line]) -> Lines:
    shown = Lines(id="address")
    shown.show(body)
    return shown


def _too_large(width: int, height: int, size: Size) -> list[Line]:
    return [
        line(""),
        line(
            (f"The code needs {width}x{height}; this terminal has {size.width}x{size.height}.",
             "warn")
        ),
        line("Enlarge it, or press s for a picture of the code."),
    ]  # fmt: skip
