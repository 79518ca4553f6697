"""A scripted node on the channel: it does exactly what a test tells it to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect

from infernet_protocol import PROTOCOL_VERSION, endpoints
from tests.support.signed_client import SignedClient


class ChannelNode:
    """One open channel."""

    def __init__(self, socket: ClientConnection, welcome: dict[str, Any]) -> None:
        self.socket = socket
        self.welcome = welcome

    async def next(self, *kinds: str) -> dict[str, Any]:
        """The next message of one of these types; others are skipped."""
        async with asyncio.timeout(10):
            while True:
                message: dict[str, Any] = orjson.loads(await self.socket.recv())
                if message["type"] in kinds:
                    return message

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one message."""
        await self.socket.send(orjson.dumps({"type": kind, **fields}).decode())

    async def answer(self, offer: dict[str, Any], *texts: str, seq: int = 1) -> None:
        """Accept a job and answer it whole."""
        about = {"job_id": offer["job"]["id"], "attempt": offer["attempt"]}
        await self.send("accept", **about)
        events = [{"event_type": "token", "data": {"text": text}} for text in texts]
        done = {"event_type": "done", "data": {"text": "".join(texts), "reason": "stop"}}
        await self.send("events", **about, seq=seq, events=[*events, done])
        await self.send("complete", **about, status="completed", result=None)

    async def tokens(self, offer: dict[str, Any], *texts: str, seq: int = 1) -> None:
        """Send tokens and stay at it."""
        about = {"job_id": offer["job"]["id"], "attempt": offer["attempt"]}
        events = [{"event_type": "token", "data": {"text": text}} for text in texts]
        await self.send("events", **about, seq=seq, events=events)


@contextlib.asynccontextmanager
async def channel_node(
    client: SignedClient,
    *,
    resume: list[dict[str, Any]] | None = None,
    models: list[str] | None = None,
    **hello: Any,
) -> AsyncIterator[ChannelNode]:
    """Open the channel with a registered key and say hello."""
    url = f"ws://{client.http.base_url.netloc.decode()}{endpoints.CHANNEL}"
    headers = {"x-infernet-auth": client.envelope("GET", endpoints.CHANNEL)}
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        greeting = {
            "type": "hello",
            "protocol": PROTOCOL_VERSION,
            "version": "test",
            "role": "provider",
            "specs": {"served_models": models or []},
            "capacity": 4,
            "resume": resume or [],
        }
        await socket.send(orjson.dumps(greeting | hello).decode())
        welcome = orjson.loads(await socket.recv())
        assert welcome["type"] == "welcome", welcome
        yield ChannelNode(socket, welcome)
