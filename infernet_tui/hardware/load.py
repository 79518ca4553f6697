"""How busy this machine is now: what a control plane weighs nodes by (`wire.md` §6, §7).

Blocking calls; callers keep them off the event loop.
"""

import contextlib
import time
from collections.abc import Iterable
from typing import Any

from infernet_tui.hardware.base import GIB, Hardware, Sample
from infernet_tui.hardware.detect import MachineHardware
from infernet_tui.hardware.document import iso_time


def measure_load(
    active_jobs: int, capacity: int, hardware: Hardware | None = None
) -> dict[str, Any]:
    """`specs.load` of what is measured now."""
    return load_of(active_jobs, capacity, _sample(hardware))


def load_of(active_jobs: int, capacity: int, sample: Sample) -> dict[str, Any]:
    """`specs.load`: jobs against capacity, one-minute load, free memory in GiB, GPU use in %."""
    totals = [gpu.vram_total_bytes for gpu in sample.gpus]
    used = _known(gpu.vram_used_bytes for gpu in sample.gpus)
    total = sum(_known(totals))
    return {
        "active_jobs": active_jobs,
        "concurrency_cap": capacity,
        "load_avg_1m": sample.cpu.load_1m or 0.0,
        "ram": {
            "total_gb": _gib(sample.ram.total_bytes),
            "free_gb": _gib(sample.ram.available_bytes),
        },
        "vram": {"total_gb": _gib(total), "free_gb": _gib(total - sum(used))},
        "gpu_utilization_max": max(
            _known(gpu.utilization_percent for gpu in sample.gpus), default=None
        ),
        "measured_at": iso_time(time.time()),
    }


def _sample(hardware: Hardware | None) -> Sample:
    if hardware:
        return hardware.sample()
    with contextlib.closing(MachineHardware()) as machine:
        return machine.sample()


def _known(values: Iterable[int | None]) -> list[int]:
    return [value for value in values if value is not None]


def _gib(size: int) -> float:
    return round(size / GIB, 2)
