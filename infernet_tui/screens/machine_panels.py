"""The machine around the GPUs as pure functions: probes, CPU, memory, disk, who uses the GPUs."""

from collections.abc import Sequence

from infernet_tui.screens import wording
from infernet_tui.screens.home_panels import NO_GPU
from infernet_tui.views.hardware import HardwareView, HistoryView
from infernet_tui.widgets.lines import Line, Span, fit, line, width_of
from infernet_tui.widgets.plot import fraction, meter, sparkline
from infernet_tui.widgets.wrap import wrap

Values = Sequence[float | None]
MAX_GAUGE_ROWS = 8
NO_HARDWARE = "asking the node for its hardware"


def no_gpu_lines(hardware: HardwareView, width: int) -> list[Line]:
    """That there is none, and what was tried."""
    return [line((" " + NO_GPU, "warn")), line(""), *probe_lines(hardware, width)]


def waiting_lines(problem: str | None, *, is_connected: bool) -> list[Line]:
    """Nothing was measured yet: why not."""
    if not is_connected:
        return [line((f" {wording.NO_NODE}", "warn"))]
    if problem is None:
        return [line((" " + NO_HARDWARE, "muted"))]
    return [
        line((f" {problem}", "error")),
        line((" next: ", "muted"), ("press r, or: infernet gpu", "key")),
    ]


def probe_lines(hardware: HardwareView, width: int) -> list[Line]:
    """Each way of looking for hardware, and what came of it."""
    lines = [line((" Looked for           what came of it", "muted"))]
    for probe in hardware.probes:
        word = Span("found      ", "ok") if probe.found else Span("not found  ", "muted")
        head = line(" ", fit(probe.name, 16), " ", word)
        indent = line(" " * width_of(head))
        lines += wrap([Span(probe.detail)], width, first=head, rest=indent)
    if not hardware.probes:
        lines.append(line((" the node did not say what it tried", "muted")))
    return lines


def machine_lines(
    hardware: HardwareView, history: HistoryView, width: int, rows: int, glyphs: str
) -> list[Line]:
    """CPU, memory and disk; the first two with their history, higher where there is room."""
    high = max(1, min(MAX_GAUGE_ROWS, (rows - 1) // 2))
    load = (
        "" if hardware.load_1m is None
        else f"load {hardware.load_1m:.1f} of {hardware.cpu_cores or '?'} cores"
    )  # fmt: skip
    total = hardware.ram_total_bytes
    memory = f"{wording.gib(hardware.ram_used_bytes)}/{wording.gib(total)} GB"
    cpu = f"{wording.number(hardware.cpu_percent):>3}%  {load}"
    lines = _gauge("CPU", fraction(hardware.cpu_percent, 100), cpu,
                   history.values("cpu_percent"), 100.0, width, high, glyphs)  # fmt: skip
    lines += _gauge("RAM", fraction(hardware.ram_used_bytes, total), memory,
                    history.values("ram_used_bytes"), total, width, high, glyphs)  # fmt: skip
    return [*lines, _disk_line(hardware, width)]


def _gauge(
    label: str, share: float | None, words: str, values: Values, top: float | None,
    width: int, rows: int, glyphs: str,
) -> list[Line]:  # fmt: skip
    bar = 12 if width < 100 else 20
    head = [Span(f" {label:<5}", "muted"), Span(meter(share, bar), "graph"),
            Span(f" {fit(words, 28)} ")]  # fmt: skip
    scale_words = "0-100% "
    room = max(4, width - width_of(head) - len(scale_words) - 1)
    plotted = sparkline(values, room, top=top, glyphs=glyphs, rows=rows)
    indent = " " * (width_of(head) + len(scale_words))
    first = line(*head, (scale_words, "muted"), (plotted[0], "graph"))
    return [first, *(line(indent, (each, "graph")) for each in plotted[1:])]


def _disk_line(hardware: HardwareView, width: int) -> Line:
    free, total = hardware.disk_free_bytes, hardware.disk_total_bytes
    used = None if free is None or not total else (total - free) / total
    bar = 12 if width < 100 else 20
    words = f" {wording.size(free)} free of {wording.size(total)}  "
    return line((" disk ", "muted"), (meter(used, bar), "graph"), words,
                (fit(hardware.disk_path or "", max(8, width - bar - len(words) - 8)), "muted"),
                )  # fmt: skip


def process_lines(hardware: HardwareView, width: int) -> list[Line]:
    """Who holds memory of which GPU."""
    lines = [
        line(
            f" GPU {gpu.index:<3}",
            f"{process.pid or '-':>8}  ",
            (f"{wording.gib(process.vram_bytes):>6} GB  ", "text"),
            (fit(process.name, max(8, width - 31)), "muted"),
        )
        for gpu in hardware.gpus
        for process in gpu.processes
    ]
    if lines:
        return lines
    if any(gpu.is_asleep for gpu in hardware.gpus):
        return [line((" A sleeping GPU is not asked for its processes.", "muted"))]
    return [line((" No process holds GPU memory.", "muted"))]
