"""Try a model out: one question to this node's own engine, and how soon and how fast it answers."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Button, Input
from textual.worker import Worker

from infernet_tui.conversation import Conversation, Turn, follow
from infernet_tui.errors import InfernetError
from infernet_tui.screens import chat_words
from infernet_tui.screens.dialogs import Dialog, error_lines
from infernet_tui.widgets.lines import line
from infernet_tui.widgets.transcript import Transcript

PROMPT = "Say hello in one short sentence."


class TestPrompt(Dialog[None]):
    """Asks at once; another question can be typed. Closing it stops the answer."""

    __test__ = False  # not a test, whatever pytest makes of the name
    DEFAULT_CSS = """
    TestPrompt #box { height: 100%; max-height: 24; width: 78; }
    TestPrompt Transcript { height: 1fr; }
    """

    def __init__(self, model: str, prompt: str = "") -> None:
        words = [line(("On this node's engine, not over the network. enter asks again.", "muted"))]
        super().__init__(f"Test {model}", words)
        self._model, self._prompt = model, prompt or PROMPT
        self._turn: Turn | None = None
        self._answering: Worker[None] | None = None

    def compose_fields(self) -> ComposeResult:
        """The question and the answer."""
        yield Input(self._prompt, classes="field", select_on_focus=False)
        yield Transcript("Answer", id="answer")

    def compose_buttons(self) -> ComposeResult:
        """Close and ask."""
        yield Button("Close", compact=True, id="cancel")
        yield Button("Ask", compact=True, id="yes")

    def begin(self) -> None:
        """Ask as soon as there is a place for the answer."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()
        self.call_after_refresh(self._ask)
        self.set_interval(1.0, self._draw)

    @property
    def answer(self) -> Transcript:
        """Where the answer grows."""
        return self.query_one(Transcript)

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def _ask(self) -> None:
        question = self.query_one(Input).value.strip()
        if not question:
            return
        if self._answering is not None:
            self._answering.cancel()
        turn = self._turn = Turn(question, "local", self.cockpit.store.timer())
        self.answer.begin([])
        self._draw()
        talk = Conversation(model=self._model)
        try:
            events = self.cockpit.stream("chat", talk.payload(question, "local"))
        except InfernetError as error:
            self.answer.stand(error_lines(error))
            return
        self.cockpit.log_command(f'infernet chat --local --model {self._model} "{question}"')
        self._answering = self.run_worker(
            follow(turn, events, lambda text: self._changed(turn, text)), exit_on_error=False
        )

    def _changed(self, turn: Turn, text: str) -> None:
        if turn is not self._turn or not self.is_attached:
            return
        if text:
            self.answer.receive(text)
        else:
            self._draw()

    def _draw(self) -> None:
        """What stands around the answer: waiting, or what it took."""
        turn, page = self._turn, self.answer
        if turn is None:
            return
        if not turn.is_running:
            page.stand(chat_words.answer_lines(turn, page.text_width))
        elif not turn.pieces:
            page.say_after([chat_words.waiting_line(turn, self.cockpit.store.timer())])
            page.compose_body()
