"""What every screen of the cockpit is: the same first and last rows, and a body of its own.

A screen declares which topics it shows and how often they are to be asked for; it is told when they
changed while it is visible, and draws. A hidden screen asks for nothing and draws nothing.
"""

import asyncio
import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget

from infernet_tui.actions import UserAction, actions_of
from infernet_tui.screens.filter_line import FilterLine
from infernet_tui.store import Topic
from infernet_tui.widgets.chrome import HeaderBar, KeyBar, NoticeBar, TabBar
from infernet_tui.widgets.lines import Lines, line
from infernet_tui.widgets.panel import Panel
from infernet_tui.widgets.table import Table

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

MIN_WIDTH, MIN_HEIGHT = 60, 15


def bindings_of(screen: str) -> list[Binding]:
    """The key bindings of a screen's own actions."""
    return [as_binding(action) for action in actions_of(screen) if not action.is_everywhere()]


def as_binding(action: type[UserAction]) -> Binding:
    """The key binding of an action."""
    return Binding(
        action.key,
        f"app.user_action('{action.id}')",
        action.label,
        show=action.in_footer,
        priority=action.priority,
        id=action.id,
    )


class TooSmall(Lines):
    """What is shown where nothing else would fit."""

    DEFAULT_CSS = """
    TooSmall { display: none; height: 1fr; padding: 1 2; }
    """


