"""What the node counts about itself: plain values, changed only on the event loop."""

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

MAX_BENCH_SAMPLES = 32
MAX_RECENT_JOBS = 50

JobState = Literal["running", "completed", "failed", "cancelled"]


@dataclass(slots=True)
class JobRecord:
    """One attempt this node ran or runs. Holds no prompt and no answer."""

    job_id: str
    attempt: int
    model: str | None
    state: JobState = "running"
    started_at: float = field(default_factory=time.time)
    """Unix seconds."""
    finished_at: float | None = None
    first_token_ms: int | None = None
    tokens: int = 0
    tokens_per_second: float | None = None
    error: str | None = None


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
    last_job_at: float | None = None
    recent_jobs: deque[JobRecord] = field(default_factory=lambda: deque(maxlen=MAX_RECENT_JOBS))

    def heartbeat_worked(self) -> None:
        """The control plane knows that we are here."""
        self.heartbeats_ok += 1
        self.last_heartbeat_at = time.time()
        self.last_heartbeat_error = None

    def heartbeat_failed(self, error: str) -> None:
        """It may not."""
        self.heartbeats_failed += 1
        self.last_heartbeat_error = error

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


def iso_millis(seconds: float) -> str:
    """A Unix time as `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
