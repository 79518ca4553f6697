"""How far something is, how fast it goes, and how long it still takes."""

from collections.abc import Callable

from infernet_tui.screens import wording
from infernet_tui.setup.step import Progress
from infernet_tui.text import marked
from infernet_tui.widgets.lines import Line, line
from infernet_tui.widgets.plot import meter

MAX_SAID = 200
"""Lines of an installer that are kept."""
MAX_CHARS = 500
SETTLING_SECONDS = 1.0
"""A speed measured over less than this says nothing."""


class Pace:
    """The progress of one deed."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._began_at = timer()
        self._first: tuple[float, int] | None = None
        """When bytes first moved, and how many were there already (a resumed download)."""
        self._newest = Progress("working")
        self.said: list[str] = []
        """What was reported without a size, in order."""

    def take(self, progress: Progress) -> None:
        """One report."""
        self._newest = progress
        text = marked(progress.text, MAX_CHARS)
        if not self.said or self.said[-1] != text:
            self.said = [*self.said[-MAX_SAID:], text]
        if progress.completed_bytes is not None and self._first is None:
            self._first = (self._timer(), progress.completed_bytes)

    @property
    def bytes_per_second(self) -> float | None:
        """Since bytes first moved; None until that can be said."""
        done = self._newest.completed_bytes
        if self._first is None or done is None:
            return None
        began, before = self._first
        seconds = self._timer() - began
        return (done - before) / seconds if seconds >= SETTLING_SECONDS and done > before else None

    def lines(self, width: int, rows: int) -> list[Line]:
        """A bar with figures, or the newest of what was said."""
        waited = wording.duration(self._timer() - self._began_at)
        done, total = self._newest.completed_bytes, self._newest.total_bytes
        if done is None:
            newest = self.said[-max(1, rows - 1) :] or ["working"]
            return [*(line((" " + text, "text")) for text in newest), _muted(f"for {waited}")]
        lines = [line(" " + marked(self._newest.text, MAX_CHARS)), line("")]
        if not total:
            return [*lines, line(f" {wording.size(done)}"), _muted(f"for {waited}")]
        share = min(1.0, done / total)
        lines.append(line((f" {meter(share, max(10, width - 7))}", "graph"), f"{share:>5.0%}"))
        lines.append(line(f" {wording.size(done)} of {wording.size(total)}{self._rest(total)}"))
        return [*lines, _muted(f"for {waited}")]

    def _rest(self, total: int) -> str:
        rate, done = self.bytes_per_second, self._newest.completed_bytes
        if rate is None or done is None:
            return ""
        left = wording.duration((total - done) / rate)
        return f"  {wording.size(rate)}/s  {left} left"


def _muted(text: str) -> Line:
    return line((f" {text}", "muted"))
