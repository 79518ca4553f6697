"""The rows that every screen keeps: header, tabs, notice and keys."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events

from infernet_tui.tabs import SCREENS
from infernet_tui.widgets.lines import EMPTY, Line, Lines, Span, line, spread, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infernet_tui.actions.base import UserAction

STATE_ROLES = {
    "SERVING": "ok",
    "CONNECTING": "info",
    "STARTING": "info",
    "DRAINING": "warn",
    "OFFLINE": "error",
    "STOPPED": "warn",
    "LOST": "error",
}
KEY_NAMES = {
    "question_mark": "?",
    "exclamation_mark": "!",
    "colon": ":",
    "slash": "/",
    "comma": ",",
    "enter": "enter",
    "escape": "esc",
    "backslash": "\\",
}
"""Textual's names of keys as they are printed on a keyboard."""


def key_name(key: str) -> str:
    """The first of an action's keys, as a person calls it."""
    first = key.split(",")[0]
    return KEY_NAMES.get(first, first.replace("ctrl+", "^") if len(first) > 1 else first)


class Bar(Lines):
    """One row."""

    DEFAULT_CSS = """
    Bar { height: 1; }
    """


class HeaderBar(Bar):
    """Row 1: what this is, how the node is, who runs it, and the time."""

    def draw(self) -> None:
        """Look at the store."""
        width = self.size.width
        if not width:
            return
        cockpit, node = self.cockpit, self.cockpit.store.node
        state = cockpit.state_word
        left = [Span(" infernet ", "title"), Span(f" {state} ", STATE_ROLES[state]), Span(" ")]
        if node is not None and width >= 60:
            role = f" {node.role}" if width >= 100 or len(node.name) < 12 else ""
            left.append(Span(f"{node.name[:24]}{role}   "))
        left.append(Span(cockpit.session_words, "muted"))
        right = [Span(f"{datetime.fromtimestamp(cockpit.store.clock(), UTC):%H:%M}Z ", "muted")]
        if node is not None and node.latency_ms is not None and cockpit.is_connected:
            right.insert(0, Span(f"control {node.latency_ms}ms  ", "muted"))
        for flag, words in ((cockpit.is_read_only, "READ-ONLY"), (cockpit.is_paused, "PAUSED")):
            if flag:
                right.insert(0, Span(f"{words}  ", "warn"))
        self.show([spread(left, right, width)])


class TabBar(Bar):
    """Row 2: the screens and their keys."""

    def draw(self) -> None:
        """Look at which screen is shown."""
        active = self.cockpit.current_mode
        spans: list[Span] = [Span(" ")]
        for name, key, title, _twin in SCREENS:
            role = "tab_active" if name == active else "tab"
            badge = self.cockpit.badge(name)
            spans.append(Span(f"{key_name(key)}{title}{badge}", role, f"go.{name}"))
            spans.append(Span(" "))
        self.show([tuple(spans)])


class NoticeBar(Bar):
    """The row above the keys: the most urgent thing to know, and the key that helps."""

    DEFAULT_CSS = """
    NoticeBar { height: 1; display: none; }
    NoticeBar.-something { display: block; }
    """

    def draw(self) -> None:
        """Show the newest alert, or go away."""
        alert = self.cockpit.alert()
        self.set_class(alert is not None, "-something")
        if alert is None:
            self.show([EMPTY])
            return
        left = [Span(" ! ", alert.role), Span(alert.words, alert.role, alert.action)]
        right = [Span(f"{alert.help} ", "key", alert.action)] if alert.help else []
        self.show([spread(left, right, self.app.size.width)])


class KeyBar(Bar):
    """The last row: what can be done here. Each entry can be clicked."""

    LAST: ClassVar[tuple[str, ...]] = ("app.palette", "app.help")

    def draw(self, actions: "Sequence[type[UserAction]]") -> None:
        """Show the actions of the footer; what does not fit is in the palette and the help."""
        width = self.size.width
        if not width:
            return
        shown = [action for action in actions if action.in_footer]
        last = [action for action in shown if action.id in self.LAST]
        first = [action for action in shown if action.id not in self.LAST]
        tail = [span for action in last for span in self._entry(action)]
        spans: list[Span] = [Span(" ")]
        for action in first:
            entry = self._entry(action)
            if width_of(spans) + width_of(entry) + width_of(tail) > width:
                break
            spans += entry
        self.show([(*spans, *tail)])

    def _entry(self, action: "type[UserAction]") -> Line:
        key = self.cockpit.key_of(action)
        return line(
            Span(key_name(key), "key", action.id), Span(f" {action.label}  ", "text", action.id)
        )

    def on_resize(self, event: events.Resize) -> None:
        """Another width has room for others."""
        self.cockpit.redraw_chrome()
