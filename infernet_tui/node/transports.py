"""The two ways to a node: its Unix socket, and the node object in this very process.

Both carry the same messages (`wire.md` §7): one JSON object out, one back; `stream` sends one and
yields every object that comes back.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, Protocol

import orjson

from infernet_protocol.ipc import IpcFailure, failure
from infernet_tui import paths

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Longest line a node may answer: a thousand jobs are about half a megabyte."""

Message = Mapping[str, Any]


class Transport(Protocol):
    """Carries messages to one node."""

    async def request(self, message: Message) -> dict[str, Any]:
        """Send one message; the node's answer, or an `IpcFailure`."""
        ...

    def stream(self, message: Message) -> AsyncGenerator[dict[str, Any], None]:
        """Send one message; every line the node answers, until it hangs up."""
        ...


class SocketTransport:
    """A connection to the node's Unix socket for each message."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or paths.socket_file()

    async def request(self, message: Message) -> dict[str, Any]:
        """Send one message and read one line."""
        async with contextlib.aclosing(self.stream(message)) as answers:
            async for answer in answers:
                return answer
        return failure(IpcFailure.CONNECTION_CLOSED)

    async def stream(self, message: Message) -> AsyncGenerator[dict[str, Any], None]:
        """Send one message and read lines until the node hangs up."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._path, limit=MAX_ANSWER_BYTES)
        except OSError as error:
            yield failure(IpcFailure.DAEMON_UNREACHABLE, error.strerror or str(error))
            return
        try:
            writer.write(orjson.dumps(message) + b"\n")
            await writer.drain()
            while line := await reader.readline():
                yield parse_answer(line)
        except (OSError, ValueError) as error:  # cut off, or a line beyond every limit
            yield failure(IpcFailure.CONNECTION_CLOSED, str(error))
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class Handler(Protocol):
    """What answers messages inside the node (`infernet_tui.node.ipc.Dispatcher`)."""

    def handle(self, message: Message) -> AsyncGenerator[dict[str, Any], None]:
        """Every answer to one message."""
        ...


class InProcessTransport:
    """The node of this process, reached through the same handlers and the same JSON."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def request(self, message: Message) -> dict[str, Any]:
        """Send one message and take the first answer."""
        async with contextlib.aclosing(self.stream(message)) as answers:
            async for answer in answers:
                return answer
        return failure(IpcFailure.CONNECTION_CLOSED)

    async def stream(self, message: Message) -> AsyncGenerator[dict[str, Any], None]:
        """Send one message and take all answers; closing ends the verb, wherever it is."""
        handling = self._handler.handle(orjson.loads(orjson.dumps(message)))
        async with contextlib.aclosing(handling) as answers:
            async for answer in answers:
                yield parse_answer(orjson.dumps(answer))


def parse_answer(line: bytes) -> dict[str, Any]:
    """A line of the node, or `bad-response`."""
    try:
        answer = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return failure(IpcFailure.BAD_RESPONSE, str(error))
    return answer if isinstance(answer, dict) else failure(IpcFailure.BAD_RESPONSE)
