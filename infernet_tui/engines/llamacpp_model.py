"""One GGUF model in llama.cpp, in a child process of its own.

A native crash ends the answers that were running with `Failed`, and nothing else: the next one
gets a new child, unless the model keeps crashing, which is answered at once instead of tried again.
"""

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

import orjson

from infernet_tui.config import Secret
from infernet_tui.engines.base import Capabilities, EngineEvent, Failed, GenerateRequest, Meta
from infernet_tui.engines.child import ChildProcess, RestartBackoff
from infernet_tui.engines.child_environment import child_environment
from infernet_tui.engines.gguf_store import StoredModel
from infernet_tui.engines.openai import OpenAIEngine
from infernet_tui.engines.openai_server import OpenAIServer
from infernet_tui.errors import EngineError

KIND = "llamacpp"
LOAD_SECONDS = 600.0
"""A model of tens of gigabytes from a slow disk takes minutes."""
LAST_WORDS_SECONDS = 1.0
DEFAULT_SLOT_CONTEXT = 4096
TINY_PARAMETERS = 100_000_000
"""Below this, threads cost more in waiting for each other than they compute."""
MIN_SLOT_CONTEXT = 2048


@dataclass(frozen=True, slots=True)
class LlamaCppSettings:
    """How llama.cpp runs every model."""

    slots: int = 4
    """Answers at once; the context is split over them."""
    slot_context: int = DEFAULT_SLOT_CONTEXT
    """Tokens a slot has room for; a model trained for fewer gets its own limit."""
    threads: int | None = None
    """None: as many as llama.cpp finds cores, or one for a tiny model."""
    environ: Mapping[str, str] | None = None
    """The child's environment; None is ours."""


class LlamaCppModel:
    """A model, and its child while there is one."""

    def __init__(self, stored: StoredModel, settings: LlamaCppSettings) -> None:
        self.stored = stored
        self.users = 0
        """Answers under way; who counts it is the engine."""
        self._settings = settings
        self._child: ChildProcess | None = None
        self._client: OpenAIEngine | None = None
        self._lock = asyncio.Lock()
        self._backoff = RestartBackoff()

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return self._child.pid if self._child else None

    @property
    def is_running(self) -> bool:
        """Whether a child serves it now."""
        return self._child is not None and self._child.is_alive

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[EngineEvent]:
        """Answer one chat."""
        try:
            client = await self.ensure_running()
        except EngineError as error:
            yield Meta(self.stored.name, KIND)
            yield Failed(error.message, error.retryable)
            return
        child = self._child
        async with contextlib.aclosing(client.generate(request)) as events:
            async for event in events:
                if type(event) is Failed and event.retryable and child:
                    event = await self._explained(event, child)
                yield event

    async def capabilities(self) -> Capabilities:
        """What the model can do; nothing, while it cannot be run."""
        try:
            client = await self.ensure_running()
        except EngineError:
            return Capabilities(context_length=self.stored.header.context_length)
        return await client.capabilities(self.stored.name)

    async def ensure_running(self) -> OpenAIEngine:
        """Start the child if there is none that lives.

        Raises:
            EngineError: it cannot be loaded, or died too often.
        """
        async with self._lock:
            if self._client and self.is_running:
                return self._client
            if self._child:
                self._backoff.died()
                await self._stop()
            if wait := self._backoff.seconds_left:
                raise EngineError(
                    f"llama.cpp keeps dying on {self.stored.name}; next try in {wait:.0f} s.",
                    hint="infernet logs",
                )
            try:
                await self._start()
            except BaseException:
                await self._stop()
                raise
            assert self._client
            return self._client

    async def close(self) -> None:
        """End the child; answers that are under way fail."""
        async with self._lock:
            await self._stop()

    async def _start(self) -> None:
        key = Secret(secrets.token_urlsafe(32))
        argv = [sys.executable, "-m", "infernet_tui.engines.llamacpp_child"]
        self._backoff.started()
        environ = await child_environment(self._settings.environ)
        self._child = await ChildProcess.spawn("llama.cpp", argv, environ)
        await self._child.send_line(self._greeting(key))
        port = await self._port_of(self._child)
        server = OpenAIServer(
            f"http://127.0.0.1:{port}", key, flavour=KIND, keeps_connections=False
        )
        self._client = OpenAIEngine(server, default_model=self.stored.name, kind=KIND)

    async def _stop(self) -> None:
        if self._client:
            await self._client.close()
        if self._child:
            await self._child.close()
        self._client = self._child = None

    def _greeting(self, key: Secret) -> bytes:
        settings = self._settings
        trained_for = self.stored.header.context_length or settings.slot_context
        is_tiny = self.stored.header.parameter_count < TINY_PARAMETERS
        return orjson.dumps(
            {
                "path": os.fspath(self.stored.path),
                "name": self.stored.name,
                "key": str(key),
                "slots": settings.slots,
                "slot_context": min(max(settings.slot_context, MIN_SLOT_CONTEXT), trained_for),
                "threads": settings.threads or (1 if is_tiny else None),
            }
        )

    async def _port_of(self, child: ChildProcess) -> int:
        try:
            line = await asyncio.wait_for(child.read_line(), LOAD_SECONDS)
            answer = orjson.loads(line) if line.strip() else {}
        except TimeoutError:
            raise EngineError(
                f"{self.stored.name} did not load in {LOAD_SECONDS:.0f} s.", hint="infernet logs"
            ) from None
        except ValueError:
            answer = {}
        if isinstance(answer, dict) and isinstance(answer.get("port"), int):
            return int(answer["port"])
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.ended(), LAST_WORDS_SECONDS)
        why = answer.get("error") or child.epitaph()
        self._backoff.died()
        raise EngineError(f"Cannot load {self.stored.name}: {why}.", hint="infernet logs")

    async def _explained(self, failure: Failed, child: ChildProcess) -> Failed:
        """The connection breaks a moment before the child is known to be dead."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.ended(), LAST_WORDS_SECONDS)
        return failure if child.is_alive else Failed(f"{child.epitaph()}.")
