"""The peer of `tui.py`: the smallest Textual application that shows a line."""

from textual.app import App, ComposeResult
from textual.widgets import Static

WORDS = "hello, terminal"


class Hello(App[None]):
    """One line of text."""

    BINDINGS = [("q", "quit", "Quit")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static(WORDS)


if __name__ == "__main__":
    Hello().run()
