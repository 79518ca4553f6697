"""Going through the steps: what fails becomes a finding, and what came of each is remembered."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from infernet_tui.errors import InfernetError
from infernet_tui.setup.configuration import ConfigStep
from infernet_tui.setup.context import Context
from infernet_tui.setup.daemon import DaemonStep
from infernet_tui.setup.engine import EngineStep
from infernet_tui.setup.firewall import FirewallStep
from infernet_tui.setup.identity import IdentityStep
from infernet_tui.setup.memory import Mark
from infernet_tui.setup.model import ModelStep
from infernet_tui.setup.registering import RegistrationStep
from infernet_tui.setup.runtime import RuntimeStep
from infernet_tui.setup.step import Answer, Finding, Report, State, Step, failed

STEPS: tuple[Step, ...] = (
    RuntimeStep(),
    EngineStep(),
    ModelStep(),
    FirewallStep(),
    ConfigStep(),
    IdentityStep(),
    RegistrationStep(),
    DaemonStep(),
)


class Setup:
    """One walk through the steps. Every method may be called in any order, and again."""

    def __init__(self, context: Context, steps: Sequence[Step] = STEPS) -> None:
        self.context = context
        self.steps = steps

    def left_out(self, step: Step) -> str | None:
        """The flag that says not to look at this step, if one does."""
        return self.context.wishes.left_out.get(step.key)

    def first_open(self) -> Step | None:
        """The step to go on with: the first that was neither done nor left out before."""
        settled = self.context.state.steps
        return next((step for step in self.steps if step.key not in settled), None)

    async def examine(self, step: Step) -> Finding:
        """Look at one step; never raises for what is wrong with it."""
        try:
            finding = await step.detect(self.context)
        except InfernetError as error:
            finding = failed(error.message, error.hint)
        return await self._remembered(step, finding)

    async def apply(self, step: Step, answer: Answer, report: Report) -> Finding:
        """Do one step; never raises for what goes wrong, but is cancelled like any task."""
        try:
            finding = await step.apply(self.context, answer, report)
            if finding.state is State.TODO and finding.question is None:
                finding = replace(finding, state=State.FAILED)  # else it would go on for ever
        except InfernetError as error:
            finding = failed(error.message, error.hint)
        return await self._remembered(step, finding)

    async def skip(self, step: Step) -> None:
        """Leave one out, this time and for the record.

        Raises:
            ConfigError: that cannot be written down.
        """
        await asyncio.to_thread(self.context.state.mark, step.key, Mark.SKIPPED)

    async def _remembered(self, step: Step, finding: Finding) -> Finding:
        state = self.context.state
        try:
            if finding.state is State.DONE:
                await asyncio.to_thread(state.mark, step.key, Mark.DONE)
            elif state.is_done(step.key) and finding.state is not State.UNKNOWN:
                await asyncio.to_thread(state.forget, step.key)
        except InfernetError as error:
            return replace(finding, state=State.FAILED, summary=error.message, hint=error.hint)
        return finding
