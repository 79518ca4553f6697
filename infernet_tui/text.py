"""Text for a terminal: what came from elsewhere is made harmless, and columns are aligned.

A node's name or an answer may hold escape sequences, characters that reorder the line, or
invisible ones. `--json` carries them escaped and unaltered; people get what these functions leave.
"""

import re
from collections.abc import Sequence

_ESCAPE_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"  # OSC, DCS, …: titles, clipboard
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction
    "\u00ad\u034f\u180e\u200b\u2028\u2029\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb"  # invisible
    "\U000e0000-\U000e007f]"
)
_JOINERS = re.compile("[\u200c\u200d]+")
_SURROGATES = re.compile("[\ud800-\udfff]")


def plain_text(text: str) -> str:
    """Running text without what could move the cursor, reorder or hide; lines and tabs stay.

    Joiners stay: Persian and family emoji need them.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPE_SEQUENCES.sub("", text.replace("\r\n", "\n"))
    return _SURROGATES.sub("\ufffd", _HARMFUL.sub("", text))


def one_line(text: str) -> str:
    """A name or message on one line, with nothing invisible in it."""
    return " ".join(_JOINERS.sub("", plain_text(text)).split())


_MARK = "\ufffd"
_UNSAFE = re.compile(
    "|".join((_ESCAPE_SEQUENCES.pattern, _HARMFUL.pattern, "[\u200c\u200d\ud800-\udfff]"))
)


def marked(text: str, limit: int) -> str:
    """A name or message on one line, each harmful piece replaced by a visible mark.

    What is longer than `limit` characters ends in an ellipsis; what follows is not even looked at.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_MARK, " ".join(text.split()))


_TAB = "    "


def marked_lines(text: str) -> str:
    """Running text with its line feeds; each harmful piece becomes a visible mark.

    Tabs become spaces and joiners go, so that what is left is as wide as it is measured.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _JOINERS.sub("", text.replace("\r\n", "\n").replace("\t", _TAB))
    return _UNSAFE.sub(_MARK, text)


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines whose columns start below each other, in terminal cells."""
    widths = [max(map(cell_width, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_padded(row, widths)).rstrip() for row in rows]


def cell_width(text: str) -> int:
    """Columns a terminal needs for `text`: wide East Asian characters take two."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text
    )


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    pairs = zip(row, widths, strict=True)
    return [cell + " " * (width - cell_width(cell)) for cell, width in pairs]
