"""Takes a terminal's input apart: which sequences are in it, and which text is left."""

import re
from collections import Counter
from dataclasses import dataclass

_PIECE = re.compile(
    r"(?P<csi>\x1b\[(?P<parameters>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~]))"
    r"|(?P<string>\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?)"  # OSC, DCS, SOS, PM, APC
    r"|(?P<short>\x1b[ -/]*[0-~])"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
)
_SIXTEEN = {*range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108)}
_NAME_END = re.compile("[;\x07\x1b]")
HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Characters that reorder a line, or that nobody sees."""


@dataclass(frozen=True)
class Anatomy:
    """What a stream of bytes asks of a terminal."""

    text: str
    """What is written on the screen."""
    order: tuple[str, ...]
    """Its sequences by kind: `CSI m`, `CSI ?1049h`, `OSC 52`, `ESC (B`, `C0 0a`, `C1 9b`, …"""
    colours: frozenset[str]
    """Colours that were set: `38;2;…`, `48;5;…` or a number of the sixteen."""

    @property
    def kinds(self) -> Counter[str]:
        """How often which."""
        return Counter(self.order)


def anatomy(data: bytes) -> Anatomy:
    """Take apart. Bytes that are not UTF-8 stay in the text as surrogates."""
    decoded = data.decode("utf-8", "surrogateescape")
    order: list[str] = []
    colours: set[str] = set()
    for piece in _PIECE.finditer(decoded):
        order.append(_kind(piece))
        if piece["final"] == "m":
            colours |= _colours(piece["parameters"])
    return Anatomy(_PIECE.sub("", decoded), tuple(order), frozenset(colours))


def _kind(piece: re.Match[str]) -> str:
    whole = piece[0]
    if piece["csi"]:
        is_private = piece["parameters"][:1] in ("?", ">", "<", "=")
        return f"CSI {whole[2:] if is_private else piece['between'] + piece['final']}"
    if piece["string"]:
        names = {"]": "OSC", "P": "DCS", "X": "SOS", "^": "PM", "_": "APC"}
        return f"{names[whole[1]]} {_NAME_END.split(whole[2:])[0]}"
    if piece["short"]:
        return f"ESC {whole[1:]}"
    group = "C1" if ord(whole) >= 0x7F else "C0"
    return f"{group} {ord(whole):02x}"


def _colours(parameters: str) -> set[str]:
    found: set[str] = set()
    numbers = parameters.split(";")
    while numbers:
        number = numbers.pop(0) or "0"
        if number in ("38", "48"):
            size = 4 if numbers[:1] == ["2"] else 2
            found.add(";".join([number, *numbers[:size]]))
            del numbers[:size]
        elif int(number) in _SIXTEEN:
            found.add(number)
    return found
