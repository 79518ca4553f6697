"""What is known about a machine, as plain frozen values, and who finds it out.

Sizes are bytes, powers watts, temperatures degrees Celsius. None is "not known": a device that does
not tell, a driver that fails, a GPU that sleeps. Every call of a `Hardware` blocks; callers keep
them off the event loop.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from infernet_tui.hardware.interconnects import NO_INTERCONNECTS, Interconnects

GIB = 1024**3
Backend = Literal["nvml", "fake", "none"]


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process that holds memory of a GPU."""

    pid: int
    name: str | None
    vram_bytes: int | None


@dataclass(frozen=True, slots=True)
class Gpu:
    """One device, now."""

    index: int
    vendor: str
    model: str
    utilization_percent: int | None = None
    vram_used_bytes: int | None = None
    vram_total_bytes: int | None = None
    power_watts: float | None = None
    power_limit_watts: float | None = None
    temperature_c: int | None = None
    clock_mhz: int | None = None
    clock_max_mhz: int | None = None
    fan_percent: int | None = None
    pcie_generation: int | None = None
    pcie_lanes: int | None = None
    pcie_rx_bytes_per_second: int | None = None
    pcie_tx_bytes_per_second: int | None = None
    is_asleep: bool = False
    """Powered down by the kernel; asking it anything would wake it, so nothing is asked."""
    processes: tuple[GpuProcess, ...] = ()


@dataclass(frozen=True, slots=True)
class Cpu:
    """The processor, and how busy it is."""

    vendor: str
    """intel | amd | apple | arm | unknown"""
    model: str | None
    arch: str
    """x64 | arm64 | whatever the system says"""
    cores: int
    """Logical ones."""
    groups: int
    """Sockets."""
    percent: float | None
    """Of all cores, since the reading before; None in the first one."""
    load_1m: float | None


@dataclass(frozen=True, slots=True)
class Ram:
    """Main memory."""

    total_bytes: int
    used_bytes: int
    available_bytes: int
    """What programs can still get without swapping."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system that holds the models."""

    path: str
    total_bytes: int | None
    free_bytes: int | None


@dataclass(frozen=True, slots=True)
class Probe:
    """One attempt to find something, and how it went."""

    name: str
    found: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What moves from second to second, and is cheap to ask.

    Its GPUs have no clocks, fan, PCIe figures or processes.
    """

    gpus: tuple[Gpu, ...]
    cpu: Cpu
    ram: Ram


@dataclass(frozen=True, slots=True)
class HardwareReading:
    """Everything about the machine, now."""

    measured_at: float
    """Unix seconds."""
    backend: Backend
    gpus: tuple[Gpu, ...]
    cpu: Cpu
    ram: Ram
    disk: Disk
    interconnects: Interconnects = NO_INTERCONNECTS
    engine_environment: Mapping[str, str] = field(default_factory=dict)
    """What an engine's child process is given for the fabric's sake."""
    probes: tuple[Probe, ...] = ()


class Hardware(Protocol):
    """Finds out what the machine is and does. Safe to call from several threads; never raises."""

    def read(self) -> HardwareReading:
        """Everything. Takes up to some tenths of a second; seconds when the fabric is due."""
        ...

    def sample(self) -> Sample:
        """What moves. Milliseconds."""
        ...

    def close(self) -> None:
        """Let go of drivers. A later call opens them again."""
        ...
