"""The node's Unix socket: how front ends talk to a running node (`wire.md` §7).

0600, in a folder of 0700, and only this user's (or root's) processes are answered. A socket that
cannot be opened is logged and is not fatal: the node still earns.
"""

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import MAX_REQUEST_BYTES, STREAMS, event, failure, refusal
from infernet_tui.errors import InfernetError
from infernet_tui.node.ndjson import LineServer
from infernet_tui.node.verbs import VERBS

if TYPE_CHECKING:
    from infernet_tui.node.node import Node

log = logging.getLogger(__name__)
MAX_CONNECTIONS = 64


class Dispatcher:
    """Finds the verb a message names and lets it answer."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    async def handle(self, message: object) -> AsyncGenerator[dict[str, Any], None]:
        """Every answer to one message."""
        command = _command(message)
        verb = VERBS.get(command) if command else None
        if verb is None:
            yield failure(f"unknown-cmd: {command[:64] if command else '(none)'}")
            return
        assert isinstance(message, dict)
        has_answered = False
        try:
            async with contextlib.aclosing(verb(self._node, message.get("payload"))) as answers:
                async for answer in answers:
                    yield answer
                    has_answered = True
        except InfernetError as error:
            yield _failed(error, has_answered=has_answered)
        except Exception as error:  # the boundary: a verb's bug must not end the node
            log.exception("the command %s failed", command)
            yield _failed(_bug(error), has_answered=has_answered)


def _command(message: object) -> str | None:
    command = message.get("cmd") if isinstance(message, dict) else None
    return str(command) if command else None


class Bug(InfernetError):
    """The node made a mistake of its own."""

    code = "bug"


def _bug(error: Exception) -> Bug:
    return Bug(f"The node made a mistake ({type(error).__name__}).", hint="infernet logs")


def _failed(error: InfernetError, *, has_answered: bool) -> dict[str, Any]:
    """A failure as the first answer, or as the last event of a stream."""
    if not has_answered:
        return refusal(error.code, error.message, error.hint)
    return event("error", {"code": error.code, "message": error.message, "hint": error.hint})


class IpcServer:
    """Listens on the socket file."""

    def __init__(self, dispatcher: Dispatcher, path: Path) -> None:
        self._path = path
        self._lines = LineServer(
            dispatcher.handle,
            max_connections=MAX_CONNECTIONS,
            max_line_bytes=MAX_REQUEST_BYTES,
            is_stream=lambda message: _command(message) in STREAMS,
        )
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Open the socket, replacing one that a killed node left behind."""
        try:
            listener = _listen(self._path)
        except OSError as error:
            log.error("cannot open %s: %s; `infernet status` will not work", self._path, error)
            return
        self._server = await asyncio.start_unix_server(
            self._accept, sock=listener, limit=MAX_REQUEST_BYTES
        )

    async def close(self) -> None:
        """Hang up and remove the socket file."""
        if self._server is None:
            return
        self._server.close()
        await self._lines.close()
        await self._server.wait_closed()
        self._server = None
        self._path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        user = peer_user(writer.get_extra_info("socket"))
        if user is not None and user not in (os.getuid(), 0):
            log.warning("refused a connection of user %d", user)
            writer.close()
            return
        await self._lines.serve(reader, writer)


def peer_user(connection: socket.socket) -> int | None:
    """User id of the process at the other end, where the system tells (Linux).

    Elsewhere the file's mode alone keeps other users out.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
    _process, user, _group = struct.unpack("3i", credentials)
    return int(user)


def _listen(path: Path) -> socket.socket:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(os.fspath(path))
        path.chmod(0o600)  # before listen(): nobody could connect until now
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