class CockpitScreen(Screen[None]):
    """A screen of the cockpit."""

    DEFAULT_CSS = """
    CockpitScreen { background: $background; layout: vertical; }
    CockpitScreen #body { height: 1fr; }
    CockpitScreen.-tiny #body, CockpitScreen.-tiny NoticeBar { display: none; }
    CockpitScreen.-tiny TooSmall { display: block; }
    """
    NAME: ClassVar[str]
    BINDINGS = [Binding("escape", "step_back", show=False)]  # noqa: RUF012
    TOPICS: ClassVar[Mapping[Topic, float]] = {}
    """What it shows, with the seconds between two askings; a negative one is the `--refresh`."""

    def __init_subclass__(cls, **settings: Any) -> None:
        cls.BINDINGS = [*bindings_of(cls.NAME), *cls.__dict__.get("BINDINGS", ())]
        super().__init_subclass__(**settings)

    def compose(self) -> ComposeResult:
        """The rows that all screens share, around the body."""
        yield HeaderBar()
        yield TabBar()
        with Container(id="body"):
            yield from self.compose_body()
        yield TooSmall()
        yield FilterLine()
        yield NoticeBar()
        yield KeyBar()

    def compose_body(self) -> ComposeResult:
        """The screen's own widgets."""
        yield from ()

    def draw(self, topics: frozenset[Topic]) -> None:
        """Show what changed. Called only while the screen is visible."""

    def tick(self) -> None:
        """A second went by: ages are older. Called only while the screen is visible."""

    def refetch(self) -> None:
        """`r`: ask again for what the feed does not ask for."""

    # --- the frame of things ----------------------------------------------------------------

    @property
    def cockpit(self) -> "Cockpit":
        """The application."""
        return cast("Cockpit", self.app)

    @property
    def table(self) -> Table[Any] | None:
        """The table of filter, sort and export: the one with the focus, or the first."""
        if isinstance(self.focused, Table):
            return self.focused
        tables = self.query(Table)
        return tables.first() if tables else None

    @property
    def can_filter(self) -> bool:
        """Whether `/` does something here."""
        return self.table is not None

    @property
    def can_export(self) -> bool:
        """Whether there is something for `X` to write."""
        return self.table is not None

    def topics(self) -> dict[Topic, float]:
        """What to ask for now, and how often."""
        refresh = self.cockpit.refresh_seconds
        return {topic: refresh if every < 0 else every for topic, every in self.TOPICS.items()}

    def draw_chrome(self) -> None:
        """The first and last rows."""
        self.query_one(HeaderBar).draw()
        self.query_one(TabBar).draw()
        self.query_one(NoticeBar).draw()
        self.query_one(KeyBar).draw(self.footer_actions())

    def footer_actions(self) -> tuple[type[UserAction], ...]:
        """What the last row offers."""
        return actions_of(self.NAME)

    def redraw(self) -> None:
        """Draw everything."""
        if not self.is_mounted:
            return
        self.draw_chrome()
        if self.has_class("-tiny"):
            self._draw_card()
        else:
            self.draw(frozenset(self.TOPICS) | {"node", "connection"})
            self.tick()

    def on_screen_resume(self) -> None:
        """Visible again."""
        self.cockpit.feed.watch(self.topics())
        self.call_after_refresh(self.redraw)

    async def on_resize(self, event: events.Resize) -> None:
        """Another size: maybe another layout, or none."""
        self.set_class(event.size.width < MIN_WIDTH or event.size.height < MIN_HEIGHT, "-tiny")
        self.call_after_refresh(self.redraw)

    def _draw_card(self) -> None:
        width, height = self.size
        alert = self.cockpit.alert()
        node = self.cockpit.store.node
        self.query_one(TooSmall).show(
            [
                line(("infernet ", "title"), (self.cockpit.state_word, "text")),
                line(f"jobs running: {node.active_jobs if node else 0}"),
                line((alert.words if alert else "no alert", "muted")),
                line(f"{MIN_WIDTH}x{MIN_HEIGHT} needed, have {width}x{height}"),
            ]
        )

    # --- what actions ask for ---------------------------------------------------------------

    def open_filter(self, words: str = "") -> None:
        """Filter the table by `words`, or open the line where they are typed."""
        table = self.table
        if table is None:
            return
        if words:
            table.state.filter = words.strip().removeprefix("/")
            table.apply_state()
            self.cockpit.remember_table(self.NAME, table)
        else:
            self.query_one(FilterLine).open(table)

    @on(FilterLine.Changed)
    def _filter_changed(self, event: FilterLine.Changed) -> None:
        if isinstance(event.table, Table):
            self.cockpit.remember_table(self.NAME, event.table)

    def action_step_back(self) -> None:
        """esc: the pane's size, then the table's filter, then the toasts."""
        table = self.table
        if self.maximized is not None:
            self.minimize()
        elif table is not None and table.state.filter:
            table.state.filter = ""
            table.apply_state()
            self.cockpit.remember_table(self.NAME, table)
        else:
            self.cockpit.toasts.dismiss()

    def recall_tables(self) -> None:
        """What was chosen for the tables in another run has become known."""
        for table in self.query(Table):
            self.cockpit.table_memory.recall(f"{self.NAME}/{table.id}", table.state)
            table.apply_state()

    async def open_sort_menu(self) -> None:
        """Choose the column to sort by."""
        table = self.table
        if table is None:
            return
        from infernet_tui.screens.dialogs import Choice, PickOne

        options = [Choice("", "As they came, newest first")]
        options += [Choice(column.id, column.title.title()) for column in table.all_columns]
        chosen = await self.cockpit.ask(PickOne("Sort by", options, table.state.sort or ""))
        if chosen is not None:
            table.state.sort, table.state.reverse = chosen or None, False
            table.apply_state()
            self.cockpit.remember_table(self.NAME, table)

    def reverse_sort(self) -> None:
        """Turn the order round."""
        if table := self.table:
            table.state.reverse = not table.state.reverse
            table.apply_state()
            self.cockpit.remember_table(self.NAME, table)

    def toggle_wide(self) -> None:
        """More columns, or fewer."""
        if table := self.table:
            table.state.wide = not table.state.wide
            table.apply_state()
            self.cockpit.remember_table(self.NAME, table)

    def toggle_zoom(self) -> None:
        """The pane with the focus alone, or all of them."""
        if self.maximized is not None:
            self.minimize()
            return
        focused: Widget | None = self.focused or (
            self.query(Panel).first() if self.query(Panel) else None
        )
        if focused is not None:
            self.maximize(focused, container=False)

    def cell_to_copy(self) -> tuple[str, str] | None:
        """What `y` copies, and what it is called."""
        row = self.table.current if self.table else None
        key = getattr(row, "id", None) or getattr(row, "name", None) or getattr(row, "pubkey", None)
        return (str(key), "id") if key else None

    def copy_cell(self) -> None:
        """Copy the main thing under the cursor."""
        found = self.cell_to_copy()
        if found is None:
            self.cockpit.toast("There is nothing to copy here.", "warning")
        else:
            self.cockpit.copy(*found)

    def copy_row(self) -> None:
        """Copy the row under the cursor as JSON."""
        row = self.table.current if self.table else None
        if row is not None and is_dataclass(row) and not isinstance(row, type):
            self.cockpit.copy(json.dumps(asdict(row), default=str), "row as JSON")

    async def export_rows(self) -> None:
        """Write the rows in view, as JSON and CSV."""
        table = self.table
        if table is None:
            return
        view, moment, name = list(table.view), self.cockpit.store.clock(), f"{self.NAME}-export"

        def write() -> Path:
            rows = [asdict(row) for row in view]
            self.cockpit.write_private(f"{name}.csv", _as_csv(rows), moment)
            return self.cockpit.write_private(f"{name}.json", _as_json(rows), moment)

        path = await asyncio.to_thread(write)
        self.cockpit.toast(f"Wrote {len(view):,} rows to {path} and .csv beside it.")


def _as_json(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, indent=2, default=str) + "\n"


def _as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
