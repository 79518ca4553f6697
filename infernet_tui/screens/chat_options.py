"""How a model is asked: the system prompt and the temperature."""

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.widgets import Button, Input

from infernet_tui.screens.dialogs import Dialog
from infernet_tui.widgets.lines import Lines, line

MAX_TEMPERATURE = 10.0
"""As the node takes it."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was chosen."""

    system: str
    temperature: float | None


class ChatOptions(Dialog[Wishes | None]):
    """Two fields."""

    DEFAULT_CSS = """
    ChatOptions .label { height: 1; }
    """

    def __init__(self, system: str, temperature: float | None) -> None:
        words = [line(("Empty fields leave it to the model.", "muted"))]
        super().__init__("How to ask", words)
        self._system, self._temperature = system, temperature

    def compose_fields(self) -> ComposeResult:
        """The fields and their names."""
        heat = "" if self._temperature is None else f"{self._temperature:g}"
        yield Lines(id="system-label", classes="label")
        yield Input(self._system, id="system", classes="field", select_on_focus=False)
        yield Lines(id="temperature-label", classes="label")
        yield Input(heat, id="temperature", classes="field", select_on_focus=False)

    def compose_buttons(self) -> ComposeResult:
        """Cancel and keep."""
        yield Button("Cancel", compact=True, id="cancel")
        yield Button("Keep", compact=True, id="yes")

    def begin(self) -> None:
        """Type at once."""
        self.query_one("#system-label", Lines).show([line("System prompt: how to behave")])
        self.query_one("#temperature-label", Lines).show(
            [line("Temperature: 0 is sober, 1 usual, up to 10")]
        )
        for field in self.query(Input):
            field.cursor_blink = False
        self.query_one("#system").focus()

    @on(Input.Submitted, "#system")
    def _next(self) -> None:
        self.query_one("#temperature").focus()

    @on(Input.Submitted, "#temperature")
    @on(Button.Pressed, "#yes")
    def _entered(self) -> None:
        system = self.query_one("#system", Input).value.strip()
        try:
            temperature = _temperature(self.query_one("#temperature", Input).value.strip())
        except ValueError:
            self.show_error("The temperature is a number from 0 to 10, or nothing.")
            return
        self.dismiss(Wishes(system, temperature))


def _temperature(text: str) -> float | None:
    """None for an empty text.

    Raises:
        ValueError: it is not a number in the range.
    """
    if not text:
        return None
    value = float(text.replace(",", "."))
    if not 0 <= value <= MAX_TEMPERATURE:
        raise ValueError(text)
    return value
