"""Messages of the node channel, `GET /api/v1/node/channel` (a WebSocket; design: the node channel).

Each JSON text frame is one object whose first key is `type`. The upgrade request carries
X-Infernet-Auth over GET, the path and an empty body. The node speaks first (`hello`), the server
answers `welcome`, then both talk freely.

Events of an attempt are numbered from 1. `events.seq` is the number of the first event in the
frame; `ack.seq` is the highest number stored without a gap. The node keeps what is not
acknowledged and sends it again after a reconnect, starting after the number in `welcome.resume`.
"""

from typing import Any, Literal, NotRequired, TypedDict

MAX_FRAME_BYTES = 4 * 1024 * 1024
MAX_UNACKNOWLEDGED_BYTES = 4 * 1024 * 1024
"""How much a node keeps of one job while the control plane is away."""


class AttemptRef(TypedDict):
    """Names one try of one job: what a late message of an older try is fenced by."""

    job_id: str
    attempt: int


class ResumePoint(AttemptRef):
    """In `hello`: the last event number the node has made. In `welcome`: the last one stored."""

    last_seq: int
    stale: NotRequired[bool]
    """Only in `welcome`: the attempt is no longer this node's; drop it."""


class JobEvent(TypedDict):
    """One event of a job; `event_type` is an `infernet_protocol.jobs.EventType`."""

    event_type: str
    data: dict[str, Any]


# --- from the server ------------------------------------------------------------------------


class Welcome(TypedDict):
    """The session is open; `resume` says for each attempt in `hello` where to go on from."""

    type: Literal["welcome"]
    session: str
    server_time: str
    heartbeat_seconds: float
    lease_seconds: float
    resume: list[ResumePoint]


class JobOffer(TypedDict):
    """A job claimed for this node. `job` has the shape of a polled job (`wire.md` §3)."""

    type: Literal["job"]
    job: dict[str, Any]
    attempt: int
    lease_seconds: float
    prefill: NotRequired[str]
    """Text of the answer delivered by an earlier attempt: continue exactly after it."""


class Cancel(AttemptRef):
    """Stop this attempt's engine now; answer with `complete {status: cancelled}`."""

    type: Literal["cancel"]
    reason: str


class Ack(AttemptRef):
    """Events up to `seq` are stored; with `final` the completion is, too."""

    type: Literal["ack"]
    seq: int
    final: NotRequired[bool]
    stale: NotRequired[bool]
    """The attempt is no longer this node's; everything about it may be dropped."""


class Command(TypedDict):
    """An owner's order (`infernet_protocol.nodes.CommandVerb`)."""

    type: Literal["command"]
    id: str
    command: str
    args: dict[str, Any]


# --- from the node --------------------------------------------------------------------------


class Hello(TypedDict):
    """First message of a session."""

    type: Literal["hello"]
    protocol: int
    version: str
    role: str
    specs: dict[str, Any]
    capacity: int
    """How many jobs this node runs at once."""
    resume: list[ResumePoint]


class Accept(AttemptRef):
    """The node has the job."""

    type: Literal["accept"]


class Decline(AttemptRef):
    """The node will not run the job; it goes to another one."""

    type: Literal["decline"]
    reason: str


class Events(AttemptRef):
    """What happened, in order; `seq` numbers the first of `events`."""

    type: Literal["events"]
    seq: int
    events: list[JobEvent]


class Complete(AttemptRef):
    """The attempt is over. Sent again until an `ack` with `final` arrives."""

    type: Literal["complete"]
    status: Literal["completed", "failed", "cancelled"]
    result: NotRequired[dict[str, Any] | None]
    error: NotRequired[str | None]
    retryable: NotRequired[bool]
    usage: NotRequired[dict[str, int] | None]


class CommandResult(TypedDict):
    """How an owner's order ended."""

    type: Literal["command_result"]
    id: str
    status: Literal["completed", "failed"]
    result: dict[str, Any] | None
    error: str | None


class Heartbeat(TypedDict):
    """Still here; renews the lease of each attempt named."""

    type: Literal["heartbeat"]
    specs: NotRequired[dict[str, Any]]
    active_jobs: list[AttemptRef]


# --- from either ----------------------------------------------------------------------------


class Drain(TypedDict):
    """From a node: give me no new jobs. From the server: finish what you have, then reconnect."""

    type: Literal["drain"]


class Bye(TypedDict):
    """The sender closes the session; `retry_after` is in seconds."""

    type: Literal["bye"]
    reason: str
    retry_after: NotRequired[float]
