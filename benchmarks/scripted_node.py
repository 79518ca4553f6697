"""A node without an engine: it registers, opens the channel and makes the tokens up itself.

For what concerns the control plane alone. Each job is answered with `max_tokens` tokens as fast as
they are read, unless a row handles offers itself (`on_job`).
"""

import argparse
import asyncio
import contextlib
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop
from fake_engine import TOKEN, UNLIMITED
from websockets.asyncio.client import ClientConnection, connect

from infernet_protocol import PROTOCOL_VERSION, endpoints, envelope
from infernet_protocol.keys import SecretKey

Message = dict[str, Any]
_SLAB = [{"event_type": "token", "data": {"text": TOKEN}}] * 16
"""Tokens in a frame: about what a busy node's batching makes."""


def signed_post(url: str, key: SecretKey, path: str, body: Message) -> None:
    """One signed request that must work.

    Raises:
        OSError: refused, or nobody there.
    """
    content = orjson.dumps(body)
    request = urllib.request.Request(
        url + path, content, {envelope.HEADER: sign(url, key, "POST", path, content)}
    )
    urllib.request.urlopen(request, timeout=10).close()


def sign(url: str, key: SecretKey, method: str, path: str, body: bytes) -> str:
    """The header of a request."""
    host = urlsplit(url).netloc
    now = int(time.time())
    return envelope.sign(key, method, path, body, created_at=now, host=host, version=2)


class ScriptedNode:
    """One open channel."""

    def __init__(self, socket: ClientConnection, on_job: Callable[[Message], None] | None) -> None:
        self._socket = socket
        self._on_job = on_job or self._start_answer
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take jobs until the channel closes."""
        async for frame in self._socket:
            message = orjson.loads(frame)
            if message["type"] == "job":
                self._on_job(message)

    def _start_answer(self, offer: Message) -> None:
        task = asyncio.create_task(self.answer(offer, offer["job"]["input_spec"]["max_tokens"]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def answer(self, offer: Message, tokens: int) -> None:
        """Answer a job whole."""
        sent = 0
        while sent < tokens:
            slab = _SLAB[: tokens - sent]
            await self._events(offer, sent + 1, slab)
            sent += len(slab)
        usage = {"prompt_tokens": 1, "completion_tokens": tokens}
        done = {"reason": "stop", "text": TOKEN * tokens, "usage": usage}
        await self._events(offer, sent + 1, [{"event_type": "done", "data": done}])
        await self._send("complete", offer, status="completed")

    async def _events(self, offer: Message, seq: int, events: list[Message]) -> None:
        await self._send("events", offer, seq=seq, events=events)

    async def _send(self, kind: str, offer: Message, **fields: Any) -> None:
        about = {"type": kind, "job_id": offer["job"]["id"], "attempt": offer["attempt"]}
        await self._socket.send(orjson.dumps(about | fields), text=True)


@contextlib.asynccontextmanager
async def scripted_node(
    url: str, model: str, *, capacity: int = 128, on_job: Callable[[Message], None] | None = None
) -> AsyncIterator[ScriptedNode]:
    """Register a new key that serves `model`, and open its channel."""
    key = SecretKey.generate()
    identity = {"role": "provider", "node_id": f"provider-{key.public_hex[:8]}"}
    await asyncio.to_thread(signed_post, url, key, endpoints.REGISTER, identity)
    header = sign(url, key, "GET", endpoints.CHANNEL, b"")
    address = url.replace("http", "ws", 1) + endpoints.CHANNEL
    headers = {envelope.HEADER: header}
    async with connect(address, additional_headers=headers, compression=None) as socket:
        hello = {
            "type": "hello",
            "protocol": PROTOCOL_VERSION,
            "version": "benchmark",
            "role": "provider",
            "specs": {"served_models": [model], "load": {"concurrency_cap": capacity}},
            "capacity": capacity,
            "resume": [],
        }
        await socket.send(orjson.dumps(hello), text=True)
        welcome = orjson.loads(await socket.recv())
        assert welcome["type"] == "welcome", welcome
        yield ScriptedNode(socket, on_job)


async def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url")
    options = parser.parse_args()
    async with scripted_node(options.url, UNLIMITED) as node:
        await node.run()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main())
