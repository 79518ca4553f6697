"""What can be done with a job."""

from typing import TYPE_CHECKING, cast

from infernet_tui.actions.base import Level, UserAction

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen
    from infernet_tui.screens.jobs import JobsScreen


class JobAction(UserAction):
    """Is about the job under the cursor."""

    screens = ("jobs",)

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be one."""
        jobs = cast("JobsScreen", screen)
        return None if jobs.current_job else "There is no job under the cursor."


class OpenJob(JobAction):
    """Open the job: its events as they happen, its figures, why it came here."""

    id, key, label, palette = "jobs.open", "enter", "Open", "Jobs: open"
    twin, in_footer = "infernet jobs show", True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        cast("JobsScreen", screen).open_job()


class FollowJobs(UserAction):
    """Keep the cursor on the newest job, or let it stay where it is."""

    id, key, label, palette = "jobs.follow", "f", "Follow", "Jobs: follow the newest"
    screens, twin = ("jobs",), "infernet jobs --watch"
    in_footer = True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        cast("JobsScreen", screen).toggle_follow()


class ExplainJob(JobAction):
    """Say why the control plane chose this node, and why not the others."""

    id, key, label, palette = "jobs.explain", "e", "Why here", "Jobs: why routed here"
    twin, in_footer = "infernet route explain", True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask and show."""
        await cast("JobsScreen", screen).explain_job()


class CancelJob(JobAction):
    """Cancel the marked jobs, or the one under the cursor (asks first)."""

    id, key, label, palette = "jobs.cancel", "c", "Cancel", "Jobs: cancel"
    twin, level, in_footer = "infernet jobs cancel", Level.HARD, True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """Only a running job can be."""
        if problem := super().why_not(screen):
            return problem
        running = cast("JobsScreen", screen).running_selection()
        return None if running else "This job has ended: there is nothing to cancel."

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask, then cancel."""
        await cast("JobsScreen", screen).cancel_jobs()


ACTIONS: tuple[type[UserAction], ...] = (OpenJob, FollowJobs, ExplainJob, CancelJob)
