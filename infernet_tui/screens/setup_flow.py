"""Going through the steps of setup with somebody who watches: which one is shown, and what is done.

It knows no widget. Whatever is found done is passed over by itself, and what needs no answer is
done by itself, until a step needs a person; a step that was opened by hand only looks.
"""

from collections.abc import Awaitable, Callable
from typing import Literal

from infernet_tui.screens.setup_pace import Pace
from infernet_tui.screens.setup_walk import ANSWERED, asked_again
from infernet_tui.setup.step import Answer, Finding, Progress, State, Step, YesNo
from infernet_tui.setup.walk import Setup

Doing = Literal["looking", "working"]
STOPPED = "Stopped. What was downloaded stays here, and is gone on with the next time."


class Flow:
    """One visit to setup. Not more than one of its coroutines may run at a time."""

    def __init__(
        self,
        setup: Setup,
        timer: Callable[[], float],
        changed: Callable[[], None],
        applied: Callable[[Step, Answer, Finding | None], None],
    ) -> None:
        """`changed` is called when there is something new to show.

        `applied` is called after each deed, with the finding that was answered.
        """
        self.setup = setup
        self.index = 0
        self.findings: dict[str, Finding] = {}
        """By key, as far as the steps were looked at."""
        self.doing: Doing | None = None
        self.pace: Pace | None = None
        """How far what is being done is."""
        self.is_finished = False
        self.is_fresh = not setup.context.state.steps
        """Whether nobody has been here before, and nothing was done yet."""
        self.passed: list[tuple[Step, Finding]] = []
        """What went by since a person last said something."""
        self.remark = ""
        self._timer, self._changed, self._applied = timer, changed, applied

    @property
    def steps(self) -> tuple[Step, ...]:
        """The eight."""
        return tuple(self.setup.steps)

    @property
    def step(self) -> Step:
        """The one that is shown."""
        return self.setup.steps[self.index]

    @property
    def finding(self) -> Finding | None:
        """How it stands; None until it was looked at."""
        return self.findings.get(self.step.key)

    def is_skipped(self, step: Step) -> bool:
        """Whether a person left it out, and nothing else settled it since."""
        found = self.findings.get(step.key)
        is_done = found is not None and found.state is State.DONE
        return self.setup.context.state.is_skipped(step.key) and not is_done

    def can_skip(self) -> bool:
        """Whether the step that is shown may be left out."""
        found = self.finding
        is_open = found is not None and found.state is not State.DONE
        return is_open and found is not None and found.can_skip and self.doing is None

    def can_go_back(self) -> bool:
        """Whether there is a step before."""
        return self.is_finished or self.index > 0

    def can_change(self) -> bool:
        """Whether the step that is shown is done, with an answer that could be another one."""
        found = self.finding
        is_done = found is not None and found.state is State.DONE
        return is_done and self.doing is None and self.step.key in ANSWERED

    # --- what a person asks for -------------------------------------------------------------

    async def begin(self) -> None:
        """Go to the first step that is neither done nor left out; without one, to the end."""
        open_step = self.setup.first_open()
        if open_step is None:
            self._finish()
        else:
            await self.open(self.steps.index(open_step))

    async def open(self, index: int) -> None:
        """Look at one step, and do nothing."""
        self.passed.clear()
        self._stand_at(index)
        await self._look()

    async def go_on(self, answer: Answer = None) -> None:
        """Do what the step that is shown needs, then go on to the next that needs a person."""
        finding = self.finding
        self._person_spoke()
        if finding is None:
            await self._look()
        elif isinstance(finding.question, YesNo) and finding.question.no_skips and answer is False:
            await self.skip()
            return
        elif finding.question is not None and finding.state is not State.DONE:
            await self._apply(answer)
        elif finding.state in (State.FAILED, State.UNKNOWN):
            await self._look()
        await self._go_by_itself()

    async def skip(self) -> None:
        """Leave the step out and go on.

        Raises:
            ConfigError: that cannot be written down.
        """
        self._person_spoke()
        await self.setup.skip(self.step)
        await self._next()
        await self._go_by_itself()

    async def change(self) -> None:
        """Ask once more what the step that is shown was answered with."""
        self._person_spoke()
        step = self.step
        await self._do("looking", asked_again(self.setup.context, step), step)

    async def back(self) -> None:
        """Look at the step before."""
        await self.open(self.index if self.is_finished else max(0, self.index - 1))

    async def stopped(self) -> None:
        """What was being done was cancelled: look again, and say what became of it."""
        await self._look()
        self.remark = STOPPED
        self._changed()

    # --- going ------------------------------------------------------------------------------

    async def _go_by_itself(self) -> None:
        while not self.is_finished and (finding := self.finding) is not None:
            if finding.state is State.DONE:
                self.passed.append((self.step, finding))
                await self._next()
            elif finding.state is State.TODO and finding.question is None:
                await self._apply(None)
            else:
                return

    def _person_spoke(self) -> None:
        self.passed.clear()
        self.is_fresh = False

    async def _next(self) -> None:
        """The next one that is not left out; after the last, what is still open before it."""
        later = range(self.index + 1, len(self.steps))
        ahead = [index for index in later if not self.is_skipped(self.steps[index])]
        open_step = self.setup.first_open()
        if ahead:
            self._stand_at(ahead[0])
            await self._look()
        elif open_step is not None and open_step is not self.step:
            self._stand_at(self.steps.index(open_step))
            await self._look()
        else:
            self._finish()

    def _finish(self) -> None:
        self.is_finished, self.remark = True, ""
        self._changed()

    def _stand_at(self, index: int) -> None:
        self.index, self.is_finished, self.remark = index, False, ""

    async def _look(self) -> None:
        step = self.step
        await self._do("looking", self.setup.examine(step), step)

    async def _apply(self, answer: Answer) -> None:
        step, asked = self.step, self.finding
        self.pace = Pace(self._timer)
        await self._do("working", self.setup.apply(step, answer, self._report), step)
        if self.findings[step.key].state is State.DONE:
            self._applied(step, answer, asked)

    async def _do(self, doing: Doing, work: Awaitable[Finding], step: Step) -> None:
        self.doing, self.remark = doing, ""
        self._changed()
        try:
            self.findings[step.key] = await work
        finally:
            self.doing = self.pace = None
            self._changed()

    def _report(self, progress: Progress) -> None:
        if self.pace is not None:
            self.pace.take(progress)
            self._changed()
