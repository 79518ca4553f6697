"""GPU-to-GPU links, read from what the vendors' tools print (`wire.md` §14).

Both tools print a table whose columns and rows are GPUs. Whatever the text is, nothing here
raises: what cannot be read is no link. There is at most one link an unordered pair, and none from a
GPU to itself.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Topology = Literal["pair", "mesh", "all-to-all", "none", "unknown"]

XGMI_WEIGHT_LIMIT = 30
"""`rocm-smi` prints 15 for a direct xGMI link; paths over PCIe start at 40."""
MAX_GPUS = 64
"""A table with more columns than any machine has GPUs is not one."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_GPU = re.compile(r"GPU(\d{1,4})", re.ASCII)
_NVLINK = re.compile(r"NV\d{1,3}", re.ASCII)
_WEIGHT = re.compile(r"\d{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GpuLink:
    """Two GPUs that are connected directly; `first` is the lower number."""

    first: int
    second: int
    kind: str = ""
    """NVLink: as the tool prints it, like `NV4` (four bonded links)."""
    weight: int | None = None
    """xGMI."""


@dataclass(frozen=True, slots=True)
class GpuFabric:
    """The links of one kind among the GPUs of this machine."""

    topology: Topology = "none"
    links: tuple[GpuLink, ...] = ()
    matrix: tuple[tuple[str, ...], ...] = ()
    """How each GPU reaches each other: `X` for itself, `NV4`, `XGMI`, `PHB`, …; `` if unknown."""

    @property
    def is_available(self) -> bool:
        """Whether any two GPUs are linked."""
        return bool(self.links)


NO_FABRIC = GpuFabric()


def classify(gpu_count: int, link_count: int) -> Topology:
    """The shape of `link_count` different links among `gpu_count` GPUs."""
    if link_count <= 0:
        return "none"
    if gpu_count == 2:
        return "pair"
    return "all-to-all" if link_count >= gpu_count * (gpu_count - 1) // 2 else "mesh"


def parse_nvidia_topology(text: str) -> GpuFabric:
    """NVLink, from `nvidia-smi topo -m`; paths over PCIe (SYS, NODE, PHB, PXB, PIX) are no link."""
    table = _Table.read(_ANSI.sub("", text).splitlines())
    links = {
        pair: GpuLink(*pair, kind=cell) for pair, cell in table.pairs() if _NVLINK.fullmatch(cell)
    }
    return table.fabric(links.values(), table.labels())


def parse_rocm_topology(text: str, weight_limit: int = XGMI_WEIGHT_LIMIT) -> GpuFabric:
    """xGMI, from `rocm-smi --showtopo`: a weight of at most `weight_limit` is a link.

    A 0 between two GPUs is a weight that the tool could not read.
    """
    lines = text.splitlines()
    table = _Table.read(_section(lines, "Weight between two GPUs"))
    links = {}
    for pair, cell in table.pairs():
        if _WEIGHT.fullmatch(cell) and 0 < int(cell) <= weight_limit:
            links[pair] = GpuLink(*pair, weight=int(cell))
    kinds = _Table.read(_section(lines, "Link Type between two GPUs"))
    labelled = kinds if kinds.columns == table.columns else table
    return table.fabric(links.values(), labelled.labels())


@dataclass(frozen=True, slots=True)
class _Table:
    columns: tuple[int, ...]
    cells: dict[tuple[int, int], str]

    @classmethod
    def read(cls, lines: Iterable[str]) -> "_Table":
        """The first table: a line of GPU names, then a line a GPU."""
        columns: tuple[int, ...] = ()
        cells: dict[tuple[int, int], str] = {}
        for line in lines:
            words = line.split()
            row = _number(words[0]) if words else None
            if row is None:
                continue
            if not columns:
                columns = _columns(words)
                continue
            for column, cell in zip(columns, words[1:], strict=False):
                cells.setdefault((row, column), cell[:8])
        return cls(columns, cells)

    def pairs(self) -> Iterable[tuple[tuple[int, int], str]]:
        """Each cell beside the diagonal, with its pair in order."""
        known = set(self.columns)
        for (row, column), cell in self.cells.items():
            if row != column and row in known:
                yield (min(row, column), max(row, column)), cell

    def labels(self) -> tuple[tuple[str, ...], ...]:
        """The table as a square, in the order of the columns."""
        return tuple(
            tuple(
                "X" if row == column else self.cells.get((row, column), "")
                for column in self.columns
            )
            for row in self.columns
        )

    def fabric(self, links: Iterable[GpuLink], matrix: tuple[tuple[str, ...], ...]) -> GpuFabric:
        """The links and their shape, which a table that was cut off does not tell."""
        found = tuple(sorted(links, key=lambda link: (link.first, link.second)))
        count = len(self.columns)
        is_whole = len({pair for pair, _cell in self.pairs()}) == count * (count - 1) // 2
        topology = classify(count, len(found)) if is_whole or not found else "unknown"
        return GpuFabric(topology, found, matrix)


def _columns(words: list[str]) -> tuple[int, ...]:
    """The GPUs a header names; what follows them (NICs, affinities) is left out."""
    numbers: list[int] = []
    for word in words[:MAX_GPUS]:
        number = _number(word)
        if number is None or number in numbers:
            break
        numbers.append(number)
    return tuple(numbers)


def _number(word: str) -> int | None:
    match = _GPU.fullmatch(word)
    return int(match[1]) if match else None


def _section(lines: list[str], title: str) -> list[str]:
    start = next((index for index, line in enumerate(lines) if title in line), None)
    if start is None:
        return []
    rest = lines[start + 1 :]
    end = next((index for index, line in enumerate(rest) if line.startswith("===")), len(rest))
    return rest[:end]
