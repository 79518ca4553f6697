"""Spans broken into lines of a given width, at spaces where there are any.

Every line but the last is final: text that is added later changes only the last one.
"""

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from infernet_tui.widgets.lines import Line, Span

_WORDS = re.compile(r" +|[^ ]+")


def wrap(
    spans: Iterable[Span], width: int, *, first: Sequence[Span] = (), rest: Sequence[Span] = ()
) -> list[Line]:
    """`spans` (without line feeds) in lines of `width` cells; `first` and `rest` lead the lines."""
    room = max(4, width - sum(cell_len(span.text) for span in first))
    lines: list[list[Span]] = []
    current: list[Span] = []
    used = 0
    for text, role in _pieces(spans, room):
        size = cell_len(text)
        if used and used + size > room:
            if current[-1].text.isspace():
                del current[-1]  # the break stands for it
            lines.append(current)
            current, used = [], 0
            if text.isspace():
                continue
        current.append(Span(text, role))
        used += size
    lines.append(current)
    return [(*(first if n == 0 else rest), *_merged(line)) for n, line in enumerate(lines)]


def _pieces(spans: Iterable[Span], room: int) -> Iterable[tuple[str, str]]:
    """Words and gaps; a word longer than a line in parts."""
    for span in spans:
        for found in _WORDS.finditer(span.text):
            word = found[0]
            while cell_len(word) > room:
                head = _head(word, room)
                yield head, span.role
                word = word[len(head) :]
            if word:
                yield word, span.role


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


def _merged(line: Iterable[Span]) -> list[Span]:
    """Neighbours of the same role as one span: fewer segments to paint."""
    merged: list[Span] = []
    for span in line:
        if merged and merged[-1].role == span.role:
            merged[-1] = Span(merged[-1].text + span.text, span.role)
        else:
            merged.append(span)
    return merged
