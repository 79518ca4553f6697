"""Notifications: toasts for a moment, a list afterwards. Strangers' words in them are safe."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from infernet_tui.text import marked

Severity = Literal["information", "warning", "error"]
KEPT = 200
MAX_CHARS = 300
SECONDS: dict[Severity, float] = {"information": 4.0, "warning": 8.0, "error": 3600.0}
"""How long a toast stays; an error stays until esc."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification."""

    at: float
    """Unix seconds, of the newest of those that were merged."""
    words: str
    severity: Severity
    count: int = 1

    @property
    def text(self) -> str:
        """With how often it came."""
        return self.words if self.count == 1 else f"{self.words} ×{self.count}"


class Notices:
    """The newest two hundred, newest first; the same one again counts up."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.newest: deque[Notice] = deque(maxlen=KEPT)

    def add(self, words: str, severity: Severity) -> Notice:
        """Keep one; as it is to be shown."""
        words = marked(words, MAX_CHARS)
        count = 1
        if self.newest and (self.newest[0].words, self.newest[0].severity) == (words, severity):
            count = self.newest.popleft().count + 1
        notice = Notice(self._clock(), words, severity, count)
        self.newest.appendleft(notice)
        return notice
