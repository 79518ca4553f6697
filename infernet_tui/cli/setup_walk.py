"""The steps of setup as lines and questions, or as NDJSON.

Questions are asked between runs of the event loop, not inside one: so Ctrl-C ends them like any
other program's.
"""

import asyncio
import shutil
import sys
import textwrap
from dataclasses import dataclass, field
from typing import Any, Literal

from infernet_tui.cli.output import Output
from infernet_tui.cli.pull_progress import PullPrinter
from infernet_tui.cli.setup_questions import ask
from infernet_tui.engines.base import PullProgress
from infernet_tui.errors import InfernetError
from infernet_tui.setup.step import Answer, Finding, Progress, State, Step, YesNo
from infernet_tui.setup.walk import Setup
from infernet_tui.text import one_line

Ending = Literal["done", "failed", "skipped", "unknown"]
MARKS: dict[str, tuple[str, str, str]] = {
    "done": ("✓", "ok", "green"),
    "todo": ("!", "!", "yellow"),
    "failed": ("✗", "FAIL", "red"),
    "unknown": ("!", "!", "yellow"),
    "skipped": ("–", "-", "bright_black"),
}
"""How a step stands → mark, the same in ASCII, colour."""
INDENT = "      "


class SetupIncomplete(InfernetError):
    """Some steps of setup did not work."""

    code = "setup_incomplete"

    def __init__(self, message: str, *, hint: str, details: dict[str, Any]) -> None:
        super().__init__(message, hint=hint)
        self.details = details


@dataclass
class PlainWalk:
    """One `infernet setup`."""

    output: Output
    setup: Setup
    runner: asyncio.Runner
    endings: dict[str, Ending] = field(default_factory=dict)
    """By key, in order."""
    has_changed: bool = False

    def run(self) -> None:
        """Every step, one after the other; a step that fails does not stop the next.

        Raises:
            SetupIncomplete: one of them failed.
            Declined: the input ended.
        """
        if self.output.interactive and not self.output.yes:
            self.output.note("Enter takes what is in brackets; `skip` leaves a step out.")
        for step in self.setup.steps:
            self.endings[step.key] = self._take(step)
        self._conclude()

    def _take(self, step: Step) -> Ending:
        if flag := self.setup.left_out(step):
            return self._skip(step, f"skipped ({flag})", is_first=True)
        finding = self.runner.run(self.setup.examine(step))
        is_first, is_changed = True, False
        while self._goes_on(finding):
            self._show(step, finding, is_first=is_first)
            is_first = False
            answer = self._answer(finding)
            if answer == "skip":
                return self._skip(step, "skipped", is_first=False)
            finding, is_changed = self._applied(step, answer), True
        self.has_changed |= is_changed and finding.state is State.DONE
        self._show(step, finding, is_first=is_first)
        ending: Ending = "failed"
        if finding.state in (State.DONE, State.UNKNOWN):
            ending = "done" if finding.state is State.DONE else "unknown"
        self._tell(step, ending, finding, is_changed=is_changed)
        return ending

    def _goes_on(self, finding: Finding) -> bool:
        """Whether there is something to ask or to do: what failed is only tried with a person."""
        is_asked = finding.question is not None and not self.output.yes
        return finding.state is State.TODO or (finding.state is State.FAILED and is_asked)

    def _answer(self, finding: Finding) -> Answer | Literal["skip"]:
        """What the person says; `--confirm` says yes, and else what is suggested."""
        question = finding.question
        if question is None:
            return None
        if self.output.yes:
            return True if isinstance(question, YesNo) else question.default
        answer = ask(self.output, question, can_skip=finding.can_skip)
        if answer is False and isinstance(question, YesNo) and question.no_skips:
            return "skip"
        return answer

    def _applied(self, step: Step, answer: Answer) -> Finding:
        printer = PullPrinter(self.output, step.title)

        def report(progress: Progress) -> None:
            done, total = progress.completed_bytes, progress.total_bytes
            if self.output.json:
                self.output.event(
                    "progress",
                    key=step.key,
                    text=progress.text,
                    completed_bytes=done,
                    total_bytes=total,
                )
            else:
                printer.show(PullProgress(f"{INDENT}{progress.text}", done, total))

        try:
            return self.runner.run(self.setup.apply(step, answer, report))
        finally:
            printer.end()

    def _skip(self, step: Step, summary: str, *, is_first: bool) -> Ending:
        self.runner.run(self.setup.skip(step))
        finding = Finding(State.TODO, summary)
        if not self.output.json:
            self._line(step, "skipped", summary, is_first=is_first)
        self._tell(step, "skipped", finding, is_changed=False)
        return "skipped"

    def _show(self, step: Step, finding: Finding, *, is_first: bool) -> None:
        if self.output.json:
            return
        self._line(step, finding.state, finding.summary, is_first=is_first)
        if finding.explanation and (finding.state is not State.DONE or self.output.verbose):
            for line in self._wrapped(finding.explanation):
                self.output.line(f"{INDENT}{line}")
        if finding.command:
            self.output.line(f"{INDENT}Will run: {finding.command}")
        if finding.hint and finding.state is not State.TODO:
            self.output.line(f"{INDENT}→ {one_line(finding.hint)}")

    def _wrapped(self, text: str) -> list[str]:
        """Lines for a terminal; a file or a pipe gets the one line."""
        if not self.output.live_stdout:
            return [one_line(text)]
        columns = shutil.get_terminal_size().columns
        return textwrap.wrap(one_line(text), max(20, columns - len(INDENT)))

    def _line(self, step: Step, state: str, summary: str, *, is_first: bool) -> None:
        glyph, ascii_only, color = MARKS[state]
        mark = self.output.style(glyph if _can_show(glyph) else ascii_only, color)
        width = max(len(each.title) for each in self.setup.steps)
        head = f"[{step.number}/{len(self.setup.steps)}] {step.title:<{width}} "
        self.output.line(f"{head if is_first else INDENT}{mark} {one_line(summary)}")

    def _tell(self, step: Step, ending: Ending, finding: Finding, *, is_changed: bool) -> None:
        if self.output.json:
            self.output.event(
                "step",
                number=step.number,
                key=step.key,
                title=step.title,
                state=ending,
                summary=finding.summary,
                explanation=finding.explanation or None,
                command=finding.command,
                hint=finding.hint,
                changed=is_changed,
            )

    def _conclude(self) -> None:
        failed, skipped = self._titles("failed"), self._titles("skipped", "unknown")
        details = {
            "steps": dict(self.endings),
            "changed": self.has_changed,
        }
        if failed:
            raise SetupIncomplete(
                f"Setup is not complete: {', '.join(failed)} did not work.",
                hint="do what is said above, then again: infernet setup",
                details=details,
            )
        if self.output.json:
            self.output.end(ok=True, **details)
            return
        left = f" (left out: {', '.join(skipped)})" if skipped else ""
        glyph, ascii_only, color = MARKS["done"]
        mark = self.output.style(glyph if _can_show(glyph) else ascii_only, color)
        self.output.line(f"{mark} setup complete{left}")
        self.output.note('  try: infernet "what is 2+2?"')

    def _titles(self, *endings: Ending) -> list[str]:
        return [step.title for step in self.setup.steps if self.endings[step.key] in endings]


def _can_show(glyph: str) -> bool:
    try:
        glyph.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
