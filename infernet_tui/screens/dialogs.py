"""What is asked before something happens, and in between (`ux.md` §2, "Confirmation").

A question puts the focus on Cancel, says the consequence and the command, and its yes is never the
key that opened it. Buttons and the error line stay in view whatever the size.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from infernet_tui.errors import InfernetError
from infernet_tui.widgets.lines import Line, Lines, line
from infernet_tui.widgets.panel import Panel
from infernet_tui.widgets.table import Column, Table
from infernet_tui.widgets.wrap import wrap

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

Result = TypeVar("Result")
BOX_WIDTH = 76
MAX_CHOICES_SHOWN = 14


class Dialog(ModalScreen[Result], Generic[Result]):
    """A box in the middle of the screen. Escape gives the answer of somebody who does not care."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog #box {
        width: 76; max-width: 100%; height: auto; max-height: 100%;
        border: round $frame-focus; background: $background; padding: 0 1;
    }
    Dialog #words { height: auto; max-height: 12; }
    Dialog .field, Dialog .field:focus { background-tint: $background 0%; }
    Dialog .field { border: round $frame; background: $background; height: 3; margin: 0; }
    Dialog .field:focus { border: round $frame-focus; }
    Dialog #error { height: auto; }
    Dialog #buttons { height: 1; align-horizontal: right; margin-top: 1; }
    Dialog Button {
        min-width: 0; padding: 0; margin-left: 2;
        background: $panel; color: $foreground; text-style: none;
    }
    Dialog Button:focus, Dialog Button:hover { background: $panel; color: $accent; }
    Dialog Button:disabled { color: $muted; }
    """
    BINDINGS = [  # noqa: RUF012
        Binding("escape", "give_up", "Cancel", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]
    GIVEN_UP: ClassVar[object] = None

    def __init__(self, title: str, words: Sequence[Line] = ()) -> None:
        super().__init__()
        self.heading = title
        self._words = list(words)

    def compose(self) -> ComposeResult:
        """Words, then whatever the kind of dialog asks for, then buttons."""
        with Vertical(id="box") as box:
            box.border_title = None
            yield Lines(id="words")
            yield from self.compose_fields()
            yield Lines(id="error")
            with Horizontal(id="buttons"):
                yield from self.compose_buttons()

    def compose_fields(self) -> ComposeResult:
        """Fields between the words and the buttons."""
        yield from ()

    def compose_buttons(self) -> ComposeResult:
        """The buttons, the harmless one first."""
        yield Button("Close", compact=True, id="cancel")

    @property
    def cockpit(self) -> "Cockpit":
        """The application."""
        return cast("Cockpit", self.app)

    def on_mount(self) -> None:
        """Show the words, then let the kind of dialog begin."""
        rows = [line((self.heading, "title")), *self._words]
        self.query_one("#words", Lines).show([part for row in rows for part in self.wrapped(row)])
        self.begin()

    def begin(self) -> None:
        """What a kind of dialog does once its fields are there."""

    def show_error(self, words: str, role: str = "error") -> None:
        """Say under the fields what is wrong."""
        self.query_one("#error", Lines).show(self.wrapped(line((words, role))) if words else [])

    def wrapped(self, spans: Line) -> list[Line]:
        """A line in as many as the box is wide for."""
        return wrap(spans, min(BOX_WIDTH, self.app.size.width) - 4)

    def action_give_up(self) -> None:
        """Close without doing anything."""
        self.dismiss(cast("Result", self.GIVEN_UP))

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.action_give_up()


class Confirm(Dialog[bool]):
    """Level 1: hard to take back. `y` confirms, unless that is the key that asked."""

    GIVEN_UP = False

    def __init__(
        self, title: str, consequence: Sequence[str], command: str, *, verb: str, trigger: str
    ) -> None:
        words = [line(text) for text in consequence]
        words.append(line(("The same by hand: ", "muted"), (command, "key")))
        super().__init__(title, words)
        self._verb = verb
        self._yes = "y" if trigger != "y" else "c"

    def compose_buttons(self) -> ComposeResult:
        """Cancel has the focus."""
        yield Button("Cancel (n)", compact=True, id="cancel")
        yield Button(f"{self._verb} ({self._yes})", compact=True, id="yes")

    def begin(self) -> None:
        """The focus is on the harmless one."""
        self.query_one("#cancel").focus()

    def on_key(self, event: events.Key) -> None:
        """y and n."""
        if event.character == self._yes:
            event.stop()
            self.dismiss(True)
        elif event.character == "n":
            event.stop()
            self.dismiss(False)

    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        self.dismiss(True)


class TypeToConfirm(Dialog[bool]):
    """Level 2: money, identity. What is at stake has to be typed."""

    GIVEN_UP = False

    def __init__(
        self, title: str, words: Sequence[Line], *, expected: str, what: str, verb: str
    ) -> None:
        super().__init__(title, words)
        self._expected, self._what, self._verb = expected, what, verb

    def compose_fields(self) -> ComposeResult:
        """Where it is typed."""
        yield Input(placeholder=f"type {self._what}", classes="field", select_on_focus=False)

    def compose_buttons(self) -> ComposeResult:
        """The verb works once the words are right."""
        yield Button("Cancel", compact=True, id="cancel")
        yield Button(self._verb, compact=True, id="yes", disabled=True)

    def begin(self) -> None:
        """Type at once."""
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#yes", Button).disabled = event.value != self._expected

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        if self.query_one(Input).value == self._expected:
            self.dismiss(True)
        else:
            self.show_error(f"That is not {self._what}. esc leaves everything as it is.")


Verdict = tuple[str, str]
"""What is said about a text while it is typed, and the role it is said in."""


class AskText(Dialog[str | None]):
    """Asks for one line, judged while it is typed."""

    def __init__(
        self,
        title: str,
        words: Sequence[Line] = (),
        *,
        initial: str = "",
        placeholder: str = "",
        verb: str = "OK",
        judge: Callable[[str], Verdict | None] | None = None,
        password: bool = False,
    ) -> None:
        """`judge` says what is wrong (role `error`) or worth knowing about a text."""
        super().__init__(title, words)
        self._initial, self._placeholder, self._verb = initial, placeholder, verb
        self._judge, self._password = judge, password

    def compose_fields(self) -> ComposeResult:
        """The field."""
        yield Input(
            self._initial,
            placeholder=self._placeholder,
            password=self._password,
            classes="field",
            select_on_focus=False,
        )

    def compose_buttons(self) -> ComposeResult:
        """Cancel and go on."""
        yield Button("Cancel", compact=True, id="cancel")
        yield Button(self._verb, compact=True, id="yes")

    def begin(self) -> None:
        """Type at once."""
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        verdict = self._judge(event.value) if self._judge and event.value else None
        self.show_error(*(verdict or ("", "muted")))

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def _entered(self) -> None:
        text = self.query_one(Input).value.strip()
        verdict = self._judge(text) if self._judge else None
        if not text:
            self.show_error("Type something, or press esc.")
        elif verdict and verdict[1] == "error":
            self.show_error(*verdict)
        else:
            self.dismiss(text)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to pick."""

    id: str
    text: str
    note: str = ""
    role: str = "text"


