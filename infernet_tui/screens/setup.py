"""The setup wizard: eight steps on the left, the one that is done now on the right.

The walk itself is `setup_flow`, its words are `setup_panels`; here are the widgets, the focus, and
what becomes of an answer.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from infernet_tui.errors import InfernetError
from infernet_tui.screens import setup_panels
from infernet_tui.screens.base import CockpitScreen
from infernet_tui.screens.setup_flow import Flow
from infernet_tui.screens.setup_question import Picker, QuestionForm
from infernet_tui.screens.setup_walk import open_walk
from infernet_tui.session import NodeSession
from infernet_tui.setup.step import Answer, Finding, Question, State, Step
from infernet_tui.widgets.lines import Lines, line
from infernet_tui.widgets.panel import Panel
from infernet_tui.widgets.table import Table

DRAW_SECONDS = 0.1
"""Reports of progress come faster than anybody reads."""


class Checklist(Picker[setup_panels.Row]):
    """The steps: one click opens one."""

    def on_click(self, event: events.Click) -> None:
        """The table moves its cursor there, too."""
        if (self.action_at(event.x, event.y) or "").startswith("row:"):
            self.call_after_refresh(self.post_message, self.Opened(self))


class SetupScreen(CockpitScreen):
    """The wizard."""

    NAME = "setup"
    DEFAULT_CSS = """
    SetupScreen #left { width: 29; }
    SetupScreen #steps { height: 10; }
    SetupScreen #leave { height: 1fr; padding: 0 1; }
    SetupScreen #right { width: 1fr; }
    SetupScreen #step { height: 1fr; }
    SetupScreen #verbs { height: 1; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.flow: Flow | None = None
        self._worker: Worker[None] | None = None
        self._shown_question: object = None
        """What the question's widgets were last filled for."""
        self._is_draw_due = False
        self._was_wanted = False

    def compose_body(self) -> ComposeResult:
        """Left and right."""
        columns = setup_panels.checklist_columns(is_ascii=self._is_ascii)
        with Horizontal():
            with Vertical(id="left"):
                yield Checklist("Setup", columns, lambda row: row.index, id="steps", is_list=True)
                yield Lines(id="leave")
            with Vertical(id="right"):
                yield Panel("Setup", id="step", focusable=True)
                yield QuestionForm(id="question")
                yield Lines(id="verbs")

    def on_mount(self) -> None:
        """Hold the node back until its step, then look how far setup is."""
        self.query_one("#step").focus()
        session = self.cockpit.session
        if isinstance(session, NodeSession) and session.mode == "none":
            self._was_wanted, session.is_wanted = session.is_wanted, False
        self.cockpit.unfinished.may_be_lost(self._reason_to_stay)
        self.cockpit.unfinished.may_be_stopped(self._interrupt)
        self.run_worker(self._begin())

    async def _begin(self) -> None:
        walk = await asyncio.to_thread(open_walk, self.cockpit)
        session = self.cockpit.session
        if walk.context.state.is_settled(("daemon",)) and isinstance(session, NodeSession):
            session.is_wanted |= self._was_wanted  # a node that is set up need not wait for us
            self.cockpit.feed.reconnect()
        self.flow = Flow(walk, self.cockpit.store.timer, self._changed, self._applied)
        self._go(self.flow.begin())

    # --- what actions ask for ---------------------------------------------------------------

    @property
    def is_working(self) -> bool:
        """Whether a step is being done."""
        return self.flow is not None and self.flow.doing == "working"

    def why_not_skip(self) -> str | None:
        """Why the step that is shown cannot be left out."""
        if self.flow is None or self.flow.is_finished:
            return "There is no step to skip."
        if self.flow.finding is not None and self.flow.finding.state is State.DONE:
            return "This step is done: enter goes on."
        return None if self.flow.can_skip() else "All other steps need this one."

    def why_not_change(self) -> str | None:
        """Why there is nothing to choose anew."""
        if self.flow is None or self.flow.is_finished:
            return "Open a step first: tab, then j, k and enter."
        if not self.flow.can_change():
            return "There is nothing to choose here: enter looks at it again, or does it."
        return None

    async def go_on(self) -> None:
        """Take the answer, if it will do, and do what it says."""
        flow = self.flow
        if flow is None or flow.doing:
            return
        if flow.is_finished:
            await self.cockpit.go_to("chat")
            return
        if self._form.begin_other():
            return
        try:
            answer = self._form.answer()
        except InfernetError as error:
            self._form.say(error.message, "error")
            return
        self._go(flow.go_on(answer))

    async def back(self) -> None:
        """The list, where another name is typed; else the step before."""
        if self.flow is not None and not self._form.end_other():
            self._go(self.flow.back())

    async def change(self) -> None:
        """Ask again what is answered already."""
        if self.flow is not None:
            self._go(self.flow.change())

    async def skip(self) -> None:
        """Leave the step out."""
        if self.flow is not None:
            self.cockpit.log_command("infernet setup")
            self._go(self.flow.skip())

    async def cancel(self) -> None:
        """Stop the work, and look what became of it."""
        worker, flow = self._worker, self.flow
        if worker is None or flow is None:
            return
        worker.cancel()
        with contextlib.suppress(WorkerCancelled, WorkerFailed):
            await worker.wait()
        self._go(flow.stopped())

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        self._worker = self.run_worker(self._guarded(work), group="setup", exclusive=True)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except InfernetError as error:
            self.cockpit.show_error(error)

    # --- the question -----------------------------------------------------------------------

    @property
    def _question(self) -> Question | None:
        """What is asked now."""
        flow = self.flow
        if flow is None or flow.doing or flow.is_finished or flow.finding is None:
            return None
        return None if flow.finding.state is State.DONE else flow.finding.question

    @property
    def _form(self) -> QuestionForm:
        return self.query_one(QuestionForm)

    def _draw_question(self) -> None:
        """Ask another question; the same one keeps its cursor and its words."""
        question = self._question
        finding = self.flow.finding if self.flow else None
        shown = (finding, self._form.is_wide) if question is not None else None
        if shown == self._shown_question:
            return
        self._shown_question = shown
        self._form.ask(question)
        if self.focused is self.query_one("#steps"):  # somebody is on the way through them
            return
        if question is None:
            self.query_one("#step").focus()
        else:
            self._form.focus_answer()

    @on(Input.Submitted, "#answer")
    @on(Table.Opened, "#options")
    def _submitted(self) -> None:
        self.cockpit.run_user_action("setup.continue")

    @on(Table.Opened, "#steps")
    def _step_opened(self, event: Table.Opened) -> None:
        flow, row = self.flow, event.table.current
        if flow is None or row is None:
            return
        if self.is_working:
            self.cockpit.toast("This step is being worked on: c cancels that.", "warning")
            return
        self.query_one("#step").focus()
        self._go(flow.open(row.index))

    def on_key(self, event: events.Key) -> None:
        """Escape leaves the field, then the list of other names, then the wizard."""
        if event.key != "escape":
            return
        event.stop()
        if self._form.end_other():
            return
        if isinstance(self.focused, Input):
            self.query_one("#step").focus()
        else:
            self.app.run_worker(self.cockpit.go_to("home"), exit_on_error=False)

    # --- painting ---------------------------------------------------------------------------

    @property
    def table(self) -> None:
        """Nothing here is to be filtered, sorted or exported."""
        return None

    @property
    def _is_ascii(self) -> bool:
        return self.cockpit.glyphs == "ascii"

    def _changed(self) -> None:
        """There is something new to show; progress waits a moment for more."""
        if not self.is_working:
            self._draw_all()
        elif not self._is_draw_due:
            self._is_draw_due = True
            self.set_timer(DRAW_SECONDS, self._draw_later)

    def _draw_later(self) -> None:
        self._is_draw_due = False
        self._draw_all()

    def draw(self, topics: frozenset[str]) -> None:
        """All of it: nothing here comes from the store."""
        self._draw_all()

    def tick(self) -> None:
        """Time went by."""
        if self.is_working:
            self._draw_all()

    async def on_resize(self, event: events.Resize) -> None:
        """Lines are broken anew."""
        await super().on_resize(event)
        self.call_after_refresh(self._draw_all)

    def _draw_all(self) -> None:
        flow = self.flow
        if flow is None or not self.is_mounted:
            return
        self._draw_question()
        steps = self.query_one("#steps", Checklist)
        steps.set_rows(setup_panels.rows_of(flow))
        if not steps.has_focus and not flow.is_finished:
            steps.select(flow.index)
        panel = self.query_one("#step", Panel)
        panel.title = (
            "Setup complete"
            if flow.is_finished
            else f"{flow.index + 1}/{len(flow.steps)} {flow.step.title}"
        )
        mark = setup_panels.mark_of(flow, flow.step)
        room = self.query_one("#right").size.width - 2
        lines = setup_panels.step_lines(flow, room, panel.rows, is_ascii=self._is_ascii)
        before = len(panel.body)
        panel.fill(lines, info="" if flow.is_finished else mark.word)
        if before != len(lines):
            panel.refresh(layout=True)
        self.query_one("#verbs", Lines).show([setup_panels.verbs(flow)])
        self._draw_leave()

    def _draw_leave(self) -> None:
        words = [("tab", "to the steps"), ("j k enter", "do one again"), ("esc", "leave, to Home")]
        self.query_one("#leave", Lines).show(
            [line((f"{key:<10}", "key"), (text, "muted")) for key, text in words]
        )

    # --- what others are told ---------------------------------------------------------------

    def _applied(self, step: Step, answer: Answer, asked: Finding | None) -> None:
        if self.cockpit.session.mode != "demo":
            self.cockpit.log_command(setup_panels.twin_of(step, answer, asked))

    def on_screen_suspend(self) -> None:
        """Elsewhere it is said what is still to be done."""
        if self.flow is not None and self.cockpit.session.mode != "demo":
            self.cockpit.setup_note = setup_panels.left_words(self.flow)

    def _reason_to_stay(self) -> str | None:
        if self.flow is None or not self.is_working:
            return None
        name = setup_panels.name_of(self.flow.step)
        return f"Setup: {name} is being worked on. What was downloaded stays, and is resumed."

    def _interrupt(self) -> bool:
        """ctrl+c stops the work, while it is looked at."""
        is_here = self.cockpit.current_mode == self.NAME and self.is_working
        if is_here:
            self.cockpit.run_user_action("setup.cancel")
        return is_here
