"""Jobs as they travel: submit, hand out, events, completion (`wire.md` §3, §5, §15)."""

from enum import StrEnum
from typing import Any, NewType

from pydantic import Field

from infernet_protocol.lenient import WireModel

JobId = NewType("JobId", str)
"""UUID of a job. Unguessable: whoever has it may read the job's stream."""

MAX_EVENTS_PER_BATCH = 200
MAX_ERROR_CHARS = 1024
DEFAULT_MAX_TOKENS = 512
DEFAULT_TEMPERATURE = 0.7


class JobStatus(StrEnum):
    """`pending → assigned → running → completed | failed | cancelled`. The last three are final."""

    PENDING = "pending"
    ASSIGNED = "assigned"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the job never changes again."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


class EventType(StrEnum):
    """Kinds of job event. `data` by kind:

    - `meta {provider_node_id, provider_name, model, started_at, engine}`
    - `token {text}`
    - `done {text, reason, finished_at, usage?, tool_calls?}`: `text` is the whole answer, `usage`
      is `{prompt_tokens, completion_tokens}`, `reason` is `stop | length | cancel | tool_calls`
    - `error {message, code?, retryable?}`
    """

    META = "meta"
    TOKEN = "token"
    DONE = "done"
    ERROR = "error"


SAMPLING_FIELDS = frozenset(
    {
        "top_p",
        "top_k",
        "min_p",
        "stop",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
    }
)
"""Fields of an OpenAI request that are stored in `input_spec` and handed to engines that can."""


class CompleteRequest(WireModel):
    """`jobs/{id}/complete`: any status but "failed" or "cancelled" means completed."""

    status: str | None = None
    result: dict[str, Any] | None = None
    error: str | None = None
    attempt: int | None = None
    usage: dict[str, Any] | None = None
    retryable: bool = True
    """Of a failure: whether another node might do better."""


class JobSubmitRequest(WireModel):
    """`POST /api/jobs/submit`, the general form."""

    type: str = Field("inference", max_length=32)
    input: dict[str, Any]
    model: str | None = Field(None, max_length=256)
    requires: dict[str, Any] | None = None
    payment: dict[str, Any] | None = None
    idempotency_key: str | None = Field(None, max_length=255)
