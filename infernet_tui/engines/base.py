"""What every engine can do, in the node's terms.

An `Engine` turns a chat into a stream of `EngineEvent`s. The stream starts with one `Meta`, goes on
with `Token`s and ends with exactly one `Done` or `Failed`; it never raises for what an engine does
wrong. Closing the iterator early (`aclose`) stops the generation within a second.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Message = Mapping[str, Any]
"""`{role, content}` of the chat: text, or OpenAI's content parts where `vision` is true."""


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One chat to answer."""

    id: str
    messages: Sequence[Message]
    model: str | None = None
    """Which model; None means the engine's default."""
    max_tokens: int | None = None
    temperature: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """`infernet_protocol.jobs.SAMPLING_FIELDS`, in OpenAI's spelling."""
    prefill: str | None = None
    """Start of the assistant's answer that was delivered already: continue exactly after it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the engine reports them."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(slots=True)
class Meta:
    """The engine has begun."""

    model: str | None
    engine: str


@dataclass(slots=True)
class Token:
    """A piece of the answer."""

    text: str


@dataclass(slots=True)
class Done:
    """The answer is complete."""

    reason: str
    """stop | length | cancel | tool_calls"""
    usage: Usage | None = None
    tool_calls: list[dict[str, Any]] | None = None


@dataclass(slots=True)
class Failed:
    """The engine gave up."""

    message: str
    retryable: bool = True
    """Whether another node might do better (False for a prompt that is too long, say)."""


EngineEvent = Meta | Token | Done | Failed


@dataclass(frozen=True, slots=True)
class Model:
    """A model the engine can serve now."""

    name: str
    size_bytes: int | None = None
    family: str | None = None
    quantization: str | None = None
    parameter_size: str | None = None
    context_length: int | None = None
    modified_at: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model can do beyond plain chat."""

    prefill: bool = False
    """Continues an assistant message exactly (needed to take over a stream in the middle)."""
    tools: bool = False
    vision: bool = False
    embeddings: bool = False
    context_length: int | None = None


@dataclass(frozen=True, slots=True)
class PullProgress:
    """One step of a model download. The last one has `status` "success"."""

    status: str
    completed_bytes: int | None = None
    total_bytes: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the engine answers now, and where."""

    ok: bool
    detail: str
    """One line for a person: "Ollama up @ http://localhost:11434", "connection refused"."""
    version: str | None = None


class Engine(Protocol):
    """A backend. Operations an engine cannot do raise `EngineError` saying what to do instead."""

    kind: str
    """llamacpp | ollama | openai | mojo | stub"""
    default_model: str | None

    async def start(self) -> None:
        """Make ready: spawn the child, open connections. Idempotent."""
        ...

    async def close(self) -> None:
        """Stop everything this engine started."""
        ...

    def generate(self, request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        """Answer one chat. Many may run at once."""
        ...

    async def models(self) -> list[Model]:
        """What can be served now."""
        ...

    def pull(self, name: str) -> AsyncIterator[PullProgress]:
        """Fetch a model, resuming a partial download."""
        ...

    async def remove(self, name: str) -> None:
        """Delete a model from disk."""
        ...

    async def load(self, name: str) -> None:
        """Bring a model into memory."""
        ...

    async def unload(self, name: str) -> None:
        """Free a model's memory."""
        ...

    async def loaded(self) -> list[str] | None:
        """Names of the models in memory now; None when the engine does not tell. Never raises."""
        ...

    async def health(self) -> Health:
        """Look now; never raises."""
        ...

    async def capabilities(self, model: str) -> Capabilities:
        """What `model` can do."""
        ...
