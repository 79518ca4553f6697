"""A question of setup as widgets: a list to pick from, or a field judged while one types."""

from collections.abc import Sequence
from typing import TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from infernet_tui.errors import InfernetError
from infernet_tui.setup.step import Answer, Choice, Option, Question, YesNo
from infernet_tui.text import marked
from infernet_tui.widgets.lines import Line, Lines, Span, line
from infernet_tui.widgets.table import Column, Table
from infernet_tui.widgets.wrap import wrap

MAX_CHARS = 600
OTHER = Option("", "another one", note="type its name")
"""The last row of a choice where something else may be typed."""
WIDE = 110
"""Columns of a terminal from which on a list has room for whole notes."""
KINDS = ("list", "field")
Row = TypeVar("Row")


class Picker(Table[Row]):
    """A table to pick from: enter picks, and so does space."""

    def on_key(self, event: events.Key) -> None:
        """Nothing is marked here."""
        if event.key == "space":
            event.prevent_default()
            event.stop()
            self.post_message(self.Opened(self))

    def _count(self) -> str:
        return ""


class QuestionForm(Vertical):
    """One question at a time, with its error line."""

    DEFAULT_CSS = """
    QuestionForm { height: auto; }
    QuestionForm #options, QuestionForm #note, QuestionForm #ask, QuestionForm #answer {
        display: none;
    }
    QuestionForm.-list #options { display: block; }
    QuestionForm.-list #note { display: block; padding: 0 1; }
    QuestionForm.-field #ask, QuestionForm.-field #answer { display: block; }
    QuestionForm #ask, QuestionForm #error { padding: 0 1; }
    QuestionForm #answer { border: tall $frame; background: $background; height: 3; }
    QuestionForm #answer:focus { border: tall $frame-focus; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.question: Question | None = None
        self._is_typing_other = False

    def compose(self) -> ComposeResult:
        """Both ways to answer; one of them is shown."""
        columns = option_columns([], is_wide=False)
        yield Picker[Option]("", columns, lambda each: each.value, id="options", is_list=True)
        yield Lines(id="note")
        yield Lines(id="ask")
        yield Input(id="answer", select_on_focus=True)
        yield Lines(id="error")

    def on_mount(self) -> None:
        """No blinking."""
        self.field.cursor_blink = False

    @property
    def options(self) -> Picker[Option]:
        """The list."""
        return self.query_one("#options", Picker)

    @property
    def field(self) -> Input:
        """Where words are typed."""
        return self.query_one("#answer", Input)

    @property
    def is_wide(self) -> bool:
        """Whether whole notes fit into the list."""
        return self.app.size.width >= WIDE

    # --- asking -----------------------------------------------------------------------------

    def ask(self, question: Question | None) -> None:
        """Show another question, or none."""
        self.question, self._is_typing_other = question, False
        self._show()

    def _show(self) -> None:
        question, kind = self.question, self._kind
        for each in KINDS:
            self.set_class(kind == each, f"-{each}")
        self.say("")
        if question is not None and kind == "list":
            self._show_options(question)
        elif question is not None:
            self._show_field(question)

    @property
    def _kind(self) -> str:
        if self.question is None:
            return ""
        has_options = isinstance(self.question, Choice | YesNo) and not self._is_typing_other
        return "list" if has_options else "field"

    def _show_options(self, question: Question) -> None:
        options, table = options_of(question), self.options
        table.title = question.text
        table.all_columns = tuple(option_columns(options, is_wide=self.is_wide))
        table.styles.height = min(len(options) + 2, self.app.size.height // 2)
        table.set_rows(options)
        table.select(default_of(question))

    def _show_field(self, question: Question) -> None:
        is_other = isinstance(question, Choice)
        words = question.other or "" if isinstance(question, Choice) else question.text
        self.query_one("#ask", Lines).show([line((words, "title"))])
        with self.field.prevent(Input.Changed):
            self.field.value = "" if is_other else default_of(question)

    def focus_answer(self) -> None:
        """Have the keys go where the answer is given."""
        (self.options if self._kind == "list" else self.field).focus()

    # --- answering --------------------------------------------------------------------------

    def answer(self) -> Answer:
        """What was chosen or typed.

        Raises:
            InfernetError: it will not do.
        """
        question = self.question
        if question is None:
            return None
        if self._kind == "field":
            return question.parse(self.field.value)
        row = self.options.current
        value = row.value if row is not None else ""
        return value == "yes" if isinstance(question, YesNo) else question.parse(value)

    def begin_other(self) -> bool:
        """Where the cursor is on “another one”: let its name be typed; whether that is so."""
        row = self.options.current
        if self._kind != "list" or row is None or row.value != OTHER.value:
            return False
        self._is_typing_other = True
        self._show()
        self.focus_answer()
        return True

    def end_other(self) -> bool:
        """Back to the list from typing another name; whether there was that."""
        if not self._is_typing_other:
            return False
        self.ask(self.question)
        self.focus_answer()
        return True

    def say(self, words: str, role: str = "warn") -> None:
        """Say below the question what is wrong with the answer."""
        self.query_one("#error", Lines).show(self._wrapped(words, role))

    def _wrapped(self, words: str, role: str) -> list[Line]:
        return wrap(line((words, role)), max(20, self.size.width - 3)) if words else []

    @on(Input.Changed, "#answer")
    def _typed(self, event: Input.Changed) -> None:
        self.say("")
        if self.question is None or not event.value:
            return
        try:
            self.question.parse(event.value)
        except InfernetError as error:
            self.say(marked(error.message, MAX_CHARS))

    @on(Table.CursorMoved, "#options")
    def _passed(self) -> None:
        row = self.options.current
        words = row.note if row is not None and not self.is_wide else ""
        self.query_one("#note", Lines).show(self._wrapped(marked(words, MAX_CHARS), "muted"))


def options_of(question: Question) -> list[Option]:
    """What there is to choose from; yes and no are two options."""
    if isinstance(question, YesNo):
        no = "leave this out" if question.no_skips else ""
        return [Option("yes", "Yes"), Option("no", "No", note=no)]
    if not isinstance(question, Choice):
        return []
    other = [Option(OTHER.value, OTHER.label, note=question.other)] if question.other else []
    return [*question.options, *other]


def default_of(question: Question) -> str:
    """The value of the option that the cursor stands on at first."""
    if isinstance(question, YesNo):
        return "yes" if question.default else "no"
    return question.default


def option_columns(options: Sequence[Option], *, is_wide: bool) -> list[Column[Option]]:
    """Name, size and verdict; where it is narrow, the end of the note, which is the verdict."""
    has_details = any(option.detail for option in options)
    name = max((len(option.label) for option in options), default=8)
    columns = [
        Column[Option](
            "name", "", max(8, min(name, 30 if is_wide else 20)),
            lambda each: marked(each.label, MAX_CHARS), lambda each: each.label,
        ),
        Column[Option](
            "note", "", 0,
            lambda each: Span(marked(note(each, is_wide=is_wide), MAX_CHARS), "muted"),
            lambda each: each.note,
        ),
    ]  # fmt: skip
    if has_details:
        size = Column[Option](
            "size", "size", 8, lambda each: each.detail, lambda each: each.detail, right=True
        )
        columns.insert(1, size)
    return columns


def note(option: Option, *, is_wide: bool) -> str:
    """The whole note, or its last part."""
    if option.value == OTHER.value and not is_wide:
        return OTHER.note
    return option.note if is_wide else option.note.rpartition("; ")[2]
