"""What can be done with the doctor's checks."""

from typing import TYPE_CHECKING, cast

from infernet_tui.actions.base import Level, UserAction
from infernet_tui.checkup import ABOUT, FAILED, NOT_RUN

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen
    from infernet_tui.screens.doctor import DoctorScreen


class DoctorAction(UserAction):
    """Runs checks, one run at a time."""

    screens = ("doctor",)
    twin = "infernet doctor"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """None may run."""
        if screen.cockpit.checkup.is_running:
            return "The checks are running; ctrl+c stops after the present one."
        return None


class RunAll(DoctorAction):
    """Run all six checks; the last one sends a tiny real job."""

    id, key, label, palette = "doctor.run_all", "R", "Run all", "Doctor: run all"
    in_footer = True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Run them."""
        cast("DoctorScreen", screen).run_checks(tuple(ABOUT))


class RunOne(DoctorAction):
    """Run the check under the cursor, and those that it builds on."""

    id, key, label, palette = "doctor.run_one", "enter", "Run", "Doctor: run this check"
    in_footer = True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Run it."""
        doctor = cast("DoctorScreen", screen)
        if (row := doctor.current_check) is not None:
            doctor.run_checks((row.name,))


class RunFailed(DoctorAction):
    """Run the checks again that failed."""

    id, key, label, palette = "doctor.run_failed", "f", "Run failed", "Doctor: run failed"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """Some must have."""
        failed = screen.cockpit.checkup.names_of(FAILED)
        return super().why_not(screen) or (None if failed else "No check failed.")

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Run them."""
        failed = screen.cockpit.checkup.names_of(FAILED)
        cast("DoctorScreen", screen).run_checks(tuple(failed))


class ShowFix(DoctorAction):
    """Show what helps against the finding under the cursor; asks before it does it."""

    id, key, label, palette = "doctor.fix", "F", "Fix", "Doctor: show the fix"
    level, in_footer = Level.HARD, True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be a finding with a fix."""
        if problem := super().why_not(screen):
            return problem
        doctor = cast("DoctorScreen", screen)
        row = doctor.current_check
        if row is None or row.state == NOT_RUN:
            return "This check has not run yet: enter runs it."
        return None if doctor.current_fix else "There is nothing to fix here."

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Show it."""
        await cast("DoctorScreen", screen).show_fix()


class CopyReport(UserAction):
    """Copy what the checks found, without keys, tokens and your home folder's name."""

    id, key, label, palette = "doctor.copy", "c", "Copy report", "Doctor: copy the report"
    screens, twin, in_footer = ("doctor",), "infernet doctor --json", True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """Something must have been found."""
        rows = screen.cockpit.checkup.rows
        if all(row.state == NOT_RUN for row in rows):
            return "No check has run yet: press R."
        return None

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Copy it."""
        cast("DoctorScreen", screen).copy_report()


ACTIONS: tuple[type[UserAction], ...] = (RunAll, RunOne, ShowFix, CopyReport, RunFailed)
