"""Asks for a key to be pressed, and says at once why it cannot be that one."""

from collections.abc import Callable, Sequence

from textual import events

from infernet_tui.screens.dialogs import Dialog
from infernet_tui.widgets.lines import Line


class PressKey(Dialog[str | None]):
    """Every key is an answer but esc, which leaves things as they are."""

    AUTO_FOCUS = ""

    def __init__(
        self, title: str, words: Sequence[Line], judge: Callable[[str], str | None]
    ) -> None:
        """`judge` says what is wrong with a key; None if nothing is."""
        super().__init__(title, words)
        self._judge = judge

    def on_key(self, event: events.Key) -> None:
        """Take it, or say why not."""
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.action_give_up()
        elif problem := self._judge(event.key):
            self.show_error(problem)
        else:
            self.dismiss(event.key)
