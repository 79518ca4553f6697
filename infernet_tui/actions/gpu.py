"""What can be done on the screen `gpu`."""

from typing import TYPE_CHECKING, cast

from infernet_tui.actions.base import UserAction
from infernet_tui.screens import wording

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen
    from infernet_tui.screens.gpu import GpuScreen


class GpuAction(UserAction):
    """Is about the machine."""

    screens, in_footer = ("gpu",), True


class LookedAction(GpuAction):
    """Needs a reading."""

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must have been one."""
        return cast("GpuScreen", screen).why_no_hardware()


class NextView(LookedAction):
    """Show the history of the next figure: utilisation, VRAM, power, temperature, PCIe link."""

    id, key, label, palette = "gpu.view", "v", "View", "GPU: next figure"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be a GPU."""
        if problem := super().why_not(screen):
            return problem
        return None if cast("GpuScreen", screen).has_gpus() else "No GPU was found: e says why."

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        cast("GpuScreen", screen).next_view()


class NextWindow(GpuAction):
    """Show the history of the last 10 minutes, 24 hours or 30 days."""

    id, key, label, palette = "gpu.window", "H", "Time", "GPU: next window of time"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        cast("GpuScreen", screen).next_window()


class Topology(LookedAction):
    """Show how the GPUs and hosts are connected, and what an engine is told of it."""

    id, key, label, palette = "gpu.topology", "m", "Links", "GPU: interconnect topology"
    twin = "infernet gpu --json"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        await cast("GpuScreen", screen).show_topology()


class Explain(LookedAction):
    """List every hardware probe that was tried, and what it found."""

    id, key, label, palette = "gpu.explain", "e", "Probes", "GPU: explain the detection"
    twin = "infernet gpu --explain"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        await cast("GpuScreen", screen).explain()


class Benchmark(GpuAction):
    """Ask this machine's engine a short prompt a few times: tok/s and first token (asks first)."""

    id, key, label, palette = "gpu.benchmark", "b", "Bench", "GPU: benchmark the engine"
    twin = "infernet chat --local"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """A node must run, for it has the engine."""
        if screen.cockpit.is_connected:
            return None
        return wording.NO_NODE

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask, then measure; `words` may say how often."""
        from infernet_tui.screens.gpu_benchmark import DEFAULT_RUNS, MOST_RUNS

        runs = int(words) if words.strip().isdecimal() else DEFAULT_RUNS
        await cast("GpuScreen", screen).benchmark(max(1, min(MOST_RUNS, runs)))


ACTIONS: tuple[type[UserAction], ...] = (NextView, NextWindow, Topology, Explain, Benchmark)
