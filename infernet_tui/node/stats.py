"""What the node counts about itself: plain values, changed only on the event loop."""

import time
from collections import deque
from dataclasses import dataclass, field
from statistics import median_low
from typing import Any

from infernet_tui.node.job_records import JobRecords
from infernet_tui.node.times import iso_millis
from infernet_tui.node.token_rate import TokenRate

MAX_BENCH_SAMPLES = 32
MAX_FIRST_TOKENS = 64


@dataclass(slots=True)
class Stats:
    """Counters of one run of the node; times are in Unix seconds."""

    started_at: float = field(default_factory=time.time)
    heartbeats_ok: int = 0
    heartbeats_failed: int = 0
    last_heartbeat_at: float | None = None
    last_heartbeat_error: str | None = None
    """None again after the next heartbeat that worked."""
    polls_ok: int = 0
    polls_failed: int = 0
    last_poll_at: float | None = None
    jobs_picked: int = 0
    jobs_completed: int = 0
    jobs_failed: int = 0
    jobs_cancelled: int = 0
    last_job_at: float | None = None
    tokens_total: int = 0
    """Every token of every job."""
    control_plane_latency_ms: int | None = None
    """The last round trip; None while the control plane is away."""
    records: JobRecords = field(default_factory=JobRecords)
    token_rate: TokenRate = field(default_factory=TokenRate)
    first_tokens_ms: deque[int] = field(default_factory=lambda: deque(maxlen=MAX_FIRST_TOKENS))
    """Times to the first token of the last jobs."""

    @property
    def first_token_p50_ms(self) -> int | None:
        """The middle of them."""
        return median_low(self.first_tokens_ms) if self.first_tokens_ms else None

    def count_token(self, now: float) -> None:
        """One token came; `now` is monotonic."""
        self.tokens_total += 1
        self.token_rate.count(now)

    def measured_latency(self, seconds: float) -> None:
        """The control plane took this long to answer."""
        self.control_plane_latency_ms = round(seconds * 1000)

    def heartbeat_worked(self) -> None:
        """The control plane knows that we are here."""
        self.heartbeats_ok += 1
        self.last_heartbeat_at = time.time()
        self.last_heartbeat_error = None

    def heartbeat_failed(self, error: str) -> None:
        """It may not."""
        self.heartbeats_failed += 1
        self.last_heartbeat_error = error
        self.control_plane_latency_ms = None

    def poll_worked(self) -> None:
        """Asked for jobs and got an answer, maybe none."""
        self.polls_ok += 1
        self.last_poll_at = time.time()


class Bench:
    """Measured generation speed over the last jobs; what routing weighs nodes by."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=MAX_BENCH_SAMPLES)
        self._window_started_at: str | None = None

    def add(self, tokens: int, seconds: float) -> None:
        """Take one finished job into account."""
        if tokens > 0 and seconds > 0:
            self._window_started_at = self._window_started_at or iso_millis(time.time())
            self._samples.append(tokens / seconds)

    def as_specs(self) -> dict[str, Any] | None:
        """`specs.bench` (`wire.md` §7), or None before the first job."""
        if not self._samples:
            return None
        return {
            "tokens_per_second_avg": round(sum(self._samples) / len(self._samples), 2),
            "samples": len(self._samples),
            "window_started_at": self._window_started_at,
        }
