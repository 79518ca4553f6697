"""Reading requests and writing answers, for plain ASGI endpoints: bodies with limits, JSON, errors.

The hot routes (node tier, channel, streams) are bare ASGI inside the same application; everything
they need of HTTP is here, once.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from infernet_server.errors import ApiError, InvalidRequest, TooLarge

JSON_HEADERS = [(b"content-type", b"application/json")]
MAX_DEPTH = 64
"""Deepest nesting of a JSON body; hostile ones are thousands deep."""


class ClientGone(Exception):
    """The client hung up before its request was whole."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The request's body.

    Raises:
        TooLarge: it is longer than `limit`; refused by its declared length before it is read.
        ClientGone: the client hung up.
    """
    declared = header(scope, b"content-length")
    if declared and declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"request body is larger than {limit} bytes")
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
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise InvalidRequest(f"invalid JSON body: nested deeper than {MAX_DEPTH}")
    return value


def _depth(value: object) -> int:
    """Nesting depth, without recursion: the input is hostile."""
    deepest, level = 0, [value]
    while level and deepest <= MAX_DEPTH:
        deepest += 1
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
    return deepest


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


def error_body(error: ApiError, request_id: str | None = None) -> dict[str, Any]:
    """The body of an error answer."""
    body: dict[str, Any] = {"error": error.message, "code": error.code.value}
    if error.hint:
        body["hint"] = error.hint
    if error.detail is not None:
        body["detail"] = error.detail
    if request_id:
        body["request_id"] = request_id
    return body


async def send_error(send: Send, error: ApiError) -> None:
    """Answer with an error."""
    headers = [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    await send_json(send, error_body(error), error.status, headers)


async def until_hangup(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Do `work` until it ends or the client hangs up; then it is cancelled, and cleaned up.

    Servers drop what is sent after a hang-up in silence, so somebody has to listen.
    """
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_hangup(receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        working.cancel()
        await asyncio.wait({working, gone})
    if not working.cancelled():
        working.result()


async def _hangup(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
