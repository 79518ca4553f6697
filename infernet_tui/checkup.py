"""The doctor's checks as the terminal application keeps them: what was found, and what runs now.

The results outlive a visit of the screen. The checks themselves are blocking code that knows HTTP
and engines; it is imported when the first one runs, and runs in a thread.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from infernet_tui.text import marked

if TYPE_CHECKING:
    from infernet_tui.doctor.outcome import NamedOutcome

NOT_RUN, RUNNING = "not run", "running"
FAILED = "fail"
MAX_SUMMARY, MAX_DETAIL = 400, 200
ABOUT = {
    "Local config": "config.json: readable, private, its key signs",
    "Engine": "an engine answers and has the default model",
    "Control plane": "the control plane answers",
    "Daemon": "the node runs and its heartbeats arrive",
    "Provider row": "the control plane would give this node jobs",
    "End-to-end": "a tiny real job is answered by the network",
}
"""Name → what is looked at, in the order of the checks."""
NEEDS = {"Provider row": ("Control plane", "Daemon"), "End-to-end": ("Control plane",)}
"""Name → the checks that have to be run before it, because it builds on them."""


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check, as it is now."""

    name: str
    state: str = NOT_RUN
    """not run, running, or the verdict: ok, warn, fail, skip."""
    summary: str = ""
    details: tuple[str, ...] = ()
    hint: str | None = None
    """What to do next."""
    began_at: float | None = None
    """Monotonic; while it runs."""
    seconds: float | None = None
    """How long it took."""
    ended_at: float | None = None
    """Unix time."""


Examine = Callable[[Sequence[str]], "Iterator[NamedOutcome]"]


class Checkup:
    """The state of the six checks."""

    def __init__(
        self,
        clock: Callable[[], float],
        timer: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self.rows: tuple[CheckRow, ...] = tuple(CheckRow(name) for name in ABOUT)
        self.is_running = False
        self.examine: Examine = examine
        """Runs the named checks, one after the other; blocks."""
        self._clock, self._timer, self._changed = clock, timer, changed
        self._is_wanted = True

    def row(self, name: str) -> CheckRow:
        """The check of this name."""
        return next(row for row in self.rows if row.name == name)

    def names_of(self, state: str) -> list[str]:
        """The checks in this state."""
        return [row.name for row in self.rows if row.state == state]

    @property
    def badge(self) -> str:
        """`!2` for two failed checks; nothing if none failed."""
        failed = len(self.names_of(FAILED))
        return f"!{failed}" if failed else ""

    def stop(self) -> bool:
        """Run no further check after the present one; whether any runs."""
        was, self._is_wanted = self.is_running and self._is_wanted, False
        return was

    async def run(self, names: Sequence[str] = tuple(ABOUT)) -> None:
        """Run these checks, and before them those that they need, in the doctor's order."""
        if self.is_running:
            return
        needed = {each for name in names for each in (name, *NEEDS.get(name, ()))}
        ordered = [name for name in ABOUT if name in needed]
        self.is_running = self._is_wanted = True
        before = {row.name: row for row in self.rows}
        try:
            outcomes = self.examine(ordered)
            for name in ordered:
                if not self._is_wanted:
                    break
                began = self._timer()
                self._put(replace(self.row(name), state=RUNNING, began_at=began))
                outcome = await asyncio.to_thread(_next, outcomes, name)
                self._put(self._found(outcome, began))
        finally:
            self.is_running = False
            for name in self.names_of(RUNNING):
                self._put(before[name])
            self._changed()

    def _found(self, named: "NamedOutcome", began: float) -> CheckRow:
        outcome = named.outcome
        details = (outcome.details or "").splitlines()
        return CheckRow(
            named.name,
            outcome.status.value,
            marked(outcome.summary, MAX_SUMMARY),
            tuple(marked(text, MAX_DETAIL) for text in details),
            marked(outcome.hint, MAX_DETAIL) if outcome.hint else None,
            seconds=self._timer() - began,
            ended_at=self._clock(),
        )

    def _put(self, new: CheckRow) -> None:
        self.rows = tuple(new if row.name == new.name else row for row in self.rows)
        self._changed()


def examine(names: Sequence[str]) -> "Iterator[NamedOutcome]":
    """Run the named checks of the doctor on this machine; blocks."""
    from infernet_tui.doctor import report
    from infernet_tui.doctor.checks import CHECKS

    yield from report.run(checks=[check for check in CHECKS if check.name in names])


def _next(outcomes: "Iterator[NamedOutcome]", name: str) -> "NamedOutcome":
    from infernet_tui.doctor.outcome import NamedOutcome, fail

    try:
        return next(outcomes)
    except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, not our end
        words = f"the check itself broke: {type(error).__name__}"
        return NamedOutcome(name, fail(words, "infernet doctor"))
