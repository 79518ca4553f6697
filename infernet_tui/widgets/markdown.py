"""A block of Markdown as lines: headings, lists, quotes, code, bold, inline code; nothing else.

The text has gone through `text.marked_lines`. It is read with markdown-it and never as markup;
links and images show their address, HTML shows as it was written.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from infernet_tui.widgets.lines import EMPTY, Line, Span, line
from infernet_tui.widgets.wrap import wrap

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

BULLET = "- "
RULE = "---"


@cache
def _reader() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    # Indented code is off: models indent what goes on with a list item. Entities are off: one could
    # spell a control character, after the text was made harmless.
    return MarkdownIt("commonmark", {"html": False}).disable(
        ["code", "html_block", "html_inline", "entity"]
    )


def render(text: str, width: int) -> list[Line]:
    """One block, or several, as lines of at most `width` cells."""
    writer = _Writer(width)
    for token in _reader().parse(text):
        writer.take(token)
    return writer.lines


class _Writer:
    """Goes through the tokens and keeps the lists and quotes that are open."""

    def __init__(self, width: int) -> None:
        self.lines: list[Line] = []
        self._width = width
        self._role = "text"
        self._lists: list[int | None] = []
        """The next number of each open list; None for one with bullets."""
        self._quotes = 0
        self._marker = ""
        """What the next line begins with: the bullet of an item that has just begun."""
        self._is_tight = False

    def take(self, token: "Token") -> None:
        """One token."""
        kind = token.type
        if kind == "inline":
            self._paragraph(token.children or ())
        elif kind in ("fence", "code_block"):
            self._code(token.content.rstrip("\n"))
        elif kind == "hr":
            self._write([Span(RULE, "muted")])
        elif kind == "heading_open":
            self._gap()
            self._role = "title"
        elif kind == "heading_close":
            self._role = "text"
        elif kind == "paragraph_open":
            self._is_tight = token.hidden
            if not self._marker and not token.hidden:
                self._gap()
        else:
            self._nest(kind, token)

    def _nest(self, kind: str, token: "Token") -> None:
        if kind in ("bullet_list_open", "ordered_list_open"):
            start = int(token.attrs.get("start", 1)) if kind.startswith("ordered") else None
            self._lists.append(start)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
        elif kind == "list_item_open":
            number = self._lists[-1]
            self._marker = BULLET if number is None else f"{number}. "
            self._lists[-1] = None if number is None else number + 1
        elif kind == "blockquote_open":
            self._quotes += 1
        elif kind == "blockquote_close":
            self._quotes -= 1

    def _gap(self) -> None:
        if self.lines:
            self.lines.append(EMPTY)

    def _paragraph(self, children: "Sequence[Token]") -> None:
        spans: list[Span] = []
        role, address = self._role, ""
        for child in children:
            if child.type in ("softbreak", "hardbreak"):
                self._write(spans)
                spans = []
            elif child.type == "code_inline":
                spans.append(Span(child.content, "accent"))
            elif child.type == "strong_open":
                role = "title"
            elif child.type == "strong_close":
                role = self._role
            elif child.type == "link_open":
                address = str(child.attrs.get("href", ""))
            elif child.type == "link_close":
                if address and (not spans or spans[-1].text != address):
                    spans.append(Span(f" ({address})", "muted"))
            elif child.type == "image":
                spans.append(Span(f"[image: {child.content}]", "muted"))
            elif child.content:
                spans.append(Span(child.content, role))
        self._write(spans)

    def _write(self, spans: Sequence[Span]) -> None:
        """One line of the text, wrapped and led by what it is nested in."""
        outer = Span("| " * self._quotes + "  " * max(0, len(self._lists) - 1), "muted")
        hang = Span(outer.text + " " * (len(self._marker) or (2 if self._lists else 0)), "muted")
        marked = Span(outer.text + self._marker, "muted") if self._marker else hang
        self._marker = ""
        self.lines += wrap(spans, self._width, first=(marked,), rest=(hang,))

    def _code(self, text: str) -> None:
        """As it is: indentation counts, and nothing in it means anything."""
        self._gap()
        for row in text.split("\n"):
            self.lines += wrap(
                [Span(row, "accent")], self._width, first=(Span("  "),), rest=(Span("  "),)
            )
        self._marker = ""


def plain(text: str, width: int, role: str = "text") -> list[Line]:
    """Text as it stands, each of its lines wrapped."""
    return [
        wrapped
        for row in text.split("\n")
        for wrapped in (wrap([Span(row, role)], width) if row else [line("")])
    ]
