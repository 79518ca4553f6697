"""The line where a table's filter is typed. The table follows each key; esc gives the filter up."""

from typing import Any, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from infernet_tui.widgets.lines import Lines, line
from infernet_tui.widgets.table import TableState


class Filterable(Protocol):
    """What can be filtered: a table, a log."""

    state: TableState

    def apply_state(self) -> None:
        """The filter is another one."""
        ...

    def focus(self) -> Any:
        """Take the keys."""
        ...


class FilterLine(Horizontal):
    """Hidden until it is opened for a table."""

    DEFAULT_CSS = """
    FilterLine { height: 1; display: none; background: $background; }
    FilterLine.-open { display: block; layout: horizontal; }
    FilterLine Lines { width: 9; height: 1; }
    FilterLine Input, FilterLine Input:focus {
        border: none; height: 1; padding: 0; background: $background; width: 1fr;
    }
    """
    BINDINGS = [  # noqa: RUF012
        Binding("escape", "cancel", "Clear", show=False),
        Binding("down", "leave", "To the table", show=False),
    ]

    class Changed(Message):
        """The filter of a table is another one."""

        def __init__(self, table: Filterable) -> None:
            super().__init__()
            self.table = table

    def __init__(self) -> None:
        super().__init__()
        self._table: Filterable | None = None

    def compose(self) -> ComposeResult:
        """A label and a field."""
        label = Lines()
        yield label
        yield Input(select_on_focus=False)

    def open(self, table: Filterable) -> None:
        """Edit the filter of this table."""
        self._table = table
        self.add_class("-open")
        self.query_one(Lines).show([line((" filter /", "key"))])
        field = self.query_one(Input)
        field.value = table.state.filter
        field.cursor_blink = False
        field.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._table is not None and self.has_class("-open"):
            self._table.state.filter = event.value
            self._table.apply_state()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._close()

    def action_leave(self) -> None:
        """Go to the rows that were found."""
        self._close()

    def action_cancel(self) -> None:
        """Show all rows again."""
        if self._table is not None:
            self._table.state.filter = ""
            self._table.apply_state()
        self._close()

    def _close(self) -> None:
        self.remove_class("-open")
        if self._table is not None:
            self._table.focus()
            self.post_message(self.Changed(self._table))
