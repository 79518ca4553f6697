"""Reading requests and writing answers, for plain ASGI endpoints: bodies with limits, JSON, errors.

The hot routes (node tier, channel, streams) are bare ASGI inside the same application; everything
they need of HTTP is here, once.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from infernet_server.errors import ApiError, InvalidRequest, TooLarge, TooSlow

JSON_HEADERS = [
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
"""Of every answer made here: many are private, and none may be taken for a page."""
MAX_DEPTH = 64
"""Deepest nesting of JSON from outside; hostile ones are thousands deep."""
BODY_SECONDS = 30.0
"""How long a request's body may take to arrive."""


class ClientGone(Exception):
    """The client hung up before its request was whole."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The request's body.

    Raises:
        TooLarge: it is longer than `limit`; refused by its declared length before it is read.
        TooSlow: it did not arrive within `BODY_SECONDS`.
        ClientGone: the client hung up.
    """
    declared = header(scope, b"content-length")
    # Digits beyond what `int` takes are too many, too.
    if declared and declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
        raise TooLarge(f"request body is larger than {limit} bytes")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _whole_body(receive, limit)
    except TimeoutError:
        raise TooSlow(f"the request body did not arrive within {BODY_SECONDS:g} s") from None


async def _whole_body(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge(f"request body is larger than {limit} bytes")
        if not message.get("more_body"):
            return part if not parts else b"".join([*parts, part])
        parts.append(part)


def parse_object(body: bytes, words: str | None = None) -> dict[str, Any]:
    """A JSON object; an empty body is an empty object.

    Raises:
        InvalidRequest: not JSON, or not an object; with the route's own `words`, if it has some.
    """
    if not body:
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(words or f"invalid JSON body: {error}", detail=str(error)) from None
    if not isinstance(value, dict):
        raise InvalidRequest(words or "invalid JSON body: expected an object")
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and is_too_deep(value):
        raise InvalidRequest(f"invalid JSON body: nested deeper than {MAX_DEPTH}")
    return value


def is_too_deep(value: object) -> bool:
    """Whether JSON is nested deeper than `MAX_DEPTH`: what can be read may be too deep to write.

    Without recursion: the input is hostile.
    """
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return False
    return True


def header(scope: Scope, name: bytes) -> bytes | None:
    """A request header by its lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


async def send_json(
    send: Send, value: Any, status: int = 200, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """Answer with a JSON document."""
    body = orjson.dumps(value)
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                *JSON_HEADERS,
                (b"content-length", str(len(body)).encode()),
                *(headers or []),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


def error_body(error: ApiError) -> dict[str, Any]:
    """The body of an error answer."""
    body: dict[str, Any] = {"error": error.message, "code": error.code.value}
    if error.hint:
        body["hint"] = error.hint
    if error.detail is not None:
        body["detail"] = error.detail
    return body


async def send_error(send: Send, error: ApiError) -> None:
    """Answer with an error."""
    headers = [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    await send_json(send, error_body(error), error.status, headers)


DROPPED = "dropped"
"""Message of a cancellation that ends a client's stream because it does not read."""


async def until_hangup(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Do `work` until it ends, the client hangs up, or the stream is `DROPPED`.

    Servers drop what is sent after a hang-up in silence, so somebody has to listen.
    """
    working = asyncio.current_task()
    assert working is not None
    listening = asyncio.create_task(_cancel_on_hangup(receive, working))
    try:
        await work
    except asyncio.CancelledError as cancellation:
        if cancellation.args not in (("hung up",), (DROPPED,)):
            raise
        working.uncancel()
    finally:
        listening.cancel()


async def _cancel_on_hangup(receive: Receive, working: "asyncio.Task[Any]") -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    working.cancel("hung up")
