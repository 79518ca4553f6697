"""The states that a demo node can be in."""

from collections.abc import Mapping
from dataclasses import dataclass

GIB = 1024**3
GB = 10**9


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is different from one demo to the next."""

    uptime_seconds: float
    """How long the node has been up when the demo begins."""
    peer_count: int
    has_gpus: bool = True
    has_jobs: bool = True
    has_past: bool = True
    """Whether there are earnings and history from before this run of the node."""
    is_hostile: bool = False
    """Whether everything that a stranger can write is an attack on the terminal."""
    offline_seconds: float | None = None
    """How long ago the control plane was lost when the demo begins; None while it is there."""
    hot_gpu: int | None = None
    """The GPU that somebody else's process heats to 92 °C."""
    disk_free_bytes: int = 812 * GB


_BUSY = Scenario(uptime_seconds=4 * 3600 + 1256, peer_count=24)
_IDLE = Scenario(
    uptime_seconds=750,
    peer_count=1,
    has_gpus=False,
    has_jobs=False,
    has_past=False,
    disk_free_bytes=61 * GB,
)

SCENARIOS: Mapping[str, Scenario] = {
    "busy": _BUSY,
    "idle": _IDLE,
    "empty": _IDLE,
    "trouble": Scenario(
        uptime_seconds=_BUSY.uptime_seconds,
        peer_count=24,
        offline_seconds=240,
        hot_gpu=2,
        disk_free_bytes=2 * GB,
    ),
    "large": Scenario(uptime_seconds=140_000, peer_count=1000),
    "hostile": Scenario(uptime_seconds=_BUSY.uptime_seconds, peer_count=24, is_hostile=True),
}
"""`busy` is what `--demo` shows; `idle` is also called `empty`."""
