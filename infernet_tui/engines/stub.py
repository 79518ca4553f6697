"""An engine that computes nothing: fixed words at a fixed pace, for trials without a model.

The answer says that it is a stub. The same request gives the same tokens, always, and a `prefill`
that is the beginning of that answer is continued exactly, so it can stand in for any real engine.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from itertools import islice

from infernet_tui.engines.base import (
    Capabilities,
    Done,
    EngineEvent,
    GenerateRequest,
    Health,
    Meta,
    Model,
    PullProgress,
    Token,
    Usage,
)
from infernet_tui.engines.messages import last_user_text, text_of
from infernet_tui.errors import ConfigError, EngineError

MODEL_NAME = "stub"
DEFAULT_DELAY_MS = 60.0
QUOTED_CHARS = 200
_PIECE = re.compile(r"\s*\S+")


class StubEngine:
    """Answers every chat with the same sentence and a quote of the question."""

    kind = "stub"

    def __init__(self, *, model: str | None = None, delay_ms: float = DEFAULT_DELAY_MS) -> None:
        self.default_model: str | None = model or MODEL_NAME
        self._delay_seconds = delay_ms / 1000

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], model: str | None = None) -> "StubEngine":
        """The stub, with `INFERNET_STUB_DELAY_MS` between two tokens.

        Raises:
            ConfigError: the delay is not a number of milliseconds.
        """
        given = environ.get("INFERNET_STUB_DELAY_MS")
        try:
            delay_ms = float(given) if given else DEFAULT_DELAY_MS
        except ValueError:
            delay_ms = -1.0
        if not 0 <= delay_ms <= 60_000:
            raise ConfigError(
                f"INFERNET_STUB_DELAY_MS must be milliseconds from 0 to 60000, not {given!r}.",
                hint="unset INFERNET_STUB_DELAY_MS",
            )
        return cls(model=model, delay_ms=delay_ms)

    async def start(self) -> None:
        """Nothing to make ready."""

    async def close(self) -> None:
        """Nothing to stop."""

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[EngineEvent]:
        """The canned answer, one word at a time."""
        yield Meta(request.model or self.default_model, self.kind)
        pieces = _PIECE.findall(_rest_of_answer(request))
        sent = 0
        for piece in islice(pieces, request.max_tokens):
            await asyncio.sleep(self._delay_seconds)
            yield Token(piece)
            sent += 1
        words = sum(len(text_of(message).split()) for message in request.messages)
        yield Done("stop" if sent == len(pieces) else "length", Usage(words, sent))

    async def models(self) -> list[Model]:
        """The one name it answers to (it answers to any)."""
        return [Model(self.default_model or MODEL_NAME)]

    def pull(self, name: str) -> AsyncIterator[PullProgress]:
        """Refused: there is nothing to fetch for a stub."""
        raise _no_models()

    async def remove(self, name: str) -> None:
        """Refused: there is nothing to remove."""
        raise _no_models()

    async def load(self, name: str) -> None:
        """Always in memory."""

    async def unload(self, name: str) -> None:
        """Takes no memory."""

    async def loaded(self) -> list[str] | None:
        """Nothing is ever not ready."""
        return [self.default_model or MODEL_NAME]

    async def health(self) -> Health:
        """Always up, and says what it is."""
        return Health(True, "stub engine: canned answers, no model")

    async def capabilities(self, model: str) -> Capabilities:
        """It continues its own answer."""
        return Capabilities(prefill=True)


def _rest_of_answer(request: GenerateRequest) -> str:
    question = last_user_text(request.messages)[:QUOTED_CHARS]
    answer = (
        "This is the stub engine of Infernet: no model ran, the words are fixed. "
        f'You asked: "{question}"'
    )
    prefill = request.prefill or ""
    return answer.removeprefix(prefill)


def _no_models() -> EngineError:
    return EngineError(
        "The stub engine has no models on disk.",
        hint="infernet config set engine.backend llamacpp",
        retryable=False,
    )
