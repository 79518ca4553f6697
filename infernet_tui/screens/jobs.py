"""Jobs: all that this node runs and ran, each with its events and the reason why it came here."""

from textual import on
from textual.app import ComposeResult

from infernet_tui.actions.jobs import CancelJob
from infernet_tui.screens import job_words, wording
from infernet_tui.screens.base import CockpitScreen
from infernet_tui.screens.dialogs import Confirm, ShowLines
from infernet_tui.screens.job_follower import follow_job
from infernet_tui.store import CONNECTION, JOBS, NODE, Topic
from infernet_tui.views.job import JobView
from infernet_tui.widgets.lines import Line, line
from infernet_tui.widgets.panel import Panel
from infernet_tui.widgets.table import Table


class JobsScreen(CockpitScreen):
    """The table, and where there is room the job under the cursor beside it."""

    NAME = "jobs"
    TOPICS = {JOBS: 30.0}  # noqa: RUF012
    DEFAULT_CSS = """
    JobsScreen #jobs { height: 1fr; }
    JobsScreen #detail { display: none; height: 16; }
    JobsScreen.-tall #detail { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_following = True
        self._shown: str | None = None
        """Key of the job in the detail pane."""

    def compose_body(self) -> ComposeResult:
        """A table and a pane."""
        clock = self.cockpit.store.clock
        table = Table(
            "Jobs",
            job_words.columns(clock),
            _key,
            id="jobs",
            text=job_words.job_text,
            remark=job_words.REMARK,
        )
        self.cockpit.table_memory.recall("jobs/jobs", table.state)
        yield table
        yield Panel("Job", id="detail", focusable=True)

    def on_mount(self) -> None:
        """The table has the keys."""
        self.query_one("#jobs").focus()

    @property
    def jobs(self) -> Table[JobView]:
        """The table."""
        return self.query_one("#jobs", Table)

    @property
    def current_job(self) -> JobView | None:
        """The job under the cursor, as it is now."""
        return self.jobs.current

    def draw(self, topics: frozenset[Topic]) -> None:
        """Rows, and the detail of the one under the cursor."""
        if not topics & {NODE, JOBS, CONNECTION}:
            return
        if CONNECTION in topics:
            self._shown = None  # what was followed ended with the connection
        store, table = self.cockpit.store, self.jobs
        newest = store.jobs.newest()
        table.empty = self._empty_words()
        if self.is_following and newest and not table.state.marked:
            table.follow(_key(newest[0]))
        counts = (
            f"{store.node.jobs_completed:,} ok  {store.node.jobs_failed:,} bad"
            if store.node
            else ""
        )
        stale = ""
        if not self.cockpit.is_connected and (age := store.age(NODE)) is not None:
            stale = f"  stale {age:.0f} s"
        table.set_rows(newest, note=counts + ("  following" if self.is_following else "") + stale)

    def _empty_words(self) -> str:
        node = self.cockpit.store.node
        if node is None or not self.cockpit.is_connected:
            return wording.NO_NODE
        return job_words.NO_JOBS.format(
            model=node.model or "no model", since=wording.clock(node.started_at)[:5]
        )

    # --- the job under the cursor -----------------------------------------------------------

    @on(Table.CursorMoved, "#jobs")
    def _moved(self, event: Table.CursorMoved) -> None:
        newest = self.cockpit.store.jobs.newest()
        if event.by_hand and newest and self.current_job is not None:
            self.is_following = self.current_job.key == newest[0].key
        pane, job = self.query_one("#detail", Panel), self.current_job
        if not pane.display or self.cockpit.cockpit_screen is not self:
            return
        if job is None:
            self._shown = None
            pane.fill([line((" No job under the cursor.", "muted"))])
        elif job.key != self._shown:
            self._shown = job.key
            pane.top = 0
            self.run_worker(self._follow(job), group="detail", exclusive=True, exit_on_error=False)

    async def _follow(self, job: JobView) -> None:
        pane = self.query_one("#detail", Panel)
        await follow_job(self.cockpit, job, pane.fill, lambda: pane.columns)

    def on_screen_suspend(self) -> None:
        """Hidden: nobody reads the pane."""
        self.workers.cancel_group(self, "detail")
        self._shown = None

    def on_screen_resume(self) -> None:
        """Visible again: the pane starts anew."""
        self._shown = None
        super().on_screen_resume()

    @on(Table.Opened, "#jobs")
    def _opened(self) -> None:
        self.cockpit.run_user_action("jobs.open")

    def open_job(self) -> None:
        """All about the job under the cursor: in the pane, or in a dialog where there is none."""
        job = self.current_job
        if job is None:
            return
        pane = self.query_one("#detail", Panel)
        if pane.display:
            pane.focus()
            return
        self.cockpit.push_screen(JobDialog(job))

    def open_key(self, key: str) -> None:
        """Put the cursor on a job and open it."""
        self.is_following = False
        if self.jobs.select(key):
            self.open_job()

    # --- what actions ask for ---------------------------------------------------------------

    def toggle_follow(self) -> None:
        """Stay with the newest, or not."""
        self.is_following = not self.is_following
        self.draw(frozenset({JOBS}))

    async def explain_job(self) -> None:
        """Why this node."""
        job = self.current_job
        if job is None:
            return
        self.cockpit.log_command(f"infernet route explain {job.id}")

        async def load() -> list[Line]:
            return job_words.explanation_lines(
                await self.cockpit.request("job.explain", {"id": job.id})
            )

        await self.cockpit.ask(ShowLines(f"Why here: {job.id[:8]}", load=load, copies=job.id))

    def running_selection(self) -> list[JobView]:
        """The running ones of the marked jobs, or the one under the cursor if it runs."""
        return [job for job in self.jobs.marked_rows() if job.is_running]

    async def cancel_jobs(self) -> None:
        """Ask, then cancel."""
        jobs = self.running_selection()
        first = jobs[0]
        words = wording.count_of(len(jobs), "running job")
        question = Confirm(
            f"Cancel {words}?",
            [
                f"{first.id[:8]} {first.model or ''} has made {first.tokens:,} tokens.",
                "It stops here and goes back; the control plane may give it to another node.",
            ],
            f"{CancelJob.twin} {first.id}",
            verb="Cancel the job" if len(jobs) == 1 else "Cancel them",
            trigger="c",
        )
        if not await self.cockpit.ask(question):
            return
        for job in jobs:
            await self.cockpit.request("job.cancel", {"id": job.id})
            self.cockpit.log_command(f"{CancelJob.twin} {job.id} --yes")
        self.jobs.state.marked.clear()
        self.cockpit.toast(f"Cancelled {words}.")

    def cell_to_copy(self) -> tuple[str, str] | None:
        """The job's id."""
        job = self.current_job
        return (job.id, "the job id") if job else None


class JobDialog(ShowLines):
    """All about one job, as it goes on."""

    def __init__(self, job: JobView) -> None:
        super().__init__(f"Job {job.id[:8]} · esc closes · y copies the id", copies=job.id)
        self._job = job

    async def _fill(self) -> None:
        self.run_worker(self._follow(), exit_on_error=False)

    async def _follow(self) -> None:
        self.read(job_words.figures(self._job, self.cockpit.store.clock()))
        await follow_job(self.cockpit, self._job, self.read, lambda: self.text_width)


def _key(job: JobView) -> str:
    return job.key
