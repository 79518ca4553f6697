"""How busy this machine is now: what a control plane weighs nodes by (`wire.md` §6, §7).

Blocking calls; callers keep them off the event loop.
"""

import os
from datetime import UTC, datetime
from typing import Any

import psutil

from infernet_tui.hardware.gpus import GIB, nvidia_gpus


def measure_load(active_jobs: int, capacity: int) -> dict[str, Any]:
    """`specs.load`: jobs against capacity, one-minute load, free memory in GiB, GPU use in %."""
    memory = psutil.virtual_memory()
    gpus = nvidia_gpus()
    utilizations = [gpu.utilization_percent for gpu in gpus if gpu.utilization_percent is not None]
    return {
        "active_jobs": active_jobs,
        "concurrency_cap": capacity,
        "load_avg_1m": round(os.getloadavg()[0], 2),
        "ram": {"total_gb": _gib(memory.total), "free_gb": _gib(memory.available)},
        "vram": {
            "total_gb": _gib(sum(gpu.vram_total_bytes for gpu in gpus)),
            "free_gb": _gib(sum(gpu.vram_free_bytes for gpu in gpus)),
        },
        "gpu_utilization_max": max(utilizations, default=None),
        "measured_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _gib(size: int) -> float:
    return round(size / GIB, 2)
