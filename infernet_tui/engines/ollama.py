"""Ollama, through its own client; the tokens alone are read with aiohttp, at a third of the cost.

Models live in Ollama's store: pulls, removals and what is in memory are Ollama's business, and it
resumes its own downloads.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
import ollama
import orjson

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
from infernet_tui.engines.model_names import check_model_name
from infernet_tui.engines.ollama_chat import OllamaStream, chat_body
from infernet_tui.engines.openai_server import CONNECT_SECONDS, hand_back, reason
from infernet_tui.engines.prefill import continues_exactly
from infernet_tui.errors import EngineError

SILENCE_SECONDS = 120.0
"""More than other servers get: Ollama says nothing while it brings a model into memory."""
LOAD_SECONDS = 600.0
LOOK_SECONDS = 3.0
START_HINT = "ollama serve"


@dataclass(frozen=True, slots=True)
class OllamaSettings:
    """Where Ollama is, and how it runs a model."""

    base_url: str = "http://127.0.0.1:11434"
    num_thread: int | None = None
    """None leaves it to Ollama."""
    keep_alive: str | None = None
    """How long a loaded model stays in memory ("5m"); None is Ollama's own default."""


class OllamaEngine:
    """One Ollama server."""

    kind = "ollama"

    def __init__(
        self,
        settings: OllamaSettings,
        *,
        default_model: str | None = None,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self.default_model = default_model
        self.settings = settings
        self._silence_seconds = silence_seconds
        self._client = ollama.AsyncClient(settings.base_url, timeout=LOAD_SECONDS, trust_env=False)
        self._session: aiohttp.ClientSession | None = None
        self._capabilities: dict[str, Capabilities] = {}

    async def start(self) -> None:
        """See that Ollama is there; its newest model is the default unless one is set.

        Raises:
            EngineError: it is not there.
        """
        models = await self.models()
        if self.default_model is None and models:
            newest = max(models, key=lambda model: model.modified_at or "")
            self.default_model = newest.name

    async def close(self) -> None:
        """Close the connections; Ollama goes on running."""
        if self._session:
            await self._session.close()
            self._session = None
        await self._client.close()  # type: ignore[no-untyped-call] # theirs has no annotations

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[EngineEvent]:
        """Stream one answer; closing early drops the connection, which stops Ollama."""
        model = request.model or self.default_model
        yield Meta(model, self.kind)
        if not model:
            yield Failed("Ollama has no model yet; fetch one: infernet model pull qwen2.5:0.5b")
            return
        stream = OllamaStream()
        try:
            response = await self._open().post(
                "/api/chat", data=chat_body(request, model, self.settings.num_thread)
            )
            try:
                if response.status != 200:
                    yield await _failure(response)
                    return
                read = response.content.readany
                while not stream.is_over and (chunk := await read()):
                    for token in stream.feed(chunk):
                        yield token
                yield stream.end()
                await hand_back(response)
            finally:
                response.close()
        except TimeoutError:
            yield Failed(f"{self._name} sent nothing for {self._silence_seconds:g} s.")
        except (aiohttp.ClientError, OSError) as error:
            yield Failed(f"{self._name} is not answering: {reason(error)}.")

    async def models(self) -> list[Model]:
        """What is in Ollama's store.

        Raises:
            EngineError: it cannot be asked.
        """
        async with self._asking(LOOK_SECONDS):
            listing = await self._client.list()
        return [_model(entry) for entry in listing.models if entry.model]

    async def pull(self, name: str) -> AsyncGenerator[PullProgress]:
        """Let Ollama download a model.

        Raises:
            EngineError: it cannot, or there is no such model.
        """
        check_model_name(name)
        async with self._asking(None):
            async for step in await self._client.pull(name, stream=True):
                yield PullProgress(
                    step.status or "pulling", step.completed, step.total, step.digest
                )

    async def remove(self, name: str) -> None:
        """Delete a model from Ollama's store.

        Raises:
            EngineError: it is not there, or cannot be deleted.
        """
        async with self._asking(LOAD_SECONDS):
            await self._client.delete(check_model_name(name))

    async def load(self, name: str) -> None:
        """Bring a model into memory.

        Raises:
            EngineError: it is not there or does not fit.
        """
        async with self._asking(LOAD_SECONDS):
            await self._client.generate(
                check_model_name(name), keep_alive=self.settings.keep_alive or "30m"
            )

    async def unload(self, name: str) -> None:
        """Free a model's memory.

        Raises:
            EngineError: it is not there.
        """
        async with self._asking(LOAD_SECONDS):
            await self._client.generate(check_model_name(name), keep_alive=0)

    async def loaded(self) -> list[str] | None:
        """What Ollama has in memory, whoever asked for it."""
        try:
            async with self._asking(LOOK_SECONDS):
                running = await self._client.ps()
        except EngineError:
            return None
        return [entry.model for entry in running.models if entry.model]

    async def health(self) -> Health:
        """Whether Ollama lists its models now."""
        try:
            models = await self.models()
        except EngineError as error:
            return Health(False, error.message)
        return Health(
            True,
            f"Ollama up @ {self.settings.base_url}, {len(models)} models",
            await self._version(),
        )

    async def capabilities(self, model: str) -> Capabilities:
        """What Ollama says of it, and whether it continues a prefix, probed once a model."""
        if known := self._capabilities.get(model):
            return known
        try:
            async with self._asking(LOOK_SECONDS):
                shown = await self._client.show(check_model_name(model))
            can = shown.capabilities or []
            context = _context_length(shown.modelinfo or {})
            prefill = "completion" in can and await continues_exactly(self.generate, model)
        except EngineError:
            return Capabilities()
        found = Capabilities(
            prefill=prefill,
            tools="tools" in can,
            vision="vision" in can,
            embeddings="embedding" in can,
            context_length=context,
        )
        self._capabilities[model] = found
        return found

    @property
    def _name(self) -> str:
        return f"Ollama @ {self.settings.base_url}"

    async def _version(self) -> str | None:
        try:
            timeout = aiohttp.ClientTimeout(total=LOOK_SECONDS)
            async with self._open().get("/api/version", timeout=timeout) as response:
                found = orjson.loads(await response.content.read(4096)).get("version")
        except (aiohttp.ClientError, OSError, ValueError, AttributeError):
            return None
        return found if isinstance(found, str) else None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                self.settings.base_url,
                connector=aiohttp.TCPConnector(limit=0),
                headers={"content-type": "application/json"},
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=CONNECT_SECONDS, sock_read=self._silence_seconds
                ),
            )
        return self._session

    @contextlib.asynccontextmanager
    async def _asking(self, seconds: float | None) -> AsyncGenerator[None]:
        """Turn what Ollama's client raises into sentences."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except ollama.ResponseError as error:
            raise EngineError(
                f"{self._name}: {error.error}.",
                hint="infernet model list" if error.status_code == 404 else None,
                retryable=error.status_code >= 500,
            ) from None
        except (httpx.HTTPError, OSError) as error:
            raise EngineError(
                f"{self._name} is not answering: {reason(error)}.", hint=START_HINT
            ) from None
        except ValueError as error:
            raise EngineError(f"{self._name} sent what cannot be read: {error}.") from None


async def _failure(response: aiohttp.ClientResponse) -> Failed:
    body = await response.content.read(64 * 1024)
    message: Any = None
    with contextlib.suppress(ValueError, AttributeError):
        message = orjson.loads(body).get("error")
    text = str(message or f"status {response.status}")[:1024]
    return Failed(f"Ollama: {text}", retryable=response.status not in (400, 413, 422))


def _model(entry: ollama.ListResponse.Model) -> Model:
    details = entry.details
    return Model(
        entry.model or "",
        size_bytes=int(entry.size) if entry.size is not None else None,
        family=(details.family or None) if details else None,
        quantization=(details.quantization_level or None) if details else None,
        parameter_size=(details.parameter_size or None) if details else None,
        modified_at=entry.modified_at.isoformat() if entry.modified_at else None,
        digest=entry.digest,
    )


def _context_length(info: Any) -> int | None:
    lengths: Iterator[Any] = (
        value for key, value in info.items() if key.endswith(".context_length")
    )
    return next((value for value in lengths if isinstance(value, int)), None)
