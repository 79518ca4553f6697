"""How much work a node is worth: reputation x tokens per second x headroom (`wire.md` §6).

What a node claims of its speed counts only until its answers were measured here, and never without
limit.
"""

from collections.abc import Mapping
from typing import Any

from infernet_server.matching.load import Load, bounded

DEFAULT_TOKENS_PER_SECOND = 10.0
MAX_TOKENS_PER_SECOND = 1000.0
_NEW_SHARE = 0.3
"""Share of the newest measurement in the running average."""
_FREE_SLOTS_WEIGHT = 4.0


def weight(reputation: int, tokens_per_second: float, headroom: float) -> float:
    """A node's chance relative to others."""
    return max(1, reputation) * tokens_per_second * headroom


def headroom(load: Load, active_jobs: int) -> float:
    """Room left for more work: free memory, and free slots on top."""
    if load.free_gb is None:
        return 1.0
    free_slots = max(0.0, 1 - active_jobs / load.cap) if load.cap else 0.0
    return max(1.0, load.free_gb + _FREE_SLOTS_WEIGHT * free_slots)


def claimed_speed(specs: Mapping[str, Any]) -> float:
    """Tokens per second that `specs.bench` claims, or the default."""
    bench = specs.get("bench")
    claim = bench.get("tokens_per_second_avg") if isinstance(bench, Mapping) else None
    return bounded(claim, MAX_TOKENS_PER_SECOND) or DEFAULT_TOKENS_PER_SECOND


def updated_speed(average: float | None, measured: float) -> float:
    """The running average of measured tokens per second with one more measurement."""
    measured = max(1.0, min(measured, MAX_TOKENS_PER_SECOND))
    return measured if average is None else average + _NEW_SHARE * (measured - average)
