"""The machine: GPUs, CPU, memory, fabric, and their history."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infernet_tui.text import marked
from infernet_tui.views.reader import Reader


@dataclass(frozen=True, slots=True)
class GpuProcessView:
    """A program that holds memory of a GPU."""

    pid: int | None
    name: str
    vram_bytes: int | None


@dataclass(frozen=True, slots=True)
class GpuView:
    """One device, now."""

    index: int
    vendor: str
    model: str
    utilization_percent: float | None
    vram_used_bytes: int | None
    vram_total_bytes: int | None
    power_watts: float | None
    power_limit_watts: float | None
    temperature_c: float | None
    clock_mhz: int | None
    clock_max_mhz: int | None
    fan_percent: float | None
    pcie_generation: int | None
    pcie_lanes: int | None
    pcie_rx_bytes_per_second: float | None
    pcie_tx_bytes_per_second: float | None
    is_asleep: bool
    processes: tuple[GpuProcessView, ...]

    @classmethod
    def parse(cls, gpu: Reader) -> "GpuView":
        """Read one device."""
        return cls(
            index=gpu.integer("index") or 0,
            vendor=gpu.text("vendor") or "unknown",
            model=gpu.text("model") or "unknown GPU",
            utilization_percent=gpu.number("utilization_percent"),
            vram_used_bytes=gpu.integer("vram_used_bytes"),
            vram_total_bytes=gpu.integer("vram_total_bytes"),
            power_watts=gpu.number("power_watts"),
            power_limit_watts=gpu.number("power_limit_watts"),
            temperature_c=gpu.number("temperature_c"),
            clock_mhz=gpu.integer("clock_mhz"),
            clock_max_mhz=gpu.integer("clock_max_mhz"),
            fan_percent=gpu.number("fan_percent"),
            pcie_generation=gpu.integer("pcie_generation"),
            pcie_lanes=gpu.integer("pcie_lanes"),
            pcie_rx_bytes_per_second=gpu.number("pcie_rx_bytes_per_second"),
            pcie_tx_bytes_per_second=gpu.number("pcie_tx_bytes_per_second"),
            is_asleep=bool(gpu.flag("is_asleep")),
            processes=tuple(
                GpuProcessView(
                    each.integer("pid"), each.text("name") or "?", each.integer("vram_bytes")
                )
                for each in gpu.parts("processes")
            ),
        )


@dataclass(frozen=True, slots=True)
class PortView:
    """One InfiniBand or RoCE port."""

    name: str
    port: str
    state: str
    rate: str
    link_layer: str


@dataclass(frozen=True, slots=True)
class ProbeView:
    """What one way of looking for hardware found."""

    name: str
    found: bool
    detail: str


@dataclass(frozen=True, slots=True)
class HardwareView:
    """One reading of the whole machine."""

    measured_at: float | None
    backend: str
    gpus: tuple[GpuView, ...]
    cpu_model: str | None
    cpu_cores: int | None
    cpu_percent: float | None
    load_1m: float | None
    ram_total_bytes: int | None
    ram_used_bytes: int | None
    disk_path: str | None
    disk_free_bytes: int | None
    disk_total_bytes: int | None
    nvlink: tuple[str, tuple[tuple[str, ...], ...]]
    """Topology (pair, mesh, all-to-all, none, unknown) and the GPU × GPU labels."""
    xgmi: tuple[str, tuple[tuple[str, ...], ...]]
    ports: tuple[PortView, ...]
    efa_adapters: int
    rdma_capable: bool
    engine_environment: Mapping[str, str]
    probes: tuple[ProbeView, ...]

    @classmethod
    def parse(cls, raw: object) -> "HardwareView":
        """Read the answer of `hardware`."""
        top = Reader(raw)
        cpu, ram, disk = top.part("cpu"), top.part("ram"), top.part("disk")
        fabric = top.part("interconnects")
        return cls(
            measured_at=top.time("measured_at"),
            backend=top.text("backend") or "none",
            gpus=tuple(GpuView.parse(gpu) for gpu in top.parts("gpus")),
            cpu_model=cpu.text("model"),
            cpu_cores=cpu.integer("cores"),
            cpu_percent=cpu.number("percent"),
            load_1m=cpu.number("load_1m"),
            ram_total_bytes=ram.integer("total_bytes"),
            ram_used_bytes=ram.integer("used_bytes"),
            disk_path=disk.text("path"),
            disk_free_bytes=disk.integer("free_bytes"),
            disk_total_bytes=disk.integer("total_bytes"),
            nvlink=_links(fabric.part("nvlink")),
            xgmi=_links(fabric.part("xgmi")),
            ports=tuple(_port(port) for port in fabric.part("infiniband").parts("devices")),
            efa_adapters=len(fabric.part("efa").parts("devices")),
            rdma_capable=bool(fabric.flag("rdma_capable")),
            engine_environment=_environment(top.part("engine_environment")),
            probes=tuple(
                ProbeView(
                    each.text("name") or "?", bool(each.flag("found")), each.text("detail") or ""
                )
                for each in top.parts("probes")
            ),
        )


@dataclass(slots=True)
class Series:
    """The newest values of one figure, oldest first; None is a gap."""

    values: "Samples" = field(default_factory=lambda: Samples())

    def append(self, value: float | None, length: int) -> None:
        """Add the newest and drop what is too old."""
        self.values.append(value)
        if len(self.values) > length:
            del self.values[: len(self.values) - length]


class Samples(list[float | None]):
    """Values a step apart that know when they were taken, so that a plot need not shift at each."""

    end_step: int | None = None
    """Steps between 1970 and the end of the newest one."""


class HistoryView:
    """What happened in one window of time: series by name, like `tokens_per_second` or
    `gpu0.utilization_percent`. Every series is as long as the window has steps."""

    STEPS = {"10m": 600, "24h": 1440, "30d": 720}  # noqa: RUF012
    STEP_SECONDS = {"10m": 1, "24h": 60, "30d": 3600}  # noqa: RUF012
    NODE_SERIES = ("tokens_per_second", "active_jobs", "jobs_completed", "jobs_failed",
                   "cpu_percent", "ram_used_bytes")  # fmt: skip
    GPU_SERIES = ("utilization_percent", "vram_used_bytes", "power_watts", "temperature_c")

    def __init__(self, window: str = "10m") -> None:
        self.window = window
        self.length = self.STEPS.get(window, 600)
        self.ends_at: float | None = None
        self._series: dict[str, Series] = {}

    def load(self, raw: object) -> None:
        """Take the whole window from the answer of `history`."""
        top = Reader(raw)
        self.ends_at = top.time("end")
        self._series = {name: Series(Samples(top.numbers(name))) for name in self.NODE_SERIES}
        for gpu in top.parts("gpus"):
            prefix = f"gpu{gpu.integer('index') or 0}."
            self._series |= {
                prefix + name: Series(Samples(gpu.numbers(name))) for name in self.GPU_SERIES
            }

    def append(self, raw: object) -> None:
        """Add the newest second from the answer of `history.latest`; a repeated one is ignored."""
        top = Reader(raw)
        at = top.time("at")
        if at is None or (self.ends_at is not None and at <= self.ends_at):
            return
        missed = 0 if self.ends_at is None else min(self.length, round(at - self.ends_at) - 1)
        self.ends_at = at
        newest = {name: top.number(name) for name in self.NODE_SERIES}
        for gpu in top.parts("gpus"):
            prefix = f"gpu{gpu.integer('index') or 0}."
            newest |= {prefix + name: gpu.number(name) for name in self.GPU_SERIES}
        for name in newest.keys() | self._series.keys():
            series = self._series.setdefault(name, Series())
            for _ in range(missed):  # seconds that nobody asked for are gaps, not zeros
                series.append(None, self.length)
            series.append(newest.get(name), self.length)

    def values(self, name: str) -> Samples:
        """The series called `name`; empty if there is none."""
        series = self._series.get(name)
        if series is None:
            return Samples()
        if self.ends_at is not None:
            series.values.end_step = int(self.ends_at // self.STEP_SECONDS.get(self.window, 1))
        return series.values


def _links(fabric: Reader) -> tuple[str, tuple[tuple[str, ...], ...]]:
    matrix = fabric.raw.get("matrix")
    rows = matrix if isinstance(matrix, list) else []
    labels = tuple(
        tuple(marked(str(label), 8) for label in row) for row in rows if isinstance(row, list)
    )
    return fabric.text("topology") or "none", labels


def _port(port: Reader) -> PortView:
    return PortView(
        name=port.text("name") or "?",
        port=str(port.raw.get("port", ""))[:8],
        state=port.text("state") or "unknown",
        rate=port.text("rate") or "",
        link_layer=port.text("link_layer") or "",
    )


def _environment(found: Reader) -> dict[str, str]:
    return {str(name)[:64]: found.text(str(name)) or "" for name in found.raw}
