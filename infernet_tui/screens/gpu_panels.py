"""The panels of GPU as pure functions: from a reading and its history to lines of a given size.

Utilisation and VRAM are drawn on a fixed scale from 0 to 100 %, the other figures on one that ends
at the highest value of all GPUs, which stands beside the plot.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infernet_tui.screens import wording
from infernet_tui.screens.home_panels import temperature
from infernet_tui.views.hardware import GpuView, HardwareView
from infernet_tui.widgets.lines import EMPTY, Line, Span, fit, line, width_of
from infernet_tui.widgets.plot import sparkline

Values = Sequence[float | None]
WINDOWS = {"10m": "last 10 min", "24h": "last 24 h", "30d": "last 30 days"}
MAX_PLOT_ROWS, ABOUT_WIDTH = 4, 17
ROOMY_ROWS = 7
"""Rows a GPU from which on one of them stays empty."""
WIDE = 116
"""Columns from which on a GPU's line has room for more figures."""


@dataclass(frozen=True, slots=True)
class View:
    """One figure whose history can be shown."""

    label: str
    title: str
    series: str | None
    """Its name in the node's history; None for what the node keeps no history of."""
    unit: str
    divisor: float = 1.0
    digits: int = 0


UTILISATION = View("util", "utilisation", "utilization_percent", "%")
VRAM = View("VRAM", "VRAM", "vram_used_bytes", "%")
POWER = View("power", "power", "power_watts", " W")
TEMPERATURE = View("temp", "temperature", "temperature_c", " C")
LINK = View("link", "PCIe link", None, " GB/s", 1e9, 2)
VIEWS = (UTILISATION, VRAM, POWER, TEMPERATURE, LINK)


@dataclass(frozen=True, slots=True)
class Rack:
    """The GPUs, and where the history of each figure comes from."""

    hardware: HardwareView
    values: Callable[[int, View], Values]
    """Of a GPU's index and a figure."""
    view: View
    glyphs: str

    def top(self, gpu: GpuView, view: View) -> float | None:
        """The value of a full plot; None while nothing is known."""
        if view is UTILISATION:
            return 100.0
        if view is VRAM and gpu.vram_total_bytes:
            return float(gpu.vram_total_bytes)
        every = (value for each in self.hardware.gpus for value in self.values(each.index, view))
        return max((value for value in every if value is not None), default=None)


# --- the list of GPUs ---------------------------------------------------------------------------


def list_lines(rack: Rack, width: int, rows: int) -> list[Line]:
    """All GPUs in about `rows` lines: one line each where it is narrow, more plots where not."""
    gpus = rack.hardware.gpus
    share = rows // max(1, len(gpus))
    tops = {view.label: rack.top(gpus[0], view) for view in VIEWS if share > 1 or view is rack.view}
    if share < 2:
        return [_compact(rack, gpu, tops, width) for gpu in gpus]
    gap = [EMPTY] if share >= ROOMY_ROWS else []
    lines: list[Line] = []
    for gpu in gpus:
        lines += [figures(gpu, width), *_plots(rack, gpu, tops, width, share - 1 - len(gap)), *gap]
    return lines


def figures(gpu: GpuView, width: int) -> Line:
    """One GPU now."""
    if gpu.is_asleep:
        words = "asleep: not woken to be measured"
        return line(
            f" {gpu.index:>2} ", (fit(wording.short_gpu(gpu.model), 20), "title"), (words, "muted")
        )
    facts = line(*_load(gpu), " ", Span(fit(_clock(gpu, width), 13 if width >= WIDE else 8)), " ",
                 Span(_link(gpu, width)))  # fmt: skip
    name = max(8, min(28, width - 5 - width_of(facts)))
    return line(f" {gpu.index:>2} ", (fit(wording.short_gpu(gpu.model), name), "title"), *facts)


def _load(gpu: GpuView) -> Line:
    """Utilisation, memory, power and temperature, in 36 cells."""
    memory = f"{wording.gib(gpu.vram_used_bytes)}/{wording.gib(gpu.vram_total_bytes)}GB"
    power = f"{wording.number(gpu.power_watts)}/{wording.number(gpu.power_limit_watts)}W"
    warmth = temperature(gpu.temperature_c)
    return line(
        f"{wording.number(gpu.utilization_percent):>4}% {memory:>11} {power:>8} ",
        warmth._replace(text=fit(warmth.text, 9)),
    )


def _clock(gpu: GpuView, width: int) -> str:
    now = wording.number(gpu.clock_mhz).replace(",", "")
    if width < WIDE:
        return f"{now:>4}MHz"
    return f"{now:>4}/{wording.number(gpu.clock_max_mhz).replace(',', '')} MHz"


