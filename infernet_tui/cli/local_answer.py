"""A prompt answered by this machine's own engine: the network is not asked."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Any, cast

from infernet_tui.config import EngineConfig
from infernet_tui.engines.base import (
    Done,
    EngineEvent,
    Failed,
    GenerateRequest,
    Meta,
    Token,
)
from infernet_tui.engines.registry import open_engine
from infernet_tui.errors import TimedOut

Take = Callable[[str, dict[str, Any]], None]
"""Receives each event's kind and data, in the shapes of a job's events."""


async def stream(
    settings: EngineConfig,
    request: GenerateRequest,
    take: Take,
    timeout_seconds: float | None = None,
) -> None:
    """Start the engine, hand each event to `take`, stop the engine.

    Raises:
        EngineError: the engine cannot be started.
        TimedOut: the answer was not complete in time.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            await _stream(settings, request, take)
    except TimeoutError:
        raise TimedOut(f"The answer was not complete after {timeout_seconds:g} s.") from None


async def _stream(settings: EngineConfig, request: GenerateRequest, take: Take) -> None:
    engine = await open_engine(settings)
    try:
        events = cast(AsyncGenerator[EngineEvent, None], engine.generate(request))
        text: list[str] = []
        async with contextlib.aclosing(events):
            async for event in events:
                if isinstance(event, Token):
                    text.append(event.text)
                take(*_as_job_event(event, text))
    finally:
        await engine.close()


def _as_job_event(event: EngineEvent, text: list[str]) -> tuple[str, dict[str, Any]]:
    match event:
        case Meta():
            return "meta", {"model": event.model, "engine": event.engine, "started_at": _now()}
        case Token():
            return "token", {"text": event.text}
        case Failed():
            return "error", {"message": event.message, "retryable": event.retryable}
        case Done():
            done: dict[str, Any] = {"reason": event.reason, "text": "".join(text)}
            if event.usage:
                done["usage"] = {
                    "prompt_tokens": event.usage.prompt_tokens,
                    "completion_tokens": event.usage.completion_tokens,
                }
            if event.tool_calls:
                done["tool_calls"] = event.tool_calls
            return "done", done | {"finished_at": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
