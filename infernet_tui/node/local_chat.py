"""A prompt of this machine's operator, answered by its own engine without the network.

A few at a time: the engine's first duty is to the jobs it is paid for. Closing the generator stops
the engine.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

from infernet_tui.engines.base import (
    Done,
    Engine,
    EngineEvent,
    Failed,
    GenerateRequest,
    Meta,
    Token,
)
from infernet_tui.errors import AlreadyRunning, TimedOut
from infernet_tui.job_stream import SILENCE_SECONDS, ChatJob, StreamEvent

MAX_AT_ONCE = 4


class LocalChats:
    """Answers chats with one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._running = 0

    async def ask(
        self, job: ChatJob, node: Callable[[], dict[str, Any]]
    ) -> AsyncGenerator[StreamEvent, None]:
        """The events of a job of the network, but for `job` and `queue`; `node` names us.

        Raises:
            AlreadyRunning: too many are being answered.
            TimedOut: the engine says nothing any more.
        """
        if self._running >= MAX_AT_ONCE:
            raise AlreadyRunning(
                f"{self._running} chats are being answered here already.",
                hint="wait for one of them, or ask the network",
            )
        self._running += 1
        try:
            async with contextlib.aclosing(self._events(_request(job))) as events:
                async for event in events:
                    yield _as_job_event(event, node)
        finally:
            self._running -= 1

    async def _events(self, request: GenerateRequest) -> AsyncGenerator[EngineEvent, None]:
        # A generator, as every `async def` with `yield` is: closing it stops the engine.
        answer = cast(AsyncGenerator[EngineEvent, None], self._engine.generate(request))
        async with contextlib.aclosing(answer):
            while True:
                try:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        event = await anext(answer, None)
                except TimeoutError:
                    raise TimedOut(
                        f"The engine said nothing for {SILENCE_SECONDS:g} s.",
                        hint="infernet doctor",
                    ) from None
                if event is None:
                    return
                yield event


def _request(job: ChatJob) -> GenerateRequest:
    return GenerateRequest(
        str(uuid.uuid4()),
        job.messages,
        job.model,
        max_tokens=job.max_tokens,
        temperature=job.temperature,
    )


def _as_job_event(event: EngineEvent, node: Callable[[], dict[str, Any]]) -> StreamEvent:
    match event:
        case Meta():
            return StreamEvent("meta", node() | {"model": event.model, "engine": event.engine})
        case Token():
            return StreamEvent("token", {"text": event.text})
        case Failed():
            return StreamEvent("error", {"message": event.message, "retryable": event.retryable})
        case Done():
            usage = event.usage and {
                "prompt_tokens": event.usage.prompt_tokens,
                "completion_tokens": event.usage.completion_tokens,
            }
            return StreamEvent("done", {"reason": event.reason, "usage": usage})
