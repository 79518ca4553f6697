"""The node channel: `GET /api/v1/node/channel`, a WebSocket (design: the node channel).

Bare ASGI. The upgrade is a signed request; a refused one is answered with the status and body that
the same failure has on the HTTP routes.
"""

import asyncio
import contextlib
import logging

import orjson
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send

from infernet_protocol import endpoints
from infernet_protocol.endpoints import Tier
from infernet_protocol.nodes import Role
from infernet_server.errors import ApiError
from infernet_server.routes.signed import authenticate
from infernet_server.services.container import Services
from infernet_server.services.session import NodeChannel, ProtocolViolation
from infernet_server.wire import JSON_HEADERS, error_body

log = logging.getLogger(__name__)

HELLO_SECONDS = 10.0
_NORMAL, _POLICY_VIOLATION = 1000, 1008


class ChannelEndpoint:
    """The ASGI application behind the route."""

    tier = Tier.SIGNED

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        services: Services = scope["app"].state.services
        await receive()  # websocket.connect
        try:
            public_key = await authenticate(services, scope, "GET", b"")
            identity = await services.nodes.identify(Role.PROVIDER, public_key)
        except ApiError as error:
            await _refuse(scope, send, error)
            return
        await send({"type": "websocket.accept"})
        channel = NodeChannel(
            identity, services.dispatcher, services.nodes, services.settings, services.clock
        )
        log.info("node %s connected", identity.node_id)
        try:
            await _serve(channel, receive, send)
        finally:
            await channel.close()
            log.info("node %s disconnected", identity.node_id)


async def _serve(channel: NodeChannel, receive: Receive, send: Send) -> None:
    """Run both directions until one of them ends."""
    reader = asyncio.create_task(_read(channel, receive))
    writer = asyncio.create_task(_write(channel, send))
    try:
        await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
        if reader.done() and (violation := reader.result()):
            channel.end(violation)
            await writer
    finally:
        for task in (reader, writer):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _read(channel: NodeChannel, receive: Receive) -> str | None:
    """Take frames until the node goes; why the connection must end, if it must."""
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            frame = await _frame(receive)
    except TimeoutError:
        return "no hello came"
    while frame is not None:
        try:
            channel.receive(frame)
        except ProtocolViolation as violation:
            return str(violation)
        frame = await _frame(receive)
    return None


async def _frame(receive: Receive) -> str | bytes | None:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        return None
    text: str | None = message.get("text")
    return text if text is not None else message.get("bytes", b"")


async def _write(channel: NodeChannel, send: Send) -> None:
    """Send what is in the outbox, whenever there is something."""
    while True:
        await channel.has_mail.wait()
        channel.has_mail.clear()
        while channel.outbox:
            text = orjson.dumps(channel.outbox.popleft()).decode()
            await send({"type": "websocket.send", "text": text})
        if channel.is_over:
            await send({"type": "websocket.close", "code": _NORMAL})
            return


async def _refuse(scope: Scope, send: Send, error: ApiError) -> None:
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    body = orjson.dumps(error_body(error))
    await send(
        {
            "type": "websocket.http.response.start",
            "status": error.status,
            "headers": [*JSON_HEADERS, (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "websocket.http.response.body", "body": body})


ROUTES = [WebSocketRoute(endpoints.CHANNEL, ChannelEndpoint(), name="channel")]
