"""Toasts: what is said for a moment over the screen. A few at a time, errors until esc."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.notifications import Notification

from infernet_tui.notices import MAX_CHARS, SECONDS, Severity
from infernet_tui.text import marked

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

MAX_TOASTS = 3


@dataclass(frozen=True, slots=True)
class Toast:
    """One that was shown, and may be gone by now."""

    words: str
    severity: Severity
    count: int
    shown: Notification


class Toasts:
    """Those of one application.

    Textual takes a notification in with a message of its own: too late for counting a burst of
    them. So they are put where Textual keeps them.
    """

    def __init__(self, app: "Cockpit") -> None:
        self._app = app
        self._toasts: list[Toast] = []

    @property
    def words(self) -> list[str]:
        """What stands there now, oldest first."""
        return [toast.shown.message for toast in self._standing()]

    def show(self, words: str, severity: Severity, hint: str | None = None) -> None:
        """Say something; the same again counts up, and too many take the oldest away."""
        words = marked(words, MAX_CHARS)
        count = 1
        for toast in self._standing():
            if (toast.words, toast.severity) == (words, severity):
                count = toast.count + 1
                self._drop(toast)
        while len(standing := self._standing()) >= MAX_TOASTS:
            self._drop(next((each for each in standing if each.severity != "error"), standing[0]))
        text = words if count == 1 else f"{words} ×{count}"
        if hint:
            text += f"\nnext: {marked(hint, MAX_CHARS)}"
        shown = Notification(text, "", severity, SECONDS[severity], markup=False)
        self._toasts.append(Toast(words, severity, count, shown))
        self._app._notifications.add(shown)
        self._app._refresh_notifications()

    def dismiss(self) -> None:
        """Take them all away."""
        self._toasts.clear()
        self._app.clear_notifications()

    def _standing(self) -> list[Toast]:
        self._toasts = [each for each in self._toasts if each.shown in self._app._notifications]
        return [each for each in self._toasts if not each.shown.has_expired]

    def _drop(self, toast: Toast) -> None:
        self._toasts.remove(toast)
        self._app._unnotify(toast.shown, refresh=False)
