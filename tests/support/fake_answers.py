"""What the fake engines answer, and how they go wrong; one set of rules for all of them.

The answer is "word0 word1 word2 …". Its length is `WORDS` unless the request says less; a question
with "endless" in it is answered until nobody listens.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

from aiohttp import web

WORDS = 20


@dataclass(frozen=True)
class Answer:
    """The pieces of one answer, and how it ends."""

    pieces: Iterable[str]
    reason: str

    @classmethod
    def to(cls, body: dict[str, Any], max_tokens: int | None) -> "Answer":
        """The answer to a request, continued where its last message leaves off."""
        messages = body["messages"]
        is_endless = any("endless" in str(message["content"]) for message in messages)
        if is_endless:
            return cls((f"word{index} " for index in count()), "stop")
        done = 0
        if messages[-1]["role"] == "assistant":
            done = len(messages[-1]["content"].split())
        rest = [f"word{index} " for index in range(done, WORDS)]
        if max_tokens is not None and max_tokens < len(rest):
            return cls(list(islice(rest, max_tokens)), "length")
        return cls(rest, "stop")


@dataclass
class Behaviour:
    """How a fake server treats its clients."""

    delay_seconds: float = 0.001
    """Before each piece."""
    status: int = 200
    error: str = "no"
    break_after: int | None = None
    """Cut the connection after so many pieces."""
    junk_after: int | None = None
    """Send `junk` after so many pieces, and end."""
    junk: bytes = b"data: {{{ \xff\xfe not json\n\n"
    silent_after: int | None = None
    """Say nothing more after so many pieces, but keep the connection."""
    last_delta: dict[str, Any] = field(default_factory=dict)

    async def misbehaves(
        self, index: int, request: web.Request, response: web.StreamResponse
    ) -> bool:
        """Wait for this piece's turn; True when the answer must end here."""
        await asyncio.sleep(self.delay_seconds)
        if self.break_after == index and request.transport:
            request.transport.abort()
            return True
        if self.junk_after == index:
            await response.write(self.junk)
            return True
        if self.silent_after == index:
            await asyncio.Event().wait()
        return False


@contextlib.asynccontextmanager
async def serving(application: web.Application) -> AsyncIterator[str]:
    """Run an application on a free loopback port; its URL."""
    runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
