"""How busy a node says it is. Self-reported, so every number is bounded before it counts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

DEFAULT_CAP = 4
MAX_CAP = 1024
MAX_FREE_GB = 256.0
"""More free memory than this earns no more work."""
SATURATED_PERCENT = 95.0


@dataclass(frozen=True, slots=True)
class Load:
    """`specs.load` of a heartbeat (`wire.md` §6)."""

    active_jobs: int = 0
    cap: int = DEFAULT_CAP
    gpu_percent: float = 0.0
    """The busiest GPU's utilisation."""
    free_gb: float | None = None
    """Free RAM and VRAM together; None when the node reports no load at all."""

    def idle(self) -> "Load":
        """The same machine with nothing to do."""
        return replace(self, active_jobs=0, gpu_percent=0.0)


UNREPORTED = Load()


def reported_load(specs: Mapping[str, Any]) -> Load:
    """Read `specs.load`; whatever is not a sensible number counts as its default."""
    load = specs.get("load")
    if not isinstance(load, Mapping):
        return UNREPORTED
    cap = load.get("concurrency_cap")
    return Load(
        active_jobs=int(bounded(load.get("active_jobs"), MAX_CAP)),
        cap=int(bounded(cap, MAX_CAP)) if is_number(cap) else DEFAULT_CAP,
        gpu_percent=bounded(load.get("gpu_utilization_max"), 100),
        free_gb=_free_gb(load.get("ram")) + _free_gb(load.get("vram")),
    )


def _free_gb(memory: object) -> float:
    return bounded(memory.get("free_gb"), MAX_FREE_GB) if isinstance(memory, Mapping) else 0.0


def is_number(value: object) -> bool:
    """Whether JSON gave a finite number."""
    return type(value) is int or (isinstance(value, float) and math.isfinite(value))


def bounded(value: object, highest: float) -> float:
    """A number between 0 and `highest`; 0 for anything else."""
    if isinstance(value, int | float) and is_number(value):
        return float(max(0, min(value, highest)))
    return 0.0
