"""How GPUs and hosts are connected, in words: the matrix with its legend, ports, environment."""

import re
from collections.abc import Iterable, Sequence

from infernet_tui.text import marked
from infernet_tui.views.hardware import HardwareView, PortView
from infernet_tui.widgets.lines import Line, Span, fit, line

Matrix = Sequence[Sequence[str]]
TOPOLOGIES = {
    "pair": "two GPUs, linked with each other",
    "mesh": "linked, but not every GPU with every other",
    "all-to-all": "every GPU is linked with every other",
    "none": "no such links: GPUs talk over PCIe",
    "unknown": "the table of links could not be read as a whole",
}
LEGEND = (
    ("PIX", "at most one PCIe bridge between the two"),
    ("PXB", "several PCIe bridges, not through the CPU"),
    ("PHB", "through the PCIe host bridge of one CPU"),
    ("NODE", "between host bridges of one NUMA node"),
    ("SYS", "between NUMA nodes: through two CPUs, the slowest"),
    ("XGMI", "AMD Infinity Fabric"),
    ("PCIE", "over PCIe"),
)
_NVLINK = re.compile(r"NV(\d+)")
LABEL_WIDTH = 5


def fabric_lines(hardware: HardwareView, width: int) -> list[Line]:
    """All of it, in lines of at most `width` cells."""
    lines: list[Line] = []
    for name, (topology, matrix) in (("NVLink", hardware.nvlink), ("xGMI", hardware.xgmi)):
        if name == "NVLink" or topology != "none" or matrix:
            lines += _links(name, topology, matrix, len(hardware.gpus), width)
    lines += [line(""), line((" Between hosts", "title")), *_ports(hardware.ports, width)]
    adapters = f"{hardware.efa_adapters} adapters" if hardware.efa_adapters else "none found"
    lines += [
        _fact("EFA", Span(adapters, "text" if hardware.efa_adapters else "muted")),
        _fact("RDMA", Span("yes", "ok") if hardware.rdma_capable else Span("no", "muted")),
        line(""),
        line((" What an engine child gets", "title")),
        *_environment(hardware, width),
    ]
    return lines


def _links(name: str, topology: str, matrix: Matrix, gpus: int, width: int) -> list[Line]:
    lines = [
        line((f" {name} ", "title"), (topology, "ok" if matrix and topology != "none" else "text")),
        line((f" {_meaning(topology, gpus)}", "muted")),
    ]
    if matrix:
        lines += [line(""), *grid(matrix, width), line(""), *legend(matrix)]
    return lines


def _meaning(topology: str, gpus: int) -> str:
    if gpus == 0:
        return "no GPU to link"
    if gpus == 1:
        return "one GPU: nothing to link it with"
    return TOPOLOGIES.get(topology, "a topology that this version does not know")


def grid(matrix: Matrix, width: int) -> list[Line]:
    """The matrix, in several blocks of columns where it is wider than the room."""
    fits = max(1, (width - 7) // LABEL_WIDTH)
    lines: list[Line] = []
    for start in range(0, len(matrix), fits):
        numbers = range(start, min(len(matrix), start + fits))
        if start:
            lines.append(line(""))
        heads = "".join(f"{number:<{LABEL_WIDTH}}" for number in numbers)
        lines.append(line((f" GPU   {heads}", "muted")))
        for index, row in enumerate(matrix):
            cells = [_cell(row[number] if number < len(row) else "") for number in numbers]
            lines.append(line((f" {index:>3}   ", "muted"), *cells))
    return lines


def _cell(label: str) -> Span:
    label = marked(label, 8)
    role = "live" if _NVLINK.fullmatch(label) or label == "XGMI" else "text"
    return Span(fit(label or "-", LABEL_WIDTH), "muted" if label in ("X", "") else role)


def legend(matrix: Matrix) -> list[Line]:
    """What each label that occurs means."""
    labels = {label for row in matrix for label in row}
    explained = [("X", "the GPU itself")] if "X" in labels else []
    for label in sorted(labels, key=_links_of, reverse=True):
        if found := _NVLINK.fullmatch(label):
            explained.append((label, f"{found[1]} NVLink connections together"))
    explained += [(label, words) for label, words in LEGEND if label in labels]
    if any(label.isdecimal() for label in labels):
        explained.append(("15, 30", "weight of the path: 15 is one xGMI hop, more is farther"))
    if "" in labels:
        explained.append(("-", "the tool could not say"))
    return [line((f" {label:<7}", "text"), (words, "muted")) for label, words in explained]


def _links_of(label: str) -> int:
    found = _NVLINK.fullmatch(label)
    return int(found[1]) if found else 0


def _ports(ports: Sequence[PortView], width: int) -> Iterable[Line]:
    if not ports:
        yield _fact("InfiniBand", Span("none found", "muted"))
    for port in ports:
        is_up = "ACTIVE" in port.state.upper()
        layer = "RoCE" if port.link_layer.lower() == "ethernet" else port.link_layer
        yield line(
            f" {fit(f'{port.name}:{port.port}', 12)} ",
            Span(fit(port.state, 9), "ok" if is_up else "warn"),
            f"{fit(port.rate, max(10, min(22, width - 36)))} ",
            (layer or "InfiniBand", "muted"),
        )


def _environment(hardware: HardwareView, width: int) -> Iterable[Line]:
    if not hardware.engine_environment:
        yield line((" nothing: there is no fabric to tell it of", "muted"))
        return
    for name, value in hardware.engine_environment.items():
        if len(name) + len(value) + 2 <= width:
            yield line(f" {name}", ("=", "muted"), (value, "accent"))
        else:
            yield line(f" {name}", ("=", "muted"))
            step = max(8, width - 3)
            for start in range(0, len(value), step):
                yield line("  ", (value[start : start + step], "accent"))


def _fact(name: str, value: Span) -> Line:
    return line(f" {name:<13}", value)
