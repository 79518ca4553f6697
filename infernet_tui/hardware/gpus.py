"""NVIDIA GPUs through NVML. Best effort: no driver, no package, or a driver that fails is no GPU.

Blocking calls; callers keep them off the event loop.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

GIB = 1024**3
_TIERS = ((8, "<8gb"), (16, "8-16gb"), (24, "16-24gb"), (48, "24-48gb"))


@dataclass(frozen=True, slots=True)
class Gpu:
    """One device, now."""

    model: str
    vram_total_bytes: int
    vram_free_bytes: int
    utilization_percent: int | None

    @property
    def vram_tier(self) -> str:
        """Coarse class of memory size, the wire's spelling; 24 means "sold as 24 GB"."""
        gigabytes = round(self.vram_total_bytes / GIB)
        return next((name for limit, name in _TIERS if gigabytes < limit), ">=48gb")


def nvidia_gpus() -> list[Gpu]:
    """The NVIDIA devices of this machine."""
    try:
        import pynvml
    except ImportError:
        return []
    try:
        with _nvml(pynvml):
            return [_gpu(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []


@contextlib.contextmanager
def _nvml(pynvml: Any) -> Iterator[None]:
    pynvml.nvmlInit()
    try:
        yield
    finally:
        pynvml.nvmlShutdown()


def _gpu(pynvml: Any, index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    utilization = None
    with contextlib.suppress(pynvml.NVMLError):  # not on every device (MIG slices)
        utilization = int(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    name = pynvml.nvmlDeviceGetName(handle)
    text = name.decode() if isinstance(name, bytes) else str(name)
    return Gpu(text[:64], int(memory.total), int(memory.free), utilization)