def _link(gpu: GpuView, width: int) -> str:
    if gpu.pcie_generation is None or gpu.pcie_lanes is None:
        return "PCIe -"
    text = f"PCIe{gpu.pcie_generation}x{gpu.pcie_lanes}"
    if width < WIDE:
        return text
    received, sent = (_gigabytes(gpu.pcie_rx_bytes_per_second),
                      _gigabytes(gpu.pcie_tx_bytes_per_second))  # fmt: skip
    fan = "" if gpu.fan_percent is None else f" fan {gpu.fan_percent:.0f}%"
    return f"{text} {received} GB/s in {sent} out{fan}"


def _gigabytes(rate: float | None) -> str:
    return "-" if rate is None else f"{rate / 1e9:.2f}"


def link_rate(gpu: GpuView) -> float | None:
    """Bytes a second over PCIe, both ways together."""
    rates = (gpu.pcie_rx_bytes_per_second, gpu.pcie_tx_bytes_per_second)
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known else None


# --- plots --------------------------------------------------------------------------------------

Tops = dict[str, float | None]


def scale(view: View, top: float | None) -> str:
    """`0-100%`, or `0-312 W auto`."""
    if view in (UTILISATION, VRAM):
        return "0-100%"
    if top is None:
        return "no samples"
    return f"0-{top / view.divisor:,.{view.digits}f}{view.unit} auto"


def _compact(rack: Rack, gpu: GpuView, tops: Tops, width: int) -> Line:
    """Figures and the chosen plot in one line."""
    if gpu.is_asleep:
        return figures(gpu, width)
    load = _load(gpu)
    name = max(8, min(24, (width - 4 - width_of(load)) * 2 // 5))
    room = max(0, width - 6 - name - width_of(load))
    plotted = sparkline(
        rack.values(gpu.index, rack.view), room, top=_top(gpu, rack.view, tops), glyphs=rack.glyphs
    )[0]
    head = (f" {gpu.index:>2} ", fit(wording.short_gpu(gpu.model), name))
    return line(*head, *load, " ", (plotted, "graph"))


def _plots(rack: Rack, gpu: GpuView, tops: Tops, width: int, rows: int) -> list[Line]:
    """The chosen figure first, in whatever room there is; then as many others as fit."""
    if rows == 1 and rack.view is UTILISATION and width >= 70:
        return [_pair(rack, gpu, tops, width)]
    others = [view for view in VIEWS if view is not rack.view]
    shown = [rack.view, *others][:rows]
    high = max(1, min(MAX_PLOT_ROWS, rows - len(others)))
    lines: list[Line] = []
    for view in shown:
        lines += _plot(rack, gpu, view, tops, width, high if view is rack.view else 1)
    return lines


def _plot(rack: Rack, gpu: GpuView, view: View, tops: Tops, width: int, rows: int) -> list[Line]:
    values, top = rack.values(gpu.index, view), _top(gpu, view, tops)
    head = f"    {view.label:<5} {scale(view, top):<16} "
    about = _about(values, view, gpu)
    room = max(4, width - len(head) - len(about) - 2)
    plotted = sparkline(values, room, top=top, glyphs=rack.glyphs, rows=rows)
    first = line((head, "muted"), (plotted[0], "graph"), (f" {about}", "muted"))
    return [first, *(line(" " * len(head), (each, "graph")) for each in plotted[1:])]


def _pair(rack: Rack, gpu: GpuView, tops: Tops, width: int) -> Line:
    """Utilisation and power side by side: one tells what the other means."""
    spans: list[Span] = [Span("   ")]
    heads = [
        f" {view.label} {scale(view, _top(gpu, view, tops))} " for view in (UTILISATION, POWER)
    ]
    room = max(4, (width - 4 - sum(map(len, heads))) // 2)
    for view, head in zip((UTILISATION, POWER), heads, strict=True):
        plotted = sparkline(
            rack.values(gpu.index, view), room, top=_top(gpu, view, tops), glyphs=rack.glyphs
        )[0]
        spans += [Span(head, "muted"), Span(plotted, "graph")]
    return tuple(spans)


def _top(gpu: GpuView, view: View, tops: Tops) -> float | None:
    if view is VRAM and gpu.vram_total_bytes:
        return float(gpu.vram_total_bytes)
    return tops.get(view.label)


def _about(values: Values, view: View, gpu: GpuView) -> str:
    """`avg 61 max 98`, in the plot's unit."""
    known = [value for value in values if value is not None]
    divisor = view.divisor
    if view is VRAM:
        divisor = (gpu.vram_total_bytes or 0) / 100
    if not known or not divisor:
        return fit("", ABOUT_WIDTH)
    mean, high = sum(known) / len(known) / divisor, max(known) / divisor
    return fit(f"avg {mean:.{view.digits}f} max {high:.{view.digits}f}", ABOUT_WIDTH)
