"""A table of any length: filter, sort, marks, and a cursor that stays on its row.

Only the rows in view are turned into text, so ten thousand cost no more than twenty. The cursor is
kept by row id, not by position: a row that arrives above does not move it.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from textual import events
from textual.message import Message

from infernet_tui.widgets import query
from infernet_tui.widgets.lines import Line, Span, fit, width_of
from infernet_tui.widgets.panel import Panel

Row = TypeVar("Row")
GAP = 1


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column."""

    id: str
    """Lower case; what `column:word` in the filter names."""
    title: str
    width: int
    """Cells; 0 takes what is left."""
    cell: Callable[[Row], Span | str]
    """What is shown."""
    value: Callable[[Row], Any]
    """What is sorted and compared: a text, a number or None."""
    right: bool = False
    """Aligned at the right edge, as numbers are."""
    rank: int = 0
    """Columns of a higher rank are left out first where it is narrow."""


@dataclass
class TableState:
    """What a person chose; kept across visits and runs."""

    filter: str = ""
    sort: str | None = None
    """Column id; None keeps the order of the rows."""
    reverse: bool = False
    wide: bool = False
    """Whether columns of the last rank are asked for too."""
    marked: set[Hashable] = field(default_factory=set)


class Table(Panel, Generic[Row]):
    """Rows in a frame, with a heading line. Posts `CursorMoved` and `Opened`."""

    class CursorMoved(Message):
        """Another row, or another version of the same one, is under the cursor."""

        def __init__(self, table: "Table[Any]", *, by_hand: bool = False) -> None:
            super().__init__()
            self.table = table
            self.by_hand = by_hand
            """Whether a person moved it, and not the rows under it."""

        @property
        def control(self) -> "Table[Any]":
            """The table, for `@on(…, "#id")`."""
            return self.table

    class Opened(CursorMoved):
        """Enter, or a second click, on the row."""

    def __init__(
        self,
        title: str,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        *,
        id: str,
        empty: str = "",
        text: Callable[[Row], str] | None = None,
        is_list: bool = False,
        remark: tuple[str, Callable[[Row], Span | None]] | None = None,
    ) -> None:
        """`is_list` is a table in a dialog: no headings, no filter, a cursor without the focus.

        `remark` is a column's id and what stands in a row after that column, instead of the others.
        """
        super().__init__(title, id=id, focusable=True)
        self._is_list, self._remark = is_list, remark
        self.all_columns = tuple(columns)
        self.state = TableState()
        self.empty = empty
        """What stands there while there are no rows: what to do about it."""
        self._key = key
        self._text = text or self._whole_text
        self._about = query.Searchable(
            self._text, {column.id: column.value for column in self.all_columns}
        )
        self._rows: Sequence[Row] = ()
        self._view: Sequence[Row] = ()
        self._cursor: Hashable = None
        self._index = 0
        self._note = ""

    # --- rows -------------------------------------------------------------------------------

    def set_rows(self, rows: Sequence[Row], *, note: str = "") -> None:
        """Show these rows; `note` stands at the title's right."""
        self._rows, self._note = rows, note
        self._choose()

    def follow(self, key: Hashable) -> None:
        """Have the cursor on the row of this key from the next rows on."""
        self._cursor = key

    def apply_state(self) -> None:
        """The filter, the sort or the marks changed."""
        self._choose()

    @property
    def view(self) -> Sequence[Row]:
        """The rows that passed the filter, sorted."""
        return self._view

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._view[self._index] if 0 <= self._index < len(self._view) else None

    def marked_rows(self) -> list[Row]:
        """The marked rows, or the one under the cursor."""
        marked = [row for row in self._view if self._key(row) in self.state.marked]
        current = self.current
        return marked or ([current] if current is not None else [])

    def select(self, key: Hashable) -> bool:
        """Put the cursor on the row of this key; whether there is one."""
        for index, row in enumerate(self._view):
            if self._key(row) == key:
                self._move_to(index)
                return True
        return False

    def _choose(self) -> None:
        """Filter and sort, and find the cursor's row again."""
        rows = self._rows
        if self.state.filter:
            tests = query.compiled(self.state.filter, self._about)
            for test in tests:
                rows = [row for row in rows if test(row)]
        if column := self._column(self.state.sort):
            value = column.value
            rows = sorted(rows, key=lambda row: _sortable(value(row)), reverse=self.state.reverse)
        elif self.state.reverse:
            rows = list(reversed(rows))
        self._view = rows
        self._find_cursor()
        self.redraw()

    def _find_cursor(self) -> None:
        before = self.current
        if self._cursor is not None and (before is None or self._key(before) != self._cursor):
            for index, row in enumerate(self._view):
                if self._key(row) == self._cursor:
                    self._index = index
                    break
        self._index = max(0, min(self._index, len(self._view) - 1))
        current = self.current
        # A cursor that nobody moved stays at the top, where the newest row is.
        if self._index == 0 and self.top == 0 and not self.has_focus:
            self._cursor = None
        elif current is not None:
            self._cursor = self._key(current)
        self.post_message(self.CursorMoved(self))

    def _column(self, name: str | None) -> Column[Row] | None:
        return next((column for column in self.all_columns if column.id == name), None)

    def _whole_text(self, row: Row) -> str:
        return " ".join(str(value) for column in self.all_columns if (value := column.value(row)))

    # --- painting ---------------------------------------------------------------------------

    def redraw(self) -> None:
        """Turn the rows in view into lines."""
        if self.size.width < 4:
            return
        page = self._page
        self.top = max(0, min(self.top, len(self._view) - page))
        if self._index < self.top:
            self.top = self._index
        elif self._index >= self.top + page:
            self.top = self._index - page + 1
        top = self.top
        self.info, self.foot = self._note, self._count()
        if not self._view:
            self.body = self._empty_lines()
        else:
            shown = self._view[top : top + page]
            widths = self._widths()
            rows = [self._row_line(row, widths, top + n) for n, row in enumerate(shown)]
            self.body = rows if self._is_list else [self._heading(widths), *rows]
        self.top = 0  # the body holds what is in view, and no more
        super().redraw()
        self.top = top

    @property
    def _page(self) -> int:
        """Rows that fit under the heading."""
        return max(1, self.rows - (0 if self._is_list else 1))

    def _empty_lines(self) -> list[Line]:
        if self._rows:
            words = f"Nothing matches “{self.state.filter}”. esc clears the filter."
        else:
            words = self.empty
        return [(Span(""),), *((Span(" " + part, "muted"),) for part in words.split("\n"))]

    def _count(self) -> str:
        all_rows, shown = len(self._rows), len(self._view)
        marks = f" · {len(self.state.marked)} marked" if self.state.marked else ""
        if self.state.filter:
            return f"{shown:,} of {all_rows:,} · /{self.state.filter}{marks}"
        if shown > self._page and not self._is_list:
            return f"{self._index + 1:,} of {all_rows:,} · / filter{marks}"
        return f"{all_rows:,}{marks}" if all_rows else ""

    def _widths(self) -> list[tuple[Column[Row], int]]:
        """The columns that there is room for, with their widths."""
        room = self.columns - 2
        chosen = list(self.all_columns)
        worst = max(column.rank for column in chosen)
        if not self.state.wide and worst > 2:
            chosen = [column for column in chosen if column.rank <= 2]
        while len(chosen) > 1 and _needed(chosen) > room:
            worst_rank = max(column.rank for column in chosen)
            if worst_rank == 0:
                break
            last = max(n for n, column in enumerate(chosen) if column.rank == worst_rank)
            del chosen[last]
        left = room - sum(column.width for column in chosen) - GAP * (len(chosen) - 1)
        flexible = [column for column in chosen if not column.width]
        share = max(4, left // len(flexible)) if flexible else 0
        return [(column, column.width or share) for column in chosen]

    def _heading(self, widths: Sequence[tuple[Column[Row], int]]) -> Line:
        spans = [Span("  ")]
        for column, width in widths:
            arrow = ""
            if self.state.sort == column.id:
                arrow = (
                    ("^" if not self.state.reverse else "v")
                    if self._is_ascii
                    else ("▲" if not self.state.reverse else "▼")
                )
            title = fit(column.title + arrow, width, right=column.right)
            spans += [Span(title, "muted", f"sort:{column.id}"), Span(" " * GAP)]
        return tuple(spans)

    @property
    def _is_ascii(self) -> bool:
        return self.cockpit.glyphs == "ascii"

    def _row_line(self, row: Row, widths: Sequence[tuple[Column[Row], int]], index: int) -> Line:
        is_active = bool(self.has_focus) or self._is_list
        is_cursor = index == self._index and is_active
        is_marked = self._key(row) in self.state.marked
        lead = (">" if is_cursor else " ") + ("*" if is_marked else " ")
        action = f"row:{index}"
        base = "cursor" if is_cursor else "selected" if is_marked else None
        spans = [Span(lead, base or "text", action)]
        last, remark_of = self._remark or ("", lambda _row: None)
        for column, width in widths:
            cell = column.cell(row)
            text, role = (cell, "text") if isinstance(cell, str) else (cell.text, cell.role)
            spans.append(Span(fit(text, width, right=column.right), base or role, action))
            spans.append(Span(" " * GAP, base or "text", action))
            if column.id == last and (remark := remark_of(row)):
                room = self.columns - width_of(spans) - 1
                spans.append(Span(fit(remark.text, room), base or remark.role, action))
                break
        if base:
            used = width_of(spans)
            spans.append(Span(" " * max(0, self.columns - used), base, action))
        return tuple(spans)

    # --- moving about -----------------------------------------------------------------------

    def move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._move_to(self._index + by)

    def _move_to(self, index: int) -> None:
        self._index = max(0, min(index, len(self._view) - 1))
        current = self.current
        self._cursor = self._key(current) if current is not None else None
        self.redraw()
        self.post_message(self.CursorMoved(self, by_hand=True))

    def on_key(self, event: events.Key) -> None:
        """Arrow keys, hjkl, pages, ends, space and enter."""
        page, half = self._page, max(1, self._page // 2)
        steps = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": page, "pageup": -page,
                 "ctrl+d": half, "ctrl+u": -half, "ctrl+f": page, "ctrl+b": -page,
                 "home": -len(self._view), "g": -len(self._view),
                 "end": len(self._view), "G": len(self._view)}  # fmt: skip
        step = steps.get(event.key) or steps.get(event.character or "")
        if step is not None:
            event.stop()
            self.move(step)
        elif event.key == "enter" and self.current is not None:
            event.stop()
            self.post_message(self.Opened(self))
        elif event.key == "space":
            event.stop()
            self._toggle_mark()

    def _toggle_mark(self) -> None:
        current = self.current
        if current is not None:
            self.state.marked ^= {self._key(current)}
            self.move(1)
            self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Wheel."""
        event.stop()
        self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Wheel."""
        event.stop()
        self.move(-3)

    def on_click(self, event: events.Click) -> None:
        """A row is chosen, a second click opens it; a heading sorts."""
        action = self.action_at(event.x, event.y)
        if not action:
            return
        event.stop()
        kind, _, rest = action.partition(":")
        if kind == "row":
            is_same = int(rest) == self._index and self.has_focus
            self.focus()
            self._move_to(int(rest))
            if is_same or event.chain > 1:
                self.post_message(self.Opened(self))
        elif kind == "sort":
            self.sort_by(rest)
        else:
            self.cockpit.run_user_action(action)

    def sort_by(self, column: str | None) -> None:
        """Sort by a column; the same one again reverses, then gives up sorting."""
        state = self.state
        if state.sort != column:
            state.sort, state.reverse = column, False
        elif not state.reverse:
            state.reverse = True
        else:
            state.sort, state.reverse = None, False
        self._choose()


def _needed(columns: Sequence[Column[Any]]) -> int:
    return sum(column.width or 12 for column in columns) + GAP * (len(columns) - 1)


def _sortable(value: Any) -> tuple[int, Any]:
    """Unknown values last, numbers before texts."""
    if value is None:
        return (2, 0)
    if isinstance(value, bool | int | float):
        return (0, value)
    return (1, str(value).lower())
