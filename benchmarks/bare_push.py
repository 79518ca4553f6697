"""The floor for `push.py`: bare ASGI that passes each request's body on to one WebSocket."""

import asyncio
from typing import Any

_bodies: asyncio.Queue[str] = asyncio.Queue()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """POST anything; it comes out of the WebSocket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            await send({"type": "websocket.send", "text": await _bodies.get()})
    if scope["type"] == "http":
        if scope["method"] == "POST":
            _bodies.put_nowait((await receive())["body"].decode())
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})
