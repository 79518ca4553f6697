"""This machine, as it is: runs every probe and remembers what each one found.

The fabric does not change while a machine runs and is slow to ask, so it is looked at again only
after `FABRIC_SECONDS`. Two locks: a slow look at the fabric does not hold up the next sample.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from infernet_tui.hardware.base import Backend, Gpu, Hardware, HardwareReading, Probe, Sample
from infernet_tui.hardware.cpu import CpuMeter, read_cpu, read_disk, read_ram
from infernet_tui.hardware.fabric import DetectedFabric, detect_fabric
from infernet_tui.hardware.interconnects import engine_environment
from infernet_tui.hardware.nvidia import Nvml
from infernet_tui.hardware.other_vendors import amd_probe, apple_probe

FABRIC_SECONDS = 300.0
CPU_SECONDS = 0.2
"""Over a shorter time the share of busy ticks says nothing."""

DetectFabric = Callable[[Sequence[Gpu]], DetectedFabric]


class MachineHardware:
    """`Hardware` that looks at the real thing."""

    def __init__(
        self,
        nvml: Nvml | None = None,
        *,
        detect: DetectFabric = detect_fabric,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._nvml = nvml or Nvml(clock=clock)
        self._detect = detect
        self._environ = environ
        self._clock = clock
        self._cpu = CpuMeter()
        self._percent: float | None = None
        self._percent_at = float("-inf")
        self._lock = threading.Lock()
        self._fabric: DetectedFabric | None = None
        self._fabric_at = 0.0
        self._fabric_lock = threading.Lock()

    def sample(self) -> Sample:
        """What moves."""
        with self._lock:
            gpus = self._nvml.gpus(in_full=False)
            return Sample(gpus, read_cpu(self._cpu_percent()), read_ram())

    def read(self) -> HardwareReading:
        """Everything."""
        with self._lock:
            gpus = self._nvml.gpus(in_full=True)
            nvml_probe = self._nvml.probe()
        fabric = self._known_fabric(gpus)
        with self._lock:
            cpu = read_cpu(self._cpu_percent())
        backend: Backend = "nvml" if gpus else "none"
        return HardwareReading(
            measured_at=time.time(),
            backend=backend,
            gpus=gpus,
            cpu=cpu,
            ram=read_ram(),
            disk=read_disk(),
            interconnects=fabric.interconnects,
            engine_environment=engine_environment(fabric.interconnects, self._environ),
            probes=(nvml_probe, amd_probe(), apple_probe(), *fabric.probes, _cpu_probe(cpu.cores)),
        )

    def close(self) -> None:
        """Let go of NVML."""
        with self._lock:
            self._nvml.close()

    def _cpu_percent(self) -> float | None:
        """Busy share of all cores since the last time that was measured."""
        now = self._clock()
        if now - self._percent_at >= CPU_SECONDS:
            self._percent, self._percent_at = self._cpu.percent(), now
        return self._percent

    def _known_fabric(self, gpus: Sequence[Gpu]) -> DetectedFabric:
        with self._fabric_lock:
            now = self._clock()
            if self._fabric is None or now - self._fabric_at > FABRIC_SECONDS:
                self._fabric, self._fabric_at = self._detect(gpus), now
            return self._fabric


def _cpu_probe(cores: int) -> Probe:
    return Probe("CPU and memory", True, f"{cores} cores, through psutil")


_: type[Hardware] = MachineHardware
