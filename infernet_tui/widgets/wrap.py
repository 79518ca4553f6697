"""Spans broken into lines of a given width, at spaces where there are any.

Every line but the last is final: text that is added later changes only the last one.
"""

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from infernet_tui.widgets.lines import EMPTY, Line, Span, width_of

_WORDS = re.compile(r" +|[^ ]+")
MIN_ROOM = 4


def wrap(
    spans: Iterable[Span],
    width: int,
    *,
    first: Sequence[Span] = EMPTY,
    rest: Sequence[Span] = EMPTY,
    indent: int = 0,
) -> list[Line]:
    """`spans` (without line feeds) in lines of `width` cells; `first` and `rest` lead the lines.

    `indent` is short for a `rest` of so many spaces.
    """
    rest = (Span(" " * indent),) if indent else rest
    rooms = [max(MIN_ROOM, width - width_of(lead)) for lead in (first, rest)]
    lines: list[list[Span]] = []
    current: list[Span] = []
    used = 0
    for piece in _pieces(spans, min(rooms)):
        size = cell_len(piece.text)
        if used and used + size > rooms[bool(lines)]:
            if current[-1].text.isspace():
                del current[-1]  # the break stands for it
            lines.append(current)
            current, used = [], 0
            if piece.text.isspace():
                continue
        current.append(piece)
        used += size
    lines.append(current)
    return [(*(rest if n else first), *_merged(row)) for n, row in enumerate(lines)]


def _pieces(spans: Iterable[Span], room: int) -> Iterable[Span]:
    """Words and gaps; a word longer than a line in parts."""
    for span in spans:
        for found in _WORDS.finditer(span.text):
            word = found[0]
            while cell_len(word) > room:
                head = _head(word, room)
                yield span._replace(text=head)
                word = word[len(head) :]
            if word:
                yield span._replace(text=word)


def _head(word: str, room: int) -> str:
    """As much of a word as fits, and at least one character."""
    if word.isascii():
        return word[:room]
    used = 0
    for place, char in enumerate(word):
        used += cell_len(char)
        if used > room:
            return word[: max(1, place)]
    return word


def _merged(row: Iterable[Span]) -> list[Span]:
    """Neighbours that look and do the same as one span: fewer segments to paint."""
    merged: list[Span] = []
    for span in row:
        if merged and merged[-1][1:] == span[1:]:
            merged[-1] = span._replace(text=merged[-1].text + span.text)
        else:
            merged.append(span)
    return merged
