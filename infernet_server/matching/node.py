"""One provider as matching sees it.

What every match asks is computed when the node changes, not when a job comes: its `weight`, and the
span of time in which it may have jobs (`open_from <= now < open_until`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infernet_server.matching import scoring
from infernet_server.matching.breaker import Breaker
from infernet_server.matching.interconnects import NO_FABRIC, Fabric
from infernet_server.matching.load import SATURATED_PERCENT, UNREPORTED, Load
from infernet_server.matching.reputation import Reputation

ROUTABLE_SECONDS = 120.0
"""How long after its last word a node without a channel gets jobs."""


@dataclass(slots=True, eq=False)
class Node:
    """A provider. Call `refresh` after changing anything. Times are Unix seconds."""

    provider_id: str
    node_id: str
    public_key: str = ""
    name: str = ""
    gpu_model: str | None = None
    address: str | None = None
    port: int | None = None
    price: float = 0.0
    """USD a job."""
    is_public: bool = True
    specs: Mapping[str, Any] = field(default_factory=dict)
    """What it says of itself, as it came: only for showing."""
    models: tuple[str, ...] = ()
    continued_models: frozenset[str] = frozenset()
    """Models with which it can go on from the middle of an answer."""
    fabric: Fabric = NO_FABRIC
    payout_coins: frozenset[str] = frozenset()
    """Coins it has a payout address for; empty when it has not chosen yet, and is paid later."""

    seen_at: float = 0.0
    is_available: bool = True
    is_connected: bool = False
    """Whether its channel is open."""
    is_disconnected: bool = False
    """Its channel broke and it has not been heard of since."""
    is_draining: bool = False

    load: Load = UNREPORTED
    own_jobs: int = 0
    """Jobs it runs for this control plane, as counted here."""
    other_jobs: int = 0
    """Jobs it reported beyond ours."""
    claimed_speed: float = scoring.DEFAULT_TOKENS_PER_SECOND
    measured_speed: float | None = None
    """Tokens per second of its answers, as seen here."""
    reputation: Reputation = field(default_factory=Reputation)
    breaker: Breaker = field(default_factory=Breaker)

    is_taking: bool = field(default=True, init=False)
    """Whether it wants new jobs."""
    is_saturated: bool = field(default=False, init=False)
    weight: float = field(default=0.0, init=False)
    open_from: float = field(default=0.0, init=False)
    open_until: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.refresh()

    @property
    def active_jobs(self) -> int:
        """Jobs it runs, ours and others'."""
        return self.own_jobs + self.other_jobs

    @property
    def tokens_per_second(self) -> float:
        """How fast it answers: measured, or else claimed."""
        return self.measured_speed or self.claimed_speed

    def is_live(self, now: float, window_seconds: float = ROUTABLE_SECONDS) -> bool:
        """Whether it is there: connected, or heard of within the window."""
        heard_of = now < self.seen_at + window_seconds and not self.is_disconnected
        return self.is_available and (self.is_connected or heard_of)

    def refresh(self) -> None:
        """Compute what matching reads."""
        active = self.active_jobs
        self.is_taking = self.is_available and not self.is_draining
        self.is_saturated = active >= self.load.cap or self.load.gpu_percent >= SATURATED_PERCENT
        room = scoring.headroom(self.load, active)
        self.weight = scoring.weight(self.reputation.value, self.tokens_per_second, room)
        is_closed = not self.is_taking or self.is_disconnected or self.is_saturated
        self.open_from = math.inf if is_closed else self.breaker.opens_at
        self.open_until = math.inf if self.is_connected else self.seen_at + ROUTABLE_SECONDS