class PickOne(Dialog[str | None]):
    """A list to pick from. `preview` is told of each choice that the cursor passes."""

    DEFAULT_CSS = """
    PickOne #box { height: auto; }
    PickOne #buttons, PickOne #error { display: none; }
    """

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        current: str | None = None,
        *,
        words: Sequence[Line] = (),
        preview: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(title, words)
        self._choices, self._current, self._preview = choices, current, preview

    def compose_fields(self) -> ComposeResult:
        """The choices."""
        columns = [
            Column[Choice]("name", "", 30, lambda each: each.text, lambda each: each.text),
            Column[Choice]("note", "", 0, lambda each: each.note, lambda each: each.note),
        ]
        yield Table(
            "enter picks · esc leaves it", columns, lambda each: each.id, id="choices", is_list=True
        )

    def begin(self) -> None:
        """The cursor is on what holds now."""
        table = self.query_one("#choices", Table)
        table.styles.height = min(len(self._choices), MAX_CHOICES_SHOWN) + 2
        table.set_rows(self._choices)
        table.focus()
        if self._current is not None:
            table.select(self._current)

    @on(Table.CursorMoved)
    def _passed(self, event: Table.CursorMoved) -> None:
        if self._preview and event.table.current is not None:
            self._preview(event.table.current.id)

    @on(Table.Opened)
    def _picked(self, event: Table.Opened) -> None:
        if event.table.current is not None:
            self.dismiss(event.table.current.id)


class ShowLines(Dialog[None]):
    """Something to read, as long as it is."""

    DEFAULT_CSS = """
    ShowLines #box { height: 100%; max-height: 40; width: 78; border: none; padding: 0; }
    ShowLines Panel { height: 1fr; }
    ShowLines #words, ShowLines #buttons, ShowLines #error { display: none; }
    """

    def __init__(
        self,
        title: str,
        body: Sequence[Line] = (),
        *,
        load: Callable[[], Awaitable[Sequence[Line]]] | None = None,
        copies: str | None = None,
        indent: int = 3,
    ) -> None:
        """`load` fetches the body after the dialog opened; `copies` is what `y` copies.

        Lines that are too long go on in the next one, after `indent` spaces.
        """
        super().__init__(title)
        self._body, self._load, self._copies, self._indent = body, load, copies, indent

    def compose_fields(self) -> ComposeResult:
        """The text, in a panel that scrolls."""
        yield Panel(self.heading, id="text", focusable=True)

    def begin(self) -> None:
        """Show it, or say what is waited for."""
        self.query_one("#text").focus()
        self.call_after_refresh(self._fill)

    async def _fill(self) -> None:
        panel = self.query_one("#text", Panel)
        if self._load is None:
            self.read(self._body)
            return
        panel.fill([line((" asking…", "muted"))])
        self.run_worker(self._fetch(self._load), exit_on_error=False)

    async def _fetch(self, load: Callable[[], Awaitable[Sequence[Line]]]) -> None:
        try:
            self.read(await load())
        except InfernetError as error:
            self.read(error_lines(error))

    @property
    def text_width(self) -> int:
        """Cells in a line of the text."""
        return self.query_one("#text", Panel).columns

    def read(self, body: Sequence[Line]) -> None:
        """Show this text."""
        panel = self.query_one("#text", Panel)
        rows = (wrap(each, panel.columns, indent=self._indent) for each in body)
        panel.fill([part for row in rows for part in row])

    def on_key(self, event: events.Key) -> None:
        """q closes it too; y copies what it is about."""
        if event.character == "q":
            event.stop()
            self.dismiss(None)
        elif event.character == "y" and self._copies:
            event.stop()
            self.cockpit.copy(self._copies, self.heading)


def error_lines(error: InfernetError) -> list[Line]:
    """What failed, why, and what to do next."""
    lines = [line((" " + text, "error")) for text in error.message.splitlines()]
    if error.hint:
        lines += [line(""), line((" next: ", "muted"), (error.hint, "key"))]
    return lines
