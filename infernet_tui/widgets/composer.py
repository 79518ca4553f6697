"""Where a message is written: several lines, of which enter sends all.

A newline is alt+enter or shift+enter where the terminal tells them from enter, ctrl+j, and
everywhere a backslash before enter.
"""

from textual import events
from textual.message import Message
from textual.widgets import TextArea

NEWLINE_KEYS = ("alt+enter", "shift+enter", "ctrl+j")
MAX_ROWS = 8


class Composer(TextArea):
    """Posts `Submitted` and `Left`; what they mean is the screen's."""

    DEFAULT_CSS = """
    Composer {
        height: auto; min-height: 3; max-height: 10; padding: 0 1;
        border: solid $frame; background: $background; border-title-color: $title;
    }
    Composer:focus { border: double $frame-focus; }
    Composer .text-area--placeholder { color: $text-muted; }
    """

    class Submitted(Message):
        """Enter."""

    class Left(Message):
        """Escape."""

    def __init__(self, title: str, placeholder: str, *, id: str) -> None:
        super().__init__(
            id=id, placeholder=placeholder, highlight_cursor_line=False, soft_wrap=True
        )
        self._title = title
        self.cursor_blink = False

    def on_mount(self) -> None:
        """Say what it is for."""
        self.border_title = self._title

    def on_focus(self) -> None:
        """Show where the keys go."""
        self.border_title = f">{self._title}"

    def on_blur(self) -> None:
        """And where they do not."""
        self.border_title = self._title

    def on_key(self, event: events.Key) -> None:
        """Enter and escape are not for the text."""
        if event.key in NEWLINE_KEYS:
            self._take(event)
            self.insert("\n")
        elif event.key == "enter":
            self._take(event)
            if self._before_cursor.endswith("\\"):
                self.action_delete_left()
                self.insert("\n")
            else:
                self.post_message(self.Submitted())
        elif event.key == "escape":
            self._take(event)
            self.post_message(self.Left())

    def _take(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()

    @property
    def _before_cursor(self) -> str:
        row, column = self.cursor_location
        return self.document.get_line(row)[:column]
