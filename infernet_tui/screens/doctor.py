"""The doctor: six checks of this machine, what they found, and what helps."""

from textual import on
from textual.app import ComposeResult

from infernet_tui.checkup import CheckRow, Checkup
from infernet_tui.screens import doctor_fixes, doctor_words
from infernet_tui.screens.base import CockpitScreen
from infernet_tui.screens.dialogs import Confirm, ShowLines
from infernet_tui.screens.doctor_fixes import Fix
from infernet_tui.store import Topic
from infernet_tui.widgets.lines import line
from infernet_tui.widgets.panel import Panel
from infernet_tui.widgets.table import Table


class DoctorScreen(CockpitScreen):
    """The checks above, the one under the cursor below."""

    NAME = "doctor"
    DEFAULT_CSS = """
    DoctorScreen #checks { height: 9; }
    DoctorScreen #detail { height: 1fr; }
    """

    def compose_body(self) -> ComposeResult:
        """A table and a pane."""
        columns = doctor_words.columns(self.cockpit.store.timer)
        yield Table("Doctor", columns, lambda row: row.name, id="checks")
        yield Panel("Check", id="detail", focusable=True)

    def on_mount(self) -> None:
        """The table has the keys."""
        self.query_one("#checks").focus()
        self.cockpit.unfinished.may_be_stopped(self.checkup.stop)

    @property
    def checkup(self) -> Checkup:
        """What was found."""
        return self.cockpit.checkup

    @property
    def checks(self) -> Table[CheckRow]:
        """The table."""
        return self.query_one("#checks", Table)

    @property
    def current_check(self) -> CheckRow | None:
        """The check under the cursor."""
        return self.checks.current

    @property
    def current_fix(self) -> Fix | None:
        """What helps against what it found."""
        row = self.current_check
        return doctor_fixes.fix_of(row) if row else None

    def draw(self, topics: frozenset[Topic]) -> None:
        """The checks as they are now."""
        rows = self.checkup.rows
        self.checks.set_rows(rows, note=doctor_words.verdict(rows))

    def tick(self) -> None:
        """What runs takes a second longer."""
        self.draw(frozenset())

    @property
    def _is_demo(self) -> bool:
        return self.cockpit.session.mode == "demo"

    @on(Table.CursorMoved, "#checks")
    def _moved(self) -> None:
        pane, row = self.query_one("#detail", Panel), self.current_check
        if row is None:
            pane.fill([line((" No check under the cursor.", "muted"))])
            return
        pane.title = row.name
        foot = "the checks look at this machine, not at the demo" if self._is_demo else ""
        lines = doctor_words.detail_lines(row, pane.columns, self.cockpit.store.clock())
        pane.fill(lines, foot=foot)

    @on(Table.Opened, "#checks")
    def _opened(self) -> None:
        self.cockpit.run_user_action("doctor.run_one")

    def cell_to_copy(self) -> tuple[str, str] | None:
        """The command that helps, else what was found."""
        if fix := self.current_fix:
            return fix.command, "the fix"
        row = self.current_check
        return (row.summary, "what was found") if row and row.summary else None

    # --- what actions ask for ---------------------------------------------------------------

    def run_checks(self, names: tuple[str, ...]) -> None:
        """Run them in the background of the application, so that one may go elsewhere."""
        self.cockpit.run_worker(self._run(names), group="doctor", exit_on_error=False)

    async def _run(self, names: tuple[str, ...]) -> None:
        self.cockpit.log_command("infernet doctor")
        await self.checkup.run(names)
        failed = self.checkup.names_of("fail")
        if self.cockpit.cockpit_screen is not self:
            words = f"failed: {', '.join(failed)}" if failed else "no check failed"
            self.cockpit.toast(f"Doctor: {words}.", "warning" if failed else "information")

    async def show_fix(self) -> None:
        """The fix of the check under the cursor, and the offer to do it where that is safe."""
        row, fix = self.current_check, self.current_fix
        if row is None or fix is None:
            return
        if fix.kind is doctor_fixes.Kind.SHOW or (self._is_demo and not fix.changes_nothing_here):
            words = "The demo changes nothing on this machine." if self._is_demo else ""
            body = [line(f" {fix.consequence}"), line(""), line((f"   {fix.command}", "key"))]
            body += [line(""), line((f" {row.summary}", "muted")), line((f" {words}", "muted"))]
            title = f"{row.name} · esc closes · y copies the command"
            await self.cockpit.ask(ShowLines(title, body, copies=fix.command))
            return
        question = Confirm(
            f"{row.name}: {row.summary[:56]}",
            [fix.consequence],
            fix.command,
            verb=fix.verb,
            trigger="F",
        )
        if not await self.cockpit.ask(question):
            return
        await doctor_fixes.carry_out(self.cockpit, fix)
        if not fix.changes_nothing_here:
            self.run_checks((row.name,))

    def copy_report(self) -> None:
        """What was found, redacted."""
        rows, now = self.checkup.rows, self.cockpit.store.clock()
        self.cockpit.copy(doctor_words.report(rows, now), "the report, without secrets")
