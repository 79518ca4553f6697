"""Home: what the node is, what it does, and what it earns, on one screen.

Two layouts: one for 80×24 and everything up to a large terminal, and one with three columns from
150×40 on. The panels are the same pure functions in both (`home_panels`).
"""

from collections.abc import Awaitable, Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical

from infernet_tui.screens import home_panels, job_words, wording
from infernet_tui.screens.base import CockpitScreen
from infernet_tui.screens.log_tail import LogTail
from infernet_tui.store import (
    CONNECTION,
    EARNINGS,
    HARDWARE,
    HISTORY,
    MODELS,
    NODE,
    PEERS,
    Topic,
)
from infernet_tui.views.job import JobView
from infernet_tui.views.money import dollars
from infernet_tui.widgets.lines import Line, line
from infernet_tui.widgets.panel import Panel
from infernet_tui.widgets.plot import sparkline, summary
from infernet_tui.widgets.table import Table

LARGE_WIDTH, LARGE_HEIGHT = 150, 40
MAX_GPUS_SMALL = 4


class SmallHome(Container):
    """Everything below each other."""

    DEFAULT_CSS = """
    SmallHome { layout: vertical; height: auto; }
    SmallHome #top { height: 5; }
    SmallHome #speed { height: 3; }
    SmallHome.-roomy #speed { height: 6; }
    SmallHome #gpus { height: auto; max-height: 10; }
    """

    def compose(self) -> ComposeResult:
        """Node and Now side by side, then the rest."""
        with Horizontal(id="top"):
            yield Panel("Node", id="node", focusable=True)
            yield Panel("Now", id="now", focusable=True)
        yield Panel("Tokens/s  last 10 min", id="speed", focusable=True)
        yield Panel("GPU", id="gpus", focusable=True)


class LargeHome(Container):
    """Three columns."""

    DEFAULT_CSS = """
    LargeHome { layout: horizontal; height: 28; }
    LargeHome #left { width: 38; }
    LargeHome #middle { width: 3fr; min-width: 78; }
    LargeHome #right { width: 2fr; }
    LargeHome #node, LargeHome #now { height: 5; }
    LargeHome #speed { height: 6; }
    LargeHome #gpus, LargeHome #gpu_history { height: auto; max-height: 11; }
    LargeHome #earnings { height: 8; }
    LargeHome #peers { height: 8; }
    """

    def compose(self) -> ComposeResult:
        """Who we are on the left, the machine in the middle, money and log on the right."""
        with Vertical(id="left"):
            yield Panel("Node", id="node", focusable=True)
            yield Panel("Now", id="now", focusable=True)
            yield Panel("Models", id="models", focusable=True)
        with Vertical(id="middle"):
            yield Panel("Tokens/s  last 10 min", id="speed", focusable=True)
            yield Panel("GPU", id="gpus", focusable=True)
            yield Panel("GPU history  last 10 min", id="gpu_history", focusable=True)
            yield Panel("Interconnect", id="fabric", focusable=True)
        with Vertical(id="right"):
            yield Panel("Earnings  last 30 days", id="earnings", focusable=True)
            yield Panel("Peers", id="peers", focusable=True)
            yield Panel("Log", id="log", focusable=True)


