"""A job while it lives: its row, its log, and who is trying it now.

States: `pending → assigned → running → completed | failed | cancelled`; a final one never changes.
Times here are Unix seconds; rows hold integer microseconds as in `storage.tables`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infernet_protocol.jobs import JobStatus
from infernet_server.hub import Event, JobLog
from infernet_server.matching.decision import JobNeeds

MAX_ATTEMPTS = 3
FINAL = frozenset(status.value for status in JobStatus if status.is_final)


@dataclass(slots=True)
class Attempt:
    """One try of a job by one node. Messages that name an older number are stale."""

    number: int
    provider_id: str
    started_at: float
    lease_until: float
    """When the node counts as lost unless it says something before."""
    handed_out: bool = False
    """Whether the node has the job: pushed, or returned by a poll. Never handed out twice."""
    state: str = "assigned"
    """assigned | running | completed | failed | lost | cancelled | declined"""
    last_seq: int = 0
    """Number of the last event received; a repeat of an older one is dropped."""
    stored_seq: int = 0
    """Number of the last event on disk: what is acknowledged."""
    first_token_at: float | None = None
    tokens: int = 0
    error: str | None = None
    """What the engine said went wrong; the client sees it only if nobody else can take over."""
    finished_at: float | None = None
    prefill: str | None = None
    """The answer so far, delivered by an earlier attempt: this one goes on from there."""
    decision: dict[str, Any] | None = None
    """Why this node and not the others, as `matching` explains it."""
    is_inserted: bool = False
    """Whether the attempt has its row on disk."""


@dataclass(slots=True, eq=False)
class LiveJob:
    """A job that is not final, or not yet stored as final."""

    row: dict[str, Any]
    """Columns of `storage.tables.jobs`, as last decided here."""
    needs: JobNeeds
    log: JobLog = field(default_factory=JobLog)
    attempt: Attempt | None = None
    queue_until: float | None = None
    """While pending: when to give up."""
    is_stored: bool = False
    """Whether the row is on disk: nothing else about the job is written before it is."""
    holds_output: bool = False
    """Tool calls and JSON output are never spliced: kept back until the answer is whole."""
    held: list[Event] = field(default_factory=list)
    stored_events: int = 0
    """How many events of the log are on disk."""
    cancel_on_hangup: bool = False
    followers: set["Follower"] = field(default_factory=set)
    failed_providers: set[str] = field(default_factory=set)
    lost_providers: set[str] = field(default_factory=set)
    """Nodes that went away; one that comes back afresh may be tried again."""
    is_dirty: bool = False
    payment: dict[str, Any] | None = None
    retired: list[Attempt] = field(default_factory=list)
    """Earlier attempts whose end is not on disk yet."""
    when_final: list[Callable[[], None]] = field(default_factory=list)
    """Called once the final state is on disk (the node's last acknowledgement)."""

    @property
    def id(self) -> str:
        """The job's UUID."""
        return str(self.row["id"])

    @property
    def status(self) -> JobStatus:
        """Where the job is."""
        return JobStatus(self.row["status"])

    @property
    def is_final(self) -> bool:
        """Whether the outcome is decided (it may still be on its way to disk)."""
        return self.row["status"] in FINAL

    @property
    def model(self) -> str | None:
        """The model asked for; None takes whatever a node serves."""
        return self.needs.model


@dataclass(slots=True, eq=False)
class Follower:
    """Somebody who reads a job's stream."""

    log: JobLog
    task: "asyncio.Task[Any] | None"
    position: int = 0
    """Number of the last event it took."""
    position_before: int = -1
    moved_at: float = 0.0
    """When it was last seen to have moved."""

    def is_stuck(self, allowed_bytes: float, patience_seconds: float, now: float) -> bool:
        """Whether it stands still, about that far behind, for longer than that."""
        if self.position != self.position_before:
            self.position_before, self.moved_at = self.position, now
        count = len(self.log.events)
        is_far_behind = self.log.bytes * (count - self.position) > allowed_bytes * count
        return is_far_behind and now - self.moved_at > patience_seconds
