"""llama.cpp built in: any GGUF file on this machine, and a small model that is always there.

Each loaded model is a child process. At most `MAX_LOADED` are kept, fewer when memory is short; the
one that was used longest ago makes room, but never one that is answering.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

import psutil

from infernet_tui.engines.base import (
    Capabilities,
    EngineEvent,
    Failed,
    GenerateRequest,
    Health,
    Meta,
    Model,
    PullProgress,
)
from infernet_tui.engines.gguf_store import GgufStore, StoredModel
from infernet_tui.engines.llamacpp_model import KIND, LlamaCppModel, LlamaCppSettings
from infernet_tui.engines.pull import pull_into
from infernet_tui.errors import EngineError

MAX_LOADED = 2


class LlamaCppEngine:
    """Serves the GGUF files of a store."""

    kind = KIND

    def __init__(
        self,
        store: GgufStore,
        settings: LlamaCppSettings | None = None,
        *,
        default_model: str | None = None,
    ) -> None:
        self.default_model = default_model
        self.store = store
        self._settings = settings or LlamaCppSettings()
        self._loaded: OrderedDict[str, LlamaCppModel] = OrderedDict()
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Choose a default model, unless one is set: a downloaded one before the built-in one.

        A model that is set but missing is no reason not to start: it may be about to be pulled.
        """
        if self.default_model is None:
            stored = await asyncio.to_thread(self.store.all)
            built_in = self.store.built_in[0] if self.store.built_in else None
            stored.sort(key=lambda model: (model.name == built_in, not model.is_ours))
            self.default_model = stored[0].name if stored else None

    async def close(self) -> None:
        """End every child."""
        async with self._lock:
            models = list(self._loaded.values())
            self._loaded.clear()
        await asyncio.gather(*(model.close() for model in models))

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[EngineEvent]:
        """Answer with the model asked for, loading it first if it is not in memory."""
        try:
            model = await self._acquire(request.model or self.default_model or "")
        except EngineError as error:
            yield Meta(request.model or self.default_model, self.kind)
            yield Failed(error.message, error.retryable)
            return
        if self.store.built_in and model.stored.name == self.store.built_in[0]:
            # Clients ask for 0.7 by default; at that the smoke-test model guesses sums.
            request = replace(request, temperature=0.0)
        try:
            async with contextlib.aclosing(model.generate(request)) as events:
                async for event in events:
                    yield event
        finally:
            model.users -= 1

    async def models(self) -> list[Model]:
        """Every GGUF file found."""
        return [stored.as_model() for stored in await asyncio.to_thread(self.store.all)]

    def pull(self, name: str) -> AsyncIterator[PullProgress]:
        """Download into our folder: a URL, `hf.co/owner/repo:quant`, or a name of Ollama's."""
        return pull_into(self.store, name)

    async def remove(self, name: str) -> None:
        """Delete a file of ours.

        Raises:
            EngineError: it is not there, or not ours.
        """
        stored = await asyncio.to_thread(self.store.find, name)
        with contextlib.suppress(EngineError):
            await self.unload(stored.name)
        await asyncio.to_thread(self.store.remove, stored.name)

    async def load(self, name: str) -> None:
        """Start the model's child.

        Raises:
            EngineError: it is not there or cannot be loaded.
        """
        model = await self._acquire(name)
        try:
            await model.ensure_running()
        finally:
            model.users -= 1

    async def unload(self, name: str) -> None:
        """End the model's child.

        Raises:
            EngineError: it is not loaded.
        """
        async with self._lock:
            model = self._loaded.pop(name, None)
        if model is None:
            raise EngineError(f"{name} is not loaded.", hint="infernet model list", retryable=False)
        await model.close()

    async def loaded(self) -> list[str] | None:
        """The models whose child runs."""
        return [name for name, model in self._loaded.items() if model.is_running]

    async def health(self) -> Health:
        """Whether there is a model to serve; a child is started when a job needs it."""
        names = [stored.name for stored in await asyncio.to_thread(self.store.all)]
        if not names:
            return Health(False, f"llama.cpp has no model in {self.store.folder}")
        wanted = self.default_model
        if wanted and wanted not in names and f"{wanted}:latest" not in names:
            return Health(False, f"the default model {wanted} is not on this machine")
        running = [name for name, model in self._loaded.items() if model.is_running]
        loaded = f", loaded: {', '.join(running)}" if running else ""
        return Health(True, f"llama.cpp built in, {len(names)} models{loaded}", _version())

    async def capabilities(self, model: str) -> Capabilities:
        """Probed on the loaded model."""
        try:
            loaded = await self._acquire(model)
        except EngineError:
            return Capabilities()
        try:
            return await loaded.capabilities()
        finally:
            loaded.users -= 1

    def child_pid(self, name: str) -> int | None:
        """The process id of a loaded model's child, for those who watch processes."""
        model = self._loaded.get(name)
        return model.pid if model else None

    async def _acquire(self, name: str) -> LlamaCppModel:
        """The model, counted as used so that it is not evicted; the caller counts it down."""
        async with self._lock:
            model = self._loaded.get(name)
            if model is None:
                stored = await asyncio.to_thread(self.store.find, name)
                model = self._loaded.get(stored.name)
            if model is None:
                await self._make_room(stored)
                model = self._loaded[stored.name] = LlamaCppModel(stored, self._settings)
            self._loaded.move_to_end(model.stored.name)
            model.users += 1
            return model

    async def _make_room(self, stored: StoredModel) -> None:
        idle = [name for name, model in self._loaded.items() if not model.users]
        while len(self._loaded) >= MAX_LOADED or (idle and not _fits(stored)):
            if not idle:
                busy = ", ".join(self._loaded)
                raise EngineError(f"Busy with {busy}: no room for {stored.name} now.")
            await self._loaded.pop(idle.pop(0)).close()


def _fits(stored: StoredModel) -> bool:
    """Whether free memory holds the model twice: its weights, and room for contexts."""
    return 2 * stored.size_bytes <= psutil.virtual_memory().available


def _version() -> str | None:
    try:
        return version("xllamacpp")
    except PackageNotFoundError:
        return None
