"""The command palette: every action by name, in our words or in the command line's.

`model pull qwen2.5:7b` does what `infernet model pull qwen2.5:7b` does; `jobs /FAIL` goes to Jobs
and filters. What cannot be done now stays in the list, with the reason.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Input

from infernet_tui.actions import ACTIONS, UserAction
from infernet_tui.screens.dialogs import Dialog
from infernet_tui.widgets.chrome import key_name
from infernet_tui.widgets.lines import Span
from infernet_tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

RECENT = 5
Chosen = tuple[str, str]
"""Action id, and the words that were typed after its name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette."""

    action: type[UserAction]
    key: str
    words: str
    reason: str | None

    @property
    def id(self) -> str:
        """The action's."""
        return self.action.id


class CommandPalette(Dialog[Chosen | None]):
    """Type, choose, enter."""

    DEFAULT_CSS = """
    CommandPalette #box { height: 20; }
    CommandPalette #words, CommandPalette #buttons, CommandPalette #error { display: none; }
    CommandPalette Table { height: 1fr; }
    """

    def __init__(self, cockpit: "Cockpit") -> None:
        super().__init__("Commands")
        self._entries = _entries(cockpit)

    def compose_fields(self) -> ComposeResult:
        """What is typed, and what it could mean."""
        yield Input(placeholder="a command, or a part of its name", classes="field")
        columns = [
            Column[Entry]("name", "", 34, _name, lambda entry: entry.action.palette),
            Column[Entry](
                "key", "", 6, lambda entry: Span(entry.key, "key"), lambda entry: entry.key
            ),
            Column[Entry]("note", "", 0, _note, lambda entry: entry.action.twin),
        ]
        yield Table(
            "enter runs it · esc closes",
            columns,
            lambda entry: entry.id,
            id="entries",
            is_list=True,
        )

    def begin(self) -> None:
        """Type at once."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()
        self._show("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    def on_key(self, event: events.Key) -> None:
        """The list follows the arrow keys while one types."""
        steps = {"down": 1, "up": -1, "pagedown": 10, "pageup": -10}
        if event.key in steps and self.focused is not self._table:
            event.stop()
            self._table.move(steps[event.key])

    @on(Input.Submitted)
    def _entered(self) -> None:
        self._choose()

    @on(Table.Opened)
    def _opened(self) -> None:
        self._choose()

    @property
    def _table(self) -> "Table[Entry]":
        return self.query_one("#entries", Table)

    def _choose(self) -> None:
        entry = self._table.current
        if entry is not None:
            self.cockpit.remember_palette(entry.id)
            self.dismiss((entry.id, entry.words))

    def _show(self, typed: str) -> None:
        table = self._table
        table.set_rows(matching(self._entries, typed))
        table.move(-len(self._entries))


def matching(entries: list[Entry], typed: str) -> list[Entry]:
    """The entries that the typed words mean, the best first."""
    words = typed.strip().removeprefix("infernet ").removeprefix(":")
    if not words:
        return entries
    spelled = [each for entry in entries if (each := _as_command(entry, words)) is not None]
    spelled.sort(key=lambda entry: len(entry.words))  # the longest spelling is meant
    parts = words.lower().split()
    named = [
        entry
        for entry in entries
        if all(part in f"{entry.action.palette} {entry.action.id}".lower() for part in parts)
    ]
    known = {entry.id for entry in spelled}
    return spelled + [entry for entry in named if entry.id not in known]


def _as_command(entry: Entry, words: str) -> Entry | None:
    """The entry, if the words are its command-line twin or its screen's name, and what follows."""
    spellings = [(entry.action.twin or "").removeprefix("infernet ")]
    if entry.id.startswith("go."):
        spellings.append(entry.id.removeprefix("go."))
    for spelling in spellings:
        if spelling and (words == spelling or words.startswith(spelling + " ")):
            rest = words[len(spelling) :].strip()
            return Entry(entry.action, entry.key, rest, entry.reason)
    return None


def _entries(cockpit: "Cockpit") -> list[Entry]:
    screen = cockpit.cockpit_screen
    assert screen is not None
    entries = [
        Entry(action, key_name(cockpit.key_of(action)), "", cockpit.why_not(action, screen))
        for action in ACTIONS
    ]
    recent = {name: rank for rank, name in enumerate(cockpit.recent_actions[:RECENT])}
    return sorted(entries, key=lambda entry: (recent.get(entry.id, RECENT), bool(entry.reason)))


def _name(entry: Entry) -> Span:
    return Span(entry.action.palette, "muted" if entry.reason else "text")


def _note(entry: Entry) -> Span:
    if entry.words:
        return Span(entry.words, "accent")
    return Span(entry.reason or entry.action.twin or "", "muted")