class HomeScreen(CockpitScreen):
    """The first screen."""

    NAME = "home"
    TOPICS = {HARDWARE: -1, HISTORY: 1.0, EARNINGS: 60.0}  # noqa: RUF012
    DEFAULT_CSS = """
    HomeScreen #jobs { height: 1fr; min-height: 4; }
    """

    @property
    def is_large(self) -> bool:
        """Whether there is room for three columns."""
        size = self.app.size
        return size.width >= LARGE_WIDTH and size.height >= LARGE_HEIGHT

    def topics(self) -> dict[Topic, float]:
        """The large layout shows models and peers too."""
        more = {MODELS: 15.0, PEERS: 30.0} if self.is_large else {}
        return super().topics() | more

    def compose_body(self) -> ComposeResult:
        """One of the layouts, and the jobs."""
        yield LargeHome() if self.is_large else SmallHome()
        columns = job_words.columns(self.cockpit.store.clock, brief=not self.is_large)
        table = Table(
            "Jobs · newest first",
            columns,
            lambda job: job.key,
            id="jobs",
            text=job_words.job_text,
            remark=job_words.REMARK,
        )
        self.cockpit.table_memory.recall("home/jobs", table.state)
        yield table

    def __init__(self) -> None:
        super().__init__()
        self._is_exchanging = False
        """Whether one layout is gone and the other one is not there yet: nothing can be drawn."""

    def on_mount(self) -> None:
        """The jobs have the keys."""
        self.query_one("#jobs").focus()

    def on_screen_resume(self) -> None:
        """Visible again."""
        super().on_screen_resume()
        self._follow_log()

    def on_screen_suspend(self) -> None:
        """A hidden screen reads no log."""
        self.workers.cancel_group(self, "log")

    def _follow_log(self) -> None:
        for panel in self.query("#log"):
            assert isinstance(panel, Panel)
            work: Callable[[], Awaitable[None]] = LogTail(self.cockpit, panel).run
            self.run_worker(work, group="log", exclusive=True, exit_on_error=False)

    async def on_resize(self, event: events.Resize) -> None:
        """Crossing the border between the layouts exchanges them."""
        fits = LargeHome if self.is_large else SmallHome
        if not self.query(fits):
            await self._exchange_layouts()
            self.query_one("#jobs").focus()
            self.cockpit.feed.watch(self.topics())
            self._follow_log()
        for small in self.query(SmallHome):
            small.set_class(event.size.height >= LARGE_HEIGHT, "-roomy")
        await super().on_resize(event)

    async def _exchange_layouts(self) -> None:
        body = self.query_one("#body")
        self._is_exchanging = True
        try:
            with self.app.batch_update():
                await body.remove_children()
                await body.mount(*self.compose_body())
        finally:
            self._is_exchanging = False

    def draw(self, topics: frozenset[Topic]) -> None:
        """The panels that show what changed."""
        if self._is_exchanging:
            return  # all of it is drawn once the new layout is there
        if CONNECTION in topics:
            self._follow_log()
        if topics & {NODE, CONNECTION}:
            self._draw_node()
            self._draw_jobs()
        if topics & {NODE, CONNECTION, EARNINGS}:
            self._draw_now()
        if HISTORY in topics:
            self._draw_history()
        if HARDWARE in topics:
            self._draw_gpus()
        for panel in self.query(Panel):
            if panel.id in ("models", "peers", "earnings"):
                self._draw_side(panel)

    def tick(self) -> None:
        """The heartbeat is a second older."""
        if not self._is_exchanging:
            self._draw_node()

    def _draw_node(self) -> None:
        store = self.cockpit.store
        panel, connected = self.query_one("#node", Panel), self.cockpit.is_connected
        age = store.age(NODE)
        info = "" if store.node is None else store.node.control_plane_url.partition("://")[2]
        if not connected and age is not None:
            info = f"stale {wording.duration(age)}"
        panel.fill(
            home_panels.node_lines(store.node, store.clock(), is_connected=connected), info=info
        )

    def _draw_now(self) -> None:
        panel = self.query_one("#now", Panel)
        panel.fill(
            home_panels.now_lines(self.cockpit.store, is_connected=self.cockpit.is_connected)
        )

    def _draw_history(self) -> None:
        history, glyphs = self.cockpit.store.history, self.cockpit.glyphs
        panel = self.query_one("#speed", Panel)
        values = history.values("tokens_per_second")
        lines = home_panels.speed_lines(values, panel.columns, panel.rows, glyphs)
        panel.fill(lines, info=summary(values))
        for extra in self.query("#gpu_history"):
            assert isinstance(extra, Panel)
            self._fill(extra, self._gpu_history(extra.columns))

    def _gpu_history(self, width: int) -> list[Line]:
        history, hardware = self.cockpit.store.history, self.cockpit.store.hardware
        glyphs, lines = self.cockpit.glyphs, []
        for gpu in hardware.gpus if hardware else ():
            share = max(8, (width - 24) // 3)
            spans = [f" {gpu.index} "]
            for label, name, top in (
                ("util", "utilization_percent", 100.0),
                ("VRAM", "vram_used_bytes", gpu.vram_total_bytes),
                ("power", "power_watts", gpu.power_limit_watts),
            ):
                values = history.values(f"gpu{gpu.index}.{name}")
                plotted = sparkline(values, share, top=top, glyphs=glyphs)[0]
                lines_of = [(f"{label} ", "muted"), (plotted, "graph"), " "]
                spans += lines_of  # type: ignore[arg-type]
            lines.append(line(*spans))
        return lines or [line((" no GPU", "muted"))]

    def _draw_gpus(self) -> None:
        store, panel = self.cockpit.store, self.query_one("#gpus", Panel)
        limit = 8 if self.is_large else MAX_GPUS_SMALL
        body = home_panels.gpu_lines(store.hardware, max(panel.columns, 76), limit)
        if self.is_large and store.hardware is not None and store.hardware.gpus:
            body = [*body, home_panels.machine_line(store.hardware, panel.columns)]
        refresh = self.cockpit.refresh_seconds
        info = "util · VRAM · power · temperature"
        if store.is_stale(HARDWARE, refresh) and (age := store.age(HARDWARE)) is not None:
            body, info = home_panels.dimmed(body), f"stale {wording.duration(age)}"
        self._fill(panel, body, info)
        for fabric in self.query("#fabric"):
            assert isinstance(fabric, Panel)
            fabric.fill(home_panels.fabric_lines(store.hardware, fabric.columns))

    def _fill(self, panel: Panel, body: list[Line], info: str = "") -> None:
        """Fill a panel that is as high as what it shows."""
        was = len(panel.body)
        panel.fill(body, info=info)
        if was != len(body):
            panel.refresh(layout=True)

    def _draw_jobs(self) -> None:
        store, table = self.cockpit.store, self.query_one("#jobs", Table)
        node = store.node
        if node is None or not self.cockpit.is_connected:
            table.empty = wording.NO_NODE
        else:
            table.empty = job_words.NO_JOBS.format(
                model=node.model or "no model", since=wording.clock(node.started_at)[:5]
            )
        table.set_rows(store.jobs.newest())

    def _draw_side(self, panel: Panel) -> None:
        store, glyphs = self.cockpit.store, self.cockpit.glyphs
        if panel.id == "models":
            panel.fill(home_panels.model_lines(store, panel.rows))
        elif panel.id == "peers":
            panel.fill(home_panels.peer_lines(store, panel.rows, panel.columns))
        elif panel.id == "earnings":
            earned = store.earnings
            info = f"{dollars(earned.settled_micros)} settled" if earned else ""
            panel.fill(
                home_panels.earning_lines(store, panel.columns, panel.rows, glyphs), info=info
            )

    @on(Table.Opened, "#jobs")
    async def _opened(self, event: Table.Opened) -> None:
        job: JobView | None = event.table.current
        if job is not None:
            await self.cockpit.open_job(job.key)
