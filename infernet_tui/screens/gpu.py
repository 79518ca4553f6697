"""GPU: what each device does and did, who uses it, how they are connected, and the machine."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from infernet_tui.errors import InfernetError
from infernet_tui.screens import fabric_words, gpu_panels, machine_panels, wording
from infernet_tui.screens.base import CockpitScreen
from infernet_tui.screens.dialogs import ShowLines, error_lines
from infernet_tui.screens.gpu_benchmark import benchmark
from infernet_tui.screens.gpu_panels import LINK, VIEWS, WINDOWS, Rack, Values, View
from infernet_tui.screens.home_panels import dimmed
from infernet_tui.store import HARDWARE, HISTORY, Topic
from infernet_tui.views.hardware import HardwareView, HistoryView, Samples
from infernet_tui.widgets.lines import Line, line
from infernet_tui.widgets.panel import Panel

LIVE_WINDOW = "10m"
LONG_WINDOW_SECONDS = 60.0
"""How often a window is asked for anew that the store does not keep."""
MACHINE_ROWS, LEAST_PROCESS_ROWS, DIALOG_WIDTH = 3, 2, 70


class Stack(Vertical):
    """Panels that share their rows out anew when there are more or fewer of them."""

    def on_resize(self) -> None:
        """An alert came or went, or the terminal has another size."""
        screen = self.screen
        if isinstance(screen, GpuScreen):
            screen.call_after_refresh(screen.draw, frozenset({HARDWARE}))


class GpuScreen(CockpitScreen):
    """The list of GPUs; beside it, where there is room, the fabric."""

    NAME = "gpu"
    TOPICS = {HARDWARE: -1, HISTORY: 1.0}  # noqa: RUF012
    DEFAULT_CSS = """
    GpuScreen #columns { height: 1fr; }
    GpuScreen #rack { width: 1fr; }
    GpuScreen #gpus { height: 1fr; }
    GpuScreen #processes { height: 5; }
    GpuScreen #machine { height: 5; }
    GpuScreen #fabric { display: none; width: 60; }
    GpuScreen.-l #fabric { display: block; }
    GpuScreen.-idle #processes { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.view = VIEWS[0]
        self.window = LIVE_WINDOW
        self._long: HistoryView | None = None
        """The window that is not the live one, once it came."""
        self._long_problem: InfernetError | None = None
        self._asked_at = float("-inf")
        self._link: dict[int, Samples] = {}
        """PCIe rates by GPU since the screen was opened: the node keeps no history of them."""
        self._measured_at: float | None = None
        self._has_drawn_history = False
        self._rows_of_gpus, self._rows_of_machine = 1, MACHINE_ROWS

    def compose_body(self) -> ComposeResult:
        """Panels below each other, and one at the right."""
        with Horizontal(id="columns"):
            with Stack(id="rack"):
                yield Panel("GPU", id="gpus", focusable=True)
                yield Panel("Processes on a GPU", id="processes", focusable=True)
                yield Panel("Machine", id="machine", focusable=True)
            yield Panel("Interconnect", id="fabric", focusable=True)

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one("#gpus").focus()

    # --- drawing ----------------------------------------------------------------------------

    def draw(self, topics: frozenset[Topic]) -> None:
        """Everything, once a second: the next reading shows the history that came before it."""
        if topics == {HISTORY} and self._has_drawn_history:
            return
        self._has_drawn_history = self.cockpit.store.age(HISTORY) is not None
        if not topics & {HARDWARE, HISTORY, "connection"}:
            return
        hardware = self.cockpit.store.hardware
        if hardware is not None:
            self._note_link(hardware)
        self._refresh_long()
        self._draw_panels()

    def tick(self) -> None:
        """What nothing is heard of any more is stale."""
        if self._staleness():
            self._draw_panels()

    def _draw_panels(self) -> None:
        self._fit_heights(self.cockpit.store.hardware)
        self._draw_gpus()
        self._draw_machine()
        self._draw_fabric()

    def _draw_gpus(self) -> None:
        panel, store = self.query_one("#gpus", Panel), self.cockpit.store
        hardware, width = store.hardware, panel.columns
        if hardware is None:
            problem = store.problems.get(HARDWARE)
            panel.title = "GPU"
            panel.fill(
                machine_panels.waiting_lines(problem, is_connected=self.cockpit.is_connected)
            )
            return
        if not hardware.gpus:
            panel.title = "GPU"
            lines = machine_panels.no_gpu_lines(hardware, width)
            panel.fill(self._aged(lines), info=self._info("e probes"))
            return
        rack = Rack(hardware, self._values, self.view, self.cockpit.glyphs)
        notes = self._window_lines()
        body = gpu_panels.list_lines(rack, width, self._rows_of_gpus - len(notes))
        scale = gpu_panels.scale(self.view, rack.top(hardware.gpus[0], self.view))
        panel.title = f"GPU · {self.view.title} {scale} · {WINDOWS[self.window]}"
        panel.fill([*notes, *self._aged(body)], info=self._info("v view · H time"))

    def _window_lines(self) -> list[Line]:
        """What has to be said about the chosen window before its plots."""
        if self._long_problem is not None:
            return error_lines(self._long_problem)
        if self.window != LIVE_WINDOW and self._long is None:
            return [line((f" asking the node for the {WINDOWS[self.window]}", "muted"))]
        if self.view is LINK and self.window != LIVE_WINDOW:
            return [line((" The node keeps no history of the link; H shows this visit.", "muted"))]
        return []

    def _draw_machine(self) -> None:
        store, machine = self.cockpit.store, self.query_one("#machine", Panel)
        processes, hardware = self.query_one("#processes", Panel), store.hardware
        if hardware is None:
            machine.fill([])
            processes.fill([])
            return
        cores = f" · {hardware.cpu_cores} cores" if hardware.cpu_cores else ""
        machine.title = f"Machine · {hardware.cpu_model or 'CPU'}{cores}"
        lines = machine_panels.machine_lines(
            hardware, self.history, machine.columns, self._rows_of_machine, self.cockpit.glyphs
        )
        machine.fill(self._aged(lines), info=WINDOWS[self.window])
        found = self._aged(machine_panels.process_lines(hardware, processes.columns))
        processes.fill(found, info="GPU · pid · VRAM · name")

    def _draw_fabric(self) -> None:
        panel, hardware = self.query_one("#fabric", Panel), self.cockpit.store.hardware
        if not panel.display or hardware is None:
            panel.fill([line((" nothing known yet", "muted"))])
            return
        panel.fill(self._aged(fabric_words.fabric_lines(hardware, panel.columns)))

    def _fit_heights(self, hardware: HardwareView | None) -> None:
        """Share the rows out among the panels, before they have their new sizes."""
        gpus = len(hardware.gpus) if hardware else 0
        total = self.query_one("#rack").size.height
        processes, machine = 0, MACHINE_ROWS
        if hardware is not None and not gpus:
            machine = max(MACHINE_ROWS, total - len(hardware.probes) - 7)
        else:
            lines = sum(len(gpu.processes) for gpu in hardware.gpus) if hardware else 0
            spare = total - 2 * (gpus + 1) - (MACHINE_ROWS + 2) - 2
            processes = max(LEAST_PROCESS_ROWS, min(lines, spare)) + 2
        self.set_class(not processes, "-idle")
        self.query_one("#processes").styles.height = processes
        self.query_one("#machine").styles.height = machine + 2
        self._rows_of_machine = machine
        self._rows_of_gpus = max(1, total - processes - (machine + 2) - 2)

    # --- what is old ------------------------------------------------------------------------

    def _staleness(self) -> str:
        """`stale 14 s`, or nothing."""
        store = self.cockpit.store
        age = store.age(HARDWARE)
        is_old = store.is_stale(HARDWARE, self.cockpit.refresh_seconds)
        if age is None or not (is_old or not self.cockpit.is_connected):
            return ""
        return f"stale {wording.duration(age)}"

    def _aged(self, lines: Sequence[Line]) -> Sequence[Line]:
        return dimmed(lines) if self._staleness() else lines

    def _info(self, keys: str) -> str:
        problem = self.cockpit.store.problems.get(HARDWARE)
        return self._staleness() or (f"failed: {problem}" if problem else keys)

    # --- history ----------------------------------------------------------------------------

    @property
    def history(self) -> HistoryView:
        """Of the chosen window; an empty one until it comes."""
        if self.window == LIVE_WINDOW:
            return self.cockpit.store.history
        return self._long or HistoryView(self.window)

    def _values(self, gpu: int, view: View) -> Values:
        if view.series is None:
            return self._link.get(gpu, []) if self.window == LIVE_WINDOW else []
        return self.history.values(f"gpu{gpu}.{view.series}")

    def _note_link(self, hardware: HardwareView) -> None:
        """Keep the link's rate of each second; seconds that nobody measured are gaps."""
        at, before = hardware.measured_at, self._measured_at
        if at is None or (before is not None and at - before < 0.5):
            return
        self._measured_at = at
        length = HistoryView.STEPS[LIVE_WINDOW]
        missed = 0 if before is None else min(length, round(at - before) - 1)
        for gpu in hardware.gpus:
            kept = self._link.setdefault(gpu.index, Samples())
            kept += [None] * missed + [gpu_panels.link_rate(gpu)]
            del kept[:-length]
            kept.end_step = int(at)

    def _refresh_long(self) -> None:
        """Ask for a window that the store does not keep, now and then."""
        now = self.cockpit.store.timer()
        if self.window == LIVE_WINDOW or now - self._asked_at < LONG_WINDOW_SECONDS:
            return
        if self.cockpit.is_connected:
            self._asked_at = now
            self.run_worker(
                self._load_window(self.window), group="window", exclusive=True, exit_on_error=False
            )

    async def _load_window(self, window: str) -> None:
        try:
            answer = await self.cockpit.request("history", {"window": window})
        except InfernetError as error:
            self._long_problem = error
        else:
            self._long_problem, self._long = None, HistoryView(window)
            self._long.load(answer)
        self._draw_panels()

    def refetch(self) -> None:
        """Ask for the long window too."""
        self._asked_at = float("-inf")
        self._refresh_long()

    # --- what actions ask for ---------------------------------------------------------------

    def next_view(self) -> None:
        """The next figure's history."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self._draw_panels()

    def next_window(self) -> None:
        """Ten minutes, a day, a month."""
        names = list(WINDOWS)
        self.window = names[(names.index(self.window) + 1) % len(names)]
        self._long, self._long_problem = None, None
        self.refetch()
        self._draw_panels()

    async def show_topology(self) -> None:
        """Look at the fabric: in its pane, or in a dialog where there is none."""
        pane, hardware = self.query_one("#fabric", Panel), self.cockpit.store.hardware
        if pane.display:
            pane.focus()
        elif hardware is not None:
            lines = fabric_words.fabric_lines(hardware, DIALOG_WIDTH)
            await self.cockpit.ask(ShowLines("Interconnect · esc closes", lines))

    async def explain(self) -> None:
        """How the hardware was looked for."""
        hardware = self.cockpit.store.hardware
        if hardware is not None:
            lines = machine_panels.probe_lines(hardware, DIALOG_WIDTH)
            await self.cockpit.ask(ShowLines("Hardware probes · esc closes", lines))

    async def benchmark(self, runs: int) -> None:
        """Measure this machine's own engine."""
        await benchmark(self.cockpit, runs)

    def has_gpus(self) -> bool:
        """Whether one was found."""
        hardware = self.cockpit.store.hardware
        return hardware is not None and bool(hardware.gpus)

    def why_no_hardware(self) -> str | None:
        """Why there is nothing to look at yet."""
        if self.cockpit.store.hardware is not None:
            return None
        return machine_panels.NO_HARDWARE if self.cockpit.is_connected else wording.NO_NODE

    def cell_to_copy(self) -> tuple[str, str] | None:
        """The environment of an engine child, as a shell would take it."""
        hardware = self.cockpit.store.hardware
        found = hardware.engine_environment if hardware else {}
        text = "\n".join(f"{name}={value}" for name, value in found.items())
        return (text, "the engine environment") if text else None
