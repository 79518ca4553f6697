"""The last gate before the terminal: no control character of a text gets through.

Strangers' words are cleaned where they come in (`views.reader`). This filter runs over every line
that any widget paints, so that one forgotten place is a missing character, not a command to the
terminal. A terminal that cannot show more than ASCII gets the nearest ASCII, cell for cell.
"""

import re
from unicodedata import combining, normalize

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


_NEAREST = {char: near for chars, near in (
    ("·•∙▪●", "."), ("…", "~"), ("–—―─━═", "-"), ("│┃║", "|"), ("┌┐└┘╔╗╚╝├┤┬┴┼╭╮╰╯╠╣╦╩╬", "+"),
    ("“”„", '"'), ("‘’‚", "'"), ("→›▶▸", ">"), ("←‹◀◂", "<"), ("▲↑", "^"), ("▼↓", "v"),
    ("×✗✘", "x"), ("✓✔■█▓▒", "#"), ("▁▂▃▄▅▆▇░▌▐▀", "="), ("≤", "<"), ("≥", ">"), ("≈", "~"),
) for char in chars}  # fmt: skip
"""What stands for our own signs where there is only ASCII: one cell for one cell."""


class SafeText(LineFilter):
    """Takes out of each painted text what a terminal could act on, or cannot show."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, harmless."""
        for segment in segments:
            text = segment.text
            if text.isascii() and text.isprintable():
                continue
            if self._ascii_only:
                return [_in_ascii(_cleaned(each)) for each in segments]
            if _CONTROL.search(text):
                return [_cleaned(each) for each in segments]
        return segments


def _cleaned(segment: Segment) -> Segment:
    if segment.control:
        return segment
    return Segment(_CONTROL.sub("", segment.text), segment.style)


def _in_ascii(segment: Segment) -> Segment:
    text = segment.text
    if segment.control or text.isascii():
        return segment
    return Segment("".join(map(_near, text)), segment.style)


def _near(char: str) -> str:
    """ASCII in as many cells: ours, the letter under an accent, or question marks."""
    if char.isascii():
        return char
    if char in _NEAREST:
        return _NEAREST[char]
    letters = "".join(part for part in normalize("NFKD", char) if not combining(part))
    width = cell_len(char)
    return letters if letters.isascii() and len(letters) == width else "?" * width
