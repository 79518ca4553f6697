"""The progress of a download: a bar on a terminal, a line now and then elsewhere, or NDJSON."""

import shutil
import sys
import time
from collections.abc import Callable

from infernet_tui.cli.output import Output
from infernet_tui.engines.base import PullProgress
from infernet_tui.text import one_line

BAR_CELLS = 20
STEP_PERCENT = 10
STEP_SECONDS = 30.0
"""Without a terminal: a line for each tenth, or at least this often."""
_UNITS = ("B", "kB", "MB", "GB", "TB")
_CLEAR_LINE = "\r\x1b[2K"


class PullPrinter:
    """Shows the steps of one download."""

    def __init__(
        self, output: Output, name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._output = output
        self._name = name
        self._clock = clock
        self._began: tuple[float, int] | None = None
        """When bytes first moved, and how many were there already (a resumed download)."""
        self._last_line = ("", -1, 0.0)
        self._is_mid_line = False

    def show(self, step: PullProgress) -> None:
        """One step."""
        if self._output.json:
            self._output.event(
                "progress",
                status=step.status,
                completed_bytes=step.completed_bytes,
                total_bytes=step.total_bytes,
                digest=step.digest,
            )
        elif step.status != "success" and not self._output.quiet:
            self._show_to_person(step)

    def _show_to_person(self, step: PullProgress) -> None:
        text = one_line(f"{step.status}{self._figures(step)}")
        if self._output.live_stderr:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"{_CLEAR_LINE}{text[:width]}")
            sys.stderr.flush()
            self._is_mid_line = True
        elif self._is_worth_a_line(step):
            self._output.note(text)

    def _is_worth_a_line(self, step: PullProgress) -> bool:
        status, tenth, at = self._last_line
        now = self._clock()
        new_tenth = _percent(step) // STEP_PERCENT
        if step.status == status and new_tenth == tenth and now - at < STEP_SECONDS:
            return False
        self._last_line = (step.status, new_tenth, now)
        return True

    def _figures(self, step: PullProgress) -> str:
        done, total = step.completed_bytes, step.total_bytes
        if done is None:
            return ""
        if not total:
            return f"  {human_bytes(done)}"
        filled = min(BAR_CELLS, BAR_CELLS * done // total)
        bar = "#" * filled + "." * (BAR_CELLS - filled)
        of_all = f"{human_bytes(done)} of {human_bytes(total)}"
        return f"  [{bar}] {_percent(step)}%  {of_all}{self._speed(done, total)}"

    def _speed(self, done: int, total: int) -> str:
        now = self._clock()
        if self._began is None:
            self._began = (now, done)
        began, done_before = self._began
        if now - began < 1 or done <= done_before:
            return ""
        rate = (done - done_before) / (now - began)
        return f"  {human_bytes(round(rate))}/s, {human_seconds((total - done) / rate)} left"

    def end(self) -> None:
        """What is printed next starts on a line of its own."""
        if self._is_mid_line:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()
            self._is_mid_line = False

    def done(self, digest: str | None) -> None:
        """The model is there."""
        sha256 = digest.removeprefix("sha256:") if digest else None
        if self._output.json:
            self._output.end(ok=True, model=self._name, sha256=sha256)
            return
        self._output.line(f"✓ pulled {one_line(self._name)}")
        if sha256:
            self._output.line(f"  sha256 {sha256}")


def _percent(step: PullProgress) -> int:
    if not step.total_bytes or step.completed_bytes is None:
        return 0
    return min(100, 100 * step.completed_bytes // step.total_bytes)


def human_bytes(count: float) -> str:
    """`4.4 GB`: decimal units, as model catalogues count."""
    for unit in _UNITS[:-1]:
        if count < 1000:
            return f"{count:.0f} {unit}" if unit in ("B", "kB") else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {_UNITS[-1]}"


def human_seconds(seconds: float) -> str:
    """`45s`, `3m 20s`, `2h 5m`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    return f"{whole // 3600}h {whole % 3600 // 60}m"
