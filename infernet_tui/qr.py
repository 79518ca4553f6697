"""QR codes of payout addresses as text. Pure, but for the library that is imported when needed."""

import io
from collections.abc import Sequence
from itertools import zip_longest

QUIET_ZONES = (4, 3, 2)
"""Light modules around a code: four is the standard's, two are read all the same."""
Modules = Sequence[Sequence[bool]]
"""Rows of a code; true is dark."""

_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def uri(coin: str, network: str, address: str) -> str:
    """What a wallet's camera is to read: BIP 21 for bitcoin, the bare address otherwise."""
    is_bitcoin = (coin, network) == ("BTC", "bitcoin")
    return f"bitcoin:{address}" if is_bitcoin else address


def modules_of(text: str) -> Modules:
    """The smallest code of `text`, without its quiet zone."""
    import segno

    code = segno.make(text, micro=False, error="l")
    return [[bool(module) for module in row] for row in code.matrix]


def svg(text: str) -> str:
    """The code as a picture, for where it is too large for the terminal."""
    import segno

    picture = io.BytesIO()
    segno.make(text, micro=False, error="l").save(
        picture, kind="svg", scale=8, light="#ffffff", xmldecl=False
    )
    return picture.getvalue().decode()


def fitted(modules: Modules, width: int, height: int, *, glyphs: str) -> list[str] | None:
    """The code in lines, with the widest quiet zone that fits; None if it does not fit."""
    draw = full_blocks if glyphs == "ascii" else half_blocks
    for quiet in QUIET_ZONES:
        lines = draw(modules, quiet)
        if len(lines) <= height and len(lines[0]) <= width:
            return lines
    return None


def half_blocks(modules: Modules, quiet: int) -> list[str]:
    """Two modules above each other in one cell, to be painted black on white."""
    rows = _padded(modules, quiet)
    light = [False] * len(rows[0])
    return [
        "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip_longest(rows[::2], rows[1::2], fillvalue=light)
    ]


def full_blocks(modules: Modules, quiet: int) -> list[str]:
    """One module in two cells, for terminals that have no block characters."""
    rows = _padded(modules, quiet)
    return ["".join("##" if module else "  " for module in row) for row in rows]


def _padded(modules: Modules, quiet: int) -> list[list[bool]]:
    side = [False] * quiet
    empty = [False] * (len(modules[0]) + 2 * quiet)
    rows = [[*side, *row, *side] for row in modules]
    return [[*empty] for _ in range(quiet)] + rows + [[*empty] for _ in range(quiet)]
