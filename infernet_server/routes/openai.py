"""OpenAI's API over the network: `/v1/chat/completions` and `/v1/models` (`wire.md` §5).

Bare ASGI: tokens pass through here. A client that hangs up cancels its job. No key is needed; one
that is sent is ignored.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from infernet_protocol import endpoints
from infernet_protocol.endpoints import Tier
from infernet_protocol.errors import ErrorCode
from infernet_protocol.jobs import EventType
from infernet_server.errors import ApiError
from infernet_server.routes.openai_answer import ChunkWriter, JobFailed, completion, error_body
from infernet_server.routes.openai_wire import ChatRequest, chat_request
from infernet_server.services.client_address import client_address
from infernet_server.services.container import Services
from infernet_server.services.jobs import StreamEvent
from infernet_server.wire import (
    ClientGone,
    header,
    parse_object,
    read_body,
    send_json,
    until_hangup,
)

ANSWER_SECONDS = 600
"""How long a client that does not stream may wait for the whole answer."""
ANY_MODEL = "infernet"
"""The model of an answer when neither the client nor the node named one."""
SSE_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)


class ChatCompletions:
    """Answer a chat in OpenAI's format, whole or as a stream."""

    tier = Tier.PUBLIC

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve `POST /v1/chat/completions`."""
        services: Services = scope["app"].state.services
        address = client_address(scope, services.settings.trusted_proxies)
        try:
            services.limits.openai(address)
            request = await _read(services, scope, receive, address)
            with services.limits.stream(address):
                row = await services.jobs.submit(request.job)
                if request.is_stream:
                    await until_hangup(receive, _stream(services, row, request, send))
                else:
                    await until_hangup(receive, _answer(services, row, send))
        except ApiError as error:
            await _send_error(send, error)
        except ClientGone:
            return


async def _read(services: Services, scope: Scope, receive: Receive, address: str) -> ChatRequest:
    body = await read_body(scope, receive, services.settings.max_body_bytes)
    key = header(scope, b"idempotency-key")
    return chat_request(
        parse_object(body),
        caller=address,
        idempotency_key=key.decode("latin-1") if key else None,
    )


async def _answer(services: Services, row: Mapping[str, Any], send: Send) -> None:
    model, last = row["model_name"], None
    try:
        async with (
            asyncio.timeout(ANSWER_SECONDS),
            aclosing(services.jobs.follow(row["id"])) as batches,
        ):
            async for batch in batches:
                model = model or _model_of(batch)
                last = batch[-1] if batch else last
    except TimeoutError:
        words = f"the answer took longer than {ANSWER_SECONDS} s"
        raise JobFailed({"message": words, "code": ErrorCode.TIMED_OUT}) from None
    assert last is not None, "a followed job ends with done or error"
    if last.kind == EventType.ERROR:
        raise JobFailed(last.data)
    answer = completion(row["id"], _created(row), model or ANY_MODEL, last.data)
    await send_json(send, answer, headers=_job_header(row))


async def _stream(
    services: Services, row: Mapping[str, Any], request: ChatRequest, send: Send
) -> None:
    """Relay the log. The head waits for the first text, so that an early failure has a status."""
    model, chunks = row["model_name"], None
    async with aclosing(services.jobs.follow(row["id"])) as batches:
        async for batch in batches:
            model = model or _model_of(batch)
            opening = b""
            if chunks is None:
                if batch and batch[-1].kind == EventType.META:
                    continue
                _raise_early_failure(batch)
                chunks = ChunkWriter(
                    row["id"],
                    _created(row),
                    model or ANY_MODEL,
                    includes_usage=request.includes_usage,
                )
                headers = [*SSE_HEADERS, *_job_header(row)]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                opening = chunks.first()
            if body := opening + chunks.write(batch):
                await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _raise_early_failure(batch: Sequence[StreamEvent]) -> None:
    is_failure = batch and batch[-1].kind == EventType.ERROR
    if is_failure and not any(event.kind == EventType.TOKEN for event in batch):
        raise JobFailed(batch[-1].data)


def _model_of(batch: Sequence[StreamEvent]) -> str | None:
    """The model that the node says it runs, if the batch tells."""
    if batch and batch[0].kind == EventType.META:
        model = batch[0].data.get("model")
        return model if isinstance(model, str) else None
    return None


def _created(row: Mapping[str, Any]) -> int:
    return int(row["created_at"]) // 1_000_000


def _job_header(row: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """The job behind the answer: what `infernet route explain` takes."""
    return [(b"x-infernet-job", str(row["id"]).encode())]


class Models:
    """List what live nodes serve now, in OpenAI's format."""

    tier = Tier.PUBLIC

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve `GET /v1/models`."""
        services: Services = scope["app"].state.services
        created = int(services.started_at)
        models = [
            {"id": name, "object": "model", "created": created, "owned_by": "infernet"}
            for name in services.directory.served_models(services.clock())
        ]
        await send_json(send, {"object": "list", "data": models})


async def _send_error(send: Send, error: ApiError) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    await send_json(send, error_body(error), error.status, headers)


ROUTES = [
    Route(endpoints.OPENAI_CHAT, ChatCompletions(), methods=["POST"], name="openai_chat"),
    Route(endpoints.OPENAI_MODELS, Models(), methods=["GET"], name="openai_models"),
]
