"""A log of any length: only the lines in view are decoded, styled and painted.

The view keeps its place by line number, so that lines which are added, filtered or given up do not
move it. While it follows, it stays at the end; moving up ends that.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message

from infernet_tui.log_lines import LEVELS, LogLines
from infernet_tui.widgets.lines import EMPTY, Line, Span, line, width_of
from infernet_tui.widgets.panel import Panel
from infernet_tui.widgets.table import TableState

SHIFT_CELLS = 16
"""How far left and right go in long lines."""
LEVEL_WORDS = {"info": "no debug", "warning": "warnings and errors", "error": "errors only"}


class LogView(Panel):
    """Lines in a frame, with a cursor. Posts `Opened` for the line under it."""

    class Opened(Message):
        """Enter, or a second click, on a line."""

    def __init__(
        self,
        title: str,
        style: Callable[[bytes], Line],
        *,
        id: str,
        note: Callable[[bytes], str] = lambda _: "",
    ) -> None:
        """`style` makes spans of a line; `note` says something about the one under the cursor."""
        super().__init__(title, id=id, focusable=True)
        self.log_lines = LogLines()
        self.state = TableState()
        """Its filter is what the filter line edits."""
        self.level = "all"
        self.empty: Sequence[Line] = ()
        """What stands there while there are no lines at all."""
        self.is_following = True
        self.is_wrapped = False
        self.shows_only_matches = True
        """False while the matches are looked at among their neighbours."""
        self._style, self._note = style, note
        self._visible: Sequence[int] = range(0)
        """Line numbers, ascending."""
        self._known_end = 0
        self._cursor = self._top = self._seen_end = 0
        self._shift = 0

    # --- lines ------------------------------------------------------------------------------

    def show_log(self, lines: LogLines) -> None:
        """Show another log, from its end."""
        self.log_lines = lines
        self.is_following = True
        self.apply_state()

    def lines_were_added(self) -> None:
        """The log has grown, or was cut at its beginning."""
        lines, before = self.log_lines, max(0, self._known_end - 1)  # the last one may have grown
        if isinstance(self._visible, range):
            self._visible = range(lines.first, lines.end)
        else:
            start = bisect_left(self._visible, lines.first)
            kept = self._visible[start : bisect_left(self._visible, before)]
            self._visible = [*kept, *self._matching(before)]
        self._known_end = lines.end
        self.redraw()

    def apply_state(self) -> None:
        """The filter changed: show the lines that it lets through."""
        self.shows_only_matches = True
        self._choose()

    def set_level(self, level: str) -> None:
        """Show lines of this level and worse ones."""
        self.level = level
        self._choose()

    def _choose(self) -> None:
        self._visible, self._known_end = self._matching(), self.log_lines.end
        self.redraw()

    def _matching(self, since: int = 0) -> Sequence[int]:
        words = self.state.filter if self.shows_only_matches else ""
        return self.log_lines.matching(words, LEVELS.index(self.level), since)

    @property
    def current(self) -> bytes | None:
        """The line under the cursor."""
        visible = self._visible
        return self.log_lines.line(visible[self._position(self._cursor)]) if visible else None

    def shown_lines(self) -> list[bytes]:
        """Every line that the filter and the level let through."""
        return [self.log_lines.line(number) for number in self._visible]

    # --- moving about -----------------------------------------------------------------------

    def follow(self, follows: bool) -> None:
        """Stay at the end, or do not."""
        self.is_following = follows
        self.redraw()

    def move(self, by: int) -> None:
        """Move the cursor by lines; up ends following."""
        if self._visible:
            self.is_following = self.is_following and by > 0
            place = self._position(self._cursor) + by
            self._cursor = self._visible[max(0, min(place, len(self._visible) - 1))]
            self.redraw()

    def next_match(self, step: int) -> bool:
        """Go to the next line (or, with -1, the one before) that matches; whether there is one.

        Without a filter that is the next warning or error. The lines around it are shown.
        """
        words = self.state.filter
        level = LEVELS.index(self.level) if words else max(2, LEVELS.index(self.level))
        found = self.log_lines.matching(words, level)
        place = bisect_left(found, self._cursor + (step > 0)) - (step < 0)
        has_more = 0 <= place < len(found)
        if has_more:
            self._cursor = found[place]
        elif not (found and words and self.shows_only_matches):
            return False
        self._show_among_neighbours()
        return has_more

    def _show_among_neighbours(self) -> None:
        """The line under the cursor in the middle, and around it also what does not match."""
        self.is_following = False
        if self.shows_only_matches and self.state.filter:
            self.shows_only_matches = False
            self._visible = self._matching()
        place = self._position(self._cursor)
        self._top = self._visible[max(0, place - self.rows // 2)]
        self.redraw()

    def _position(self, number: int) -> int:
        """Where a line, or else the next one that is shown, stands among those that are."""
        return min(bisect_left(self._visible, number), max(0, len(self._visible) - 1))

    def on_key(self, event: events.Key) -> None:
        """Arrow keys, hjkl, pages, ends, enter; esc gives the filter up."""
        page, half, whole = self.rows, max(1, self.rows // 2), len(self._visible)
        steps = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": page, "pageup": -page,
                 "ctrl+d": half, "ctrl+u": -half, "ctrl+f": page, "ctrl+b": -page,
                 "home": -whole, "g": -whole}  # fmt: skip
        shifts = {"left": -SHIFT_CELLS, "h": -SHIFT_CELLS, "right": SHIFT_CELLS, "l": SHIFT_CELLS}
        if event.key in steps:
            self.move(steps[event.key])
        elif event.key in ("end", "G"):
            self.follow(True)
        elif event.key in shifts:
            self._shift = max(0, self._shift + shifts[event.key])
            self.redraw()
        elif event.key == "enter" and self._visible:
            self.post_message(self.Opened())
        elif event.key == "escape" and self.state.filter:
            self.state.filter = ""
            self.apply_state()
        else:
            return
        event.stop()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Wheel."""
        event.stop()
        self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Wheel."""
        event.stop()
        self.move(-3)

    def on_click(self, event: events.Click) -> None:
        """The cursor goes to the line; a second click opens it."""
        kind, _, rest = (self.action_at(event.x, event.y) or "").partition(":")
        if kind != "row":
            return
        event.stop()
        number = int(rest)
        is_same = number == self._cursor and self.has_focus
        self.focus()
        self.is_following = False
        self._cursor = number
        self.redraw()
        if is_same:
            self.post_message(self.Opened())

    # --- painting ---------------------------------------------------------------------------

    def redraw(self) -> None:
        """Style the lines in view."""
        if self.size.width < 4 or self.rows < 1:
            return
        if self._visible:
            self._settle()
            self.body = self._lines_in_view()
        elif len(self.log_lines):
            words = f" No line for {self._asked_for()}. L and / change that."
            self.body = [EMPTY, line((words, "muted"))]
        else:
            self.body = self.empty
        current = self.current
        self.info = self._note(current) if current is not None else ""
        self.foot = self._foot()
        self.top = 0  # the body holds what is in view, and no more
        super().redraw()

    def _settle(self) -> None:
        """Have the cursor in view, and no empty space below the last line."""
        last = len(self._visible) - 1
        place = last if self.is_following else self._position(self._cursor)
        top = min(self._position(self._top), place)
        top = min(max(top, self._highest_top(place)), self._highest_top(last))
        self._cursor, self._top = self._visible[place], self._visible[top]
        if place == last:
            self._seen_end = self.log_lines.end

    def _highest_top(self, last: int) -> int:
        """The first position from which everything down to `last` fits."""
        if not self.is_wrapped:
            return max(0, last - self.rows + 1)
        left = self.rows - len(self._rows_of(self._visible[last]))
        while last > 0 and (left := left - len(self._rows_of(self._visible[last - 1]))) >= 0:
            last -= 1
        return last

    def _lines_in_view(self) -> list[Line]:
        body: list[Line] = []
        place = self._position(self._top)
        while len(body) < self.rows and place < len(self._visible):
            number = self._visible[place]
            body += self._painted(number)
            place += 1
        return body[: self.rows]

    def _painted(self, number: int) -> list[Line]:
        is_cursor = number == self._cursor and self.has_focus
        lead = Span(">" if is_cursor else " ", "cursor" if is_cursor else "text", f"row:{number}")
        rows: list[Line] = []
        for spans in self._rows_of(number):
            role = "cursor" if is_cursor else None
            painted = [Span(span.text, role or span.role, f"row:{number}") for span in spans]
            gap = self.columns - 1 - width_of(painted)
            filler = Span(" " * max(0, gap), role or "text", f"row:{number}")
            rows.append((lead if not rows else lead._replace(text=" "), *painted, filler))
        return rows

    def _rows_of(self, number: int) -> list[Line]:
        spans, width = self._style(self.log_lines.line(number)), self.columns - 1
        if self.is_wrapped:
            return folded(spans, width)
        return [without_start(spans, self._shift)]

    def _foot(self) -> str:
        visible, whole = self._visible, len(self.log_lines)
        if not whole:
            return ""
        asked = self._asked_for()
        place = self._position(self._cursor) + 1 if visible else 0
        parts = [
            f"{len(visible):,} of {whole:,} · {asked}" if asked else f"line {place:,} of {whole:,}"
        ]
        if self.state.filter and not self.shows_only_matches:
            parts = [f"line {place:,} of {whole:,}", f"/{self.state.filter} n N", *parts[1:]]
        if self._shift and not self.is_wrapped:
            parts.append(f"from column {self._shift + 1}")
        new = len(visible) - bisect_left(visible, self._seen_end)
        if new and not self.is_following:
            parts.append(f"{new:,} new below, f follows")
        return " · ".join(parts)

    def _asked_for(self) -> str:
        """What the filter and the level let through, in words."""
        level = LEVEL_WORDS.get(self.level, "")
        words = f"/{self.state.filter}" if self.state.filter and self.shows_only_matches else ""
        return " · ".join(part for part in (words, level) if part)


def folded(spans: Line, width: int) -> list[Line]:
    """A line as rows of at most `width` cells; the rows after the first are indented."""
    rows: list[list[Span]] = [[]]
    left, indent = width, "  "
    for span in spans:
        text = span.text
        while text:
            piece, text = _split_at_word(text, left)
            rows[-1].append(span._replace(text=piece))
            left -= cell_len(piece)
            if text:
                rows.append([Span(indent)])
                left = max(2, width - len(indent))  # a wide character must fit
    return [tuple(row) for row in rows]


def without_start(spans: Line, cells: int) -> Line:
    """A line without its first cells."""
    kept: list[Span] = []
    for span in spans:
        size = cell_len(span.text)
        if cells >= size:
            cells -= size
            continue
        kept.append(span._replace(text=_split(span.text, cells)[1]))
        cells = 0
    return tuple(kept)


def _split_at_word(text: str, cells: int) -> tuple[str, str]:
    """As `_split`, but between two words where there is a place for it."""
    piece, rest = _split(text, cells)
    space = piece.rfind(" ") + 1
    if not rest or space <= len(piece) // 2:
        return piece, rest
    return piece[:space], piece[space:] + rest


def _split(text: str, cells: int) -> tuple[str, str]:
    """As much of a text as fits in `cells`, and the rest."""
    if text.isascii():
        return text[:cells], text[cells:]
    used = 0
    for index, char in enumerate(text):
        used += cell_len(char)
        if used > cells:
            return text[:index], text[index:]
    return text, ""
