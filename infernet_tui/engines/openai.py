"""Any server that speaks OpenAI's chat completions: vLLM, LM Studio, SGLang, MAX, llama.cpp.

Answers are streamed with aiohttp, which costs a quarter of httpx for each token. What the server
does wrong ends the answer with `Failed`. What a model can do is probed, once a model.
"""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import aiohttp
import orjson

from infernet_protocol.jobs import SAMPLING_FIELDS
from infernet_tui.engines.answer_stream import AnswerStream, failure_of
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
from infernet_tui.engines.messages import with_prefill
from infernet_tui.engines.openai_server import OpenAIConnection, OpenAIServer, hand_back, reason
from infernet_tui.engines.prefill import continues_exactly
from infernet_tui.errors import EngineError

SILENCE_SECONDS = 60.0

_PROBE_TOOL = {
    "type": "function",
    "function": {"name": "probe", "parameters": {"type": "object", "properties": {}}},
}


class OpenAIEngine:
    """One OpenAI-compatible server."""

    def __init__(
        self,
        server: OpenAIServer,
        *,
        default_model: str | None = None,
        kind: str = "openai",
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self.kind = kind
        self.default_model = default_model
        self.server = server
        self._connection = OpenAIConnection(server, silence_seconds)
        self._capabilities: dict[str, Capabilities] = {}

    async def start(self) -> None:
        """See that the server is there; its first model is the default unless one is set.

        Raises:
            EngineError: the server is not there.
        """
        models = await self.models()
        if self.default_model is None and models:
            self.default_model = models[0].name

    async def close(self) -> None:
        """Close the connections; answers that are under way fail."""
        await self._connection.close()

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[EngineEvent]:
        """Stream one answer; closing early drops the connection, which stops the server."""
        model = request.model or self.default_model
        yield Meta(model, self.kind)
        stream = AnswerStream()
        try:
            response = await self._connection.post_chat(self._body(request, model))
            try:
                if response.status != 200:
                    yield await self._failure(response)
                    return
                read = response.content.readany
                while not stream.is_over and (chunk := await read()):
                    for token in stream.feed(chunk):
                        yield token
                yield stream.end()
                await hand_back(response)
            finally:
                # An unfinished answer must stop now; after a finished one this does nothing.
                response.close()
        except TimeoutError:
            seconds = self._connection.silence_seconds
            yield Failed(f"{self.server.title} sent nothing for {seconds:g} s.")
        except (aiohttp.ClientError, OSError) as error:
            yield Failed(f"{self.server.title} is not answering: {reason(error)}.")

    async def models(self) -> list[Model]:
        """What `/v1/models` lists.

        Raises:
            EngineError: it cannot be asked.
        """
        listing = await self._connection.get("/v1/models")
        entries = listing.get("data") if isinstance(listing, dict) else None
        if not isinstance(entries, list):
            return []
        return [model for entry in entries if (model := _model(entry))]

    def pull(self, name: str) -> AsyncIterator[PullProgress]:
        """Refused: such a server serves what it was started with."""
        raise self._unsupported("download models")

    async def remove(self, name: str) -> None:
        """Refused, as `pull`."""
        raise self._unsupported("remove models")

    async def load(self, name: str) -> None:
        """Only a check that the model is served.

        Raises:
            EngineError: the server does not have it.
        """
        names = [model.name for model in await self.models()]
        if name not in names:
            served = ", ".join(names) or "nothing"
            raise EngineError(
                f"{self.server.title} does not serve {name!r}; it serves: {served}.",
                hint="infernet model list",
            )

    async def unload(self, name: str) -> None:
        """Refused, as `pull`."""
        raise self._unsupported("unload models")

    async def loaded(self) -> list[str] | None:
        """Unknown: the protocol does not say."""
        return None

    async def health(self) -> Health:
        """Whether the server lists its models now."""
        try:
            models = await self.models()
        except EngineError as error:
            return Health(False, error.message)
        return Health(True, f"{self.server.title} up, {len(models)} models", await self._version())

    async def capabilities(self, model: str) -> Capabilities:
        """Probed once a model with a few tokens; a failed probe is not remembered."""
        if known := self._capabilities.get(model):
            return known
        try:
            found = await self._probe(model)
        except (EngineError, aiohttp.ClientError, OSError):
            return Capabilities()
        self._capabilities[model] = found
        return found

    async def _probe(self, model: str) -> Capabilities:
        is_llamacpp = self.server.flavour == "llamacpp"
        props = await self._connection.get_object("/props") if is_llamacpp else {}
        listed = [entry for entry in await self.models() if entry.name == model]
        context = props.get("default_generation_settings", {}).get("n_ctx")
        # llama.cpp takes tools with any model; what counts is whether the template shows them.
        tools = props.get("chat_template_caps", {}).get("supports_tools")
        return Capabilities(
            prefill=await continues_exactly(self.generate, model),
            tools=await self._takes_tools(model) if tools is None else bool(tools),
            vision=bool(props.get("modalities", {}).get("vision")),
            context_length=context or (listed[0].context_length if listed else None),
        )

    async def _takes_tools(self, model: str) -> bool:
        question = [{"role": "user", "content": "hi"}]
        async with await self._connection.post_chat(
            {"model": model, "messages": question, "max_tokens": 1, "tools": [_PROBE_TOOL]}
        ) as response:
            return response.status == 200

    async def _version(self) -> str | None:
        if self.server.flavour != "vllm":
            return None
        version = (await self._connection.get_object("/version")).get("version")
        return version if isinstance(version, str) else None

    def _body(self, request: GenerateRequest, model: str | None) -> dict[str, Any]:
        body: dict[str, Any] = {
            key: value for key, value in request.options.items() if key in SAMPLING_FIELDS
        }
        body["messages"] = with_prefill(request.messages, request.prefill)
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
        if model:
            body["model"] = model
        if request.max_tokens is not None:
            body["max_tokens"] = request.max_tokens
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.prefill and self.server.flavour in ("vllm", "sglang"):
            body |= {"continue_final_message": True, "add_generation_prompt": False}
        return body

    async def _failure(self, response: aiohttp.ClientResponse) -> Failed:
        body = await response.content.read(64 * 1024)
        error: Any = None
        with contextlib.suppress(ValueError, AttributeError):
            error = orjson.loads(body).get("error")
        if not isinstance(error, dict):
            error = {"message": f"{self.server.title} answered with status {response.status}."}
        return failure_of(error, response.status)

    def _unsupported(self, what: str) -> EngineError:
        return EngineError(
            f"{self.server.title} cannot {what} over its API; it serves what it was started with.",
            hint="restart that server with the model you want, then: infernet model list",
            retryable=False,
        )


def _model(entry: Any) -> Model | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        return None
    found = entry.get("meta")
    meta: dict[str, Any] = found if isinstance(found, dict) else {}
    context = entry.get("max_model_len") or meta.get("n_ctx_train")
    size = meta.get("size")
    return Model(
        entry["id"],
        size_bytes=size if isinstance(size, int) else None,
        context_length=context if isinstance(context, int) else None,
    )
