"""An engine whose every step a test decides."""

import asyncio
from collections.abc import AsyncIterator, Callable

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

Script = Callable[[GenerateRequest], AsyncIterator[EngineEvent]]


async def two_plus_two(request: GenerateRequest) -> AsyncIterator[EngineEvent]:
    """A short answer."""
    yield Meta(request.model or "scripted", "scripted")
    for word in ("Two", " plus", " two", " is", " four", "."):
        yield Token(word)
        await asyncio.sleep(0)
    yield Done("stop", Usage(7, 6))


class ScriptedEngine:
    """Answers with `script`; remembers what it was asked."""

    kind = "scripted"
    default_model: str | None = "scripted"

    def __init__(self, script: Script = two_plus_two) -> None:
        self.script = script
        self.requests: list[GenerateRequest] = []
        self.running = 0
        self.removed: list[str] = []
        self.is_healthy = True
        self.in_memory: set[str] = set()

    async def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to close."""

    async def generate(self, request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        """Follow the script."""
        self.requests.append(request)
        self.running += 1
        try:
            async for event in self.script(request):
                yield event
        finally:
            self.running -= 1

    async def models(self) -> list[Model]:
        """One model."""
        return [Model("scripted")]

    async def pull(self, name: str) -> AsyncIterator[PullProgress]:
        """Two steps."""
        yield PullProgress("pulling manifest")
        yield PullProgress("success")

    async def remove(self, name: str) -> None:
        """Remember the name."""
        self.removed.append(name)

    async def load(self, name: str) -> None:
        """Note that it is in memory."""
        self.in_memory.add(name)

    async def unload(self, name: str) -> None:
        """Note that it is not."""
        self.in_memory.discard(name)

    async def loaded(self) -> list[str] | None:
        """What was loaded."""
        return sorted(self.in_memory)

    async def health(self) -> Health:
        """As the test says."""
        return Health(self.is_healthy, "scripted")

    async def capabilities(self, model: str) -> Capabilities:
        """None."""
        return Capabilities()
