"""A machine that does not exist: four busy H100s with NVLink and InfiniBand, or no GPU at all.

Shows screens and drives tests without hardware. What it says depends on the clock alone: the same
second gives the same reading.
"""

import math
import time
from collections.abc import Callable
from dataclasses import replace

from infernet_tui.hardware.base import (
    GIB,
    Cpu,
    Disk,
    Gpu,
    GpuProcess,
    Hardware,
    HardwareReading,
    Probe,
    Ram,
    Sample,
)
from infernet_tui.hardware.interconnects import Interconnects, engine_environment
from infernet_tui.hardware.rdma import InfinibandPort
from infernet_tui.hardware.topology import GpuFabric, GpuLink, classify

MODEL = "NVIDIA H100 80GB HBM3"
GPU_COUNT = 4
VRAM_BYTES = 85_520_809_984
POWER_LIMIT_WATTS = 700.0
_RAM_BYTES = 1024 * GIB
_LINK = "NV18"


class FakeHardware:
    """`Hardware` that is made up."""

    def __init__(
        self, clock: Callable[[], float] = time.time, *, gpu_count: int = GPU_COUNT
    ) -> None:
        """`gpu_count` 0 is a machine without GPU, driver and fabric."""
        self._clock = clock
        self._gpu_count = gpu_count

    def sample(self) -> Sample:
        """What moves."""
        now = self._clock()
        gpus = tuple(_gpu(index, now) for index in range(self._gpu_count))
        return Sample(gpus, _cpu(now), _ram(now))

    def read(self) -> HardwareReading:
        """Everything."""
        now, sample = self._clock(), self.sample()
        fabric = _fabric(self._gpu_count) if self._gpu_count else Interconnects()
        return HardwareReading(
            measured_at=now,
            backend="fake" if self._gpu_count else "none",
            gpus=tuple(_in_full(gpu, now) for gpu in sample.gpus),
            cpu=sample.cpu,
            ram=sample.ram,
            disk=Disk("/var/lib/models", 3_840_000_000_000, 2_211_000_000_000),
            interconnects=fabric,
            engine_environment=engine_environment(fabric),
            probes=_probes(self._gpu_count, fabric),
        )

    def close(self) -> None:
        """Nothing is open."""


def _wave(now: float, period_seconds: float, phase: float) -> float:
    """From 0 to 1 and back; two periods, so that it does not look like a sine."""
    slow = math.sin(2 * math.pi * now / period_seconds + phase)
    quick = math.sin(2 * math.pi * now / (period_seconds / 5.3) + 2 * phase)
    return 0.5 + 0.35 * slow + 0.15 * quick


def _gpu(index: int, now: float) -> Gpu:
    # The last one is spare: mostly idle.
    busy = _wave(now, 90, 1.7 * index) * (1.0 if index < GPU_COUNT - 1 else 0.12)
    return Gpu(
        index=index,
        vendor="nvidia",
        model=MODEL,
        utilization_percent=round(100 * busy),
        vram_used_bytes=int(VRAM_BYTES * (0.08 + 0.80 * (index < GPU_COUNT - 1) + 0.04 * busy)),
        vram_total_bytes=VRAM_BYTES,
        power_watts=round(72 + 560 * busy, 1),
        temperature_c=round(33 + 38 * busy),
    )


def _in_full(gpu: Gpu, now: float) -> Gpu:
    busy = (gpu.utilization_percent or 0) / 100
    engine = GpuProcess(4120 + gpu.index, "llama-server", gpu.vram_used_bytes)
    return replace(
        gpu,
        power_limit_watts=POWER_LIMIT_WATTS,
        clock_mhz=round(345 + 1635 * busy),
        clock_max_mhz=1980,
        pcie_generation=5,
        pcie_lanes=16,
        pcie_rx_bytes_per_second=int(2.1e9 * busy),
        pcie_tx_bytes_per_second=int(0.7e9 * _wave(now, 40, gpu.index)),
        processes=(engine,),
    )


def _cpu(now: float) -> Cpu:
    percent = round(4 + 22 * _wave(now, 70, 0.4), 1)
    load = round(2 + percent / 4, 2)
    return Cpu("intel", "Intel(R) Xeon(R) Platinum 8480C", "x64", 112, 2, percent, load)


def _ram(now: float) -> Ram:
    used = int(_RAM_BYTES * (0.16 + 0.02 * _wave(now, 300, 0.9)))
    return Ram(_RAM_BYTES, used, _RAM_BYTES - used)


def _fabric(gpu_count: int) -> Interconnects:
    numbers = range(gpu_count)
    links = tuple(
        GpuLink(first, second, kind=_LINK)
        for first in numbers
        for second in numbers
        if first < second
    )
    matrix = tuple(tuple("X" if row == column else _LINK for column in numbers) for row in numbers)
    ports = tuple(
        InfinibandPort(
            f"mlx5_{number}", 1, "ACTIVE", "400 Gb/sec (4X NDR)", "InfiniBand", "MT_0000000838"
        )
        for number in range(2)
    )
    return Interconnects(
        nvlink=GpuFabric(classify(gpu_count, len(links)), links, matrix), infiniband=ports
    )


def _probes(gpu_count: int, fabric: Interconnects) -> tuple[Probe, ...]:
    if not gpu_count:
        return (
            Probe("NVML", False, "libnvidia-ml.so.1 is not installed"),
            Probe("NVLink", False, "nvidia-smi is not installed"),
            Probe("InfiniBand", False, "no /sys/class/infiniband"),
            Probe("CPU and memory", True, "112 cores, made up"),
        )
    nvlink = fabric.nvlink
    return (
        Probe("NVML", True, f"{gpu_count} GPUs, driver 560.35.03"),
        Probe("NVLink", True, f"{nvlink.topology}, {len(nvlink.links)} links"),
        Probe("InfiniBand", True, "2 of 2 ports active"),
        Probe("CPU and memory", True, "112 cores, made up"),
    )


_: type[Hardware] = FakeHardware
