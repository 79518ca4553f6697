"""`NodeClient`: how every front end talks to a node, running elsewhere or in this process.

A failure says the remedy: when the socket does not answer, the client looks for the process and
says whether to start one, or which process is up and where its log is.
"""

import contextlib
import json
import os
import socket
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import IpcCommand, IpcFailure
from infernet_tui import paths
from infernet_tui.errors import InfernetError, NodeNotRunning, TimedOut

if TYPE_CHECKING:
    from infernet_tui.node.transports import Transport

DEFAULT_TIMEOUT_SECONDS = 2.0
_ANSWER_LIMIT_BYTES = 4 * 1024 * 1024


class NodeClient:
    """Asks one node.

    Every method raises `NodeNotRunning`, `TimedOut`, or `InfernetError` when the node says no.
    """

    def __init__(self, transport: "Transport") -> None:
        self._transport = transport

    async def request(
        self,
        command: str,
        payload: Any = None,
        *,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> Any:
        """Send one command; its data."""
        import asyncio  # the command line asks with `request_once` and does without

        try:
            async with asyncio.timeout(timeout_seconds):
                answer = await self._transport.request(_message(command, payload))
        except TimeoutError:
            raise _error(IpcFailure.DAEMON_TIMEOUT) from None
        return _data(answer)

    async def ping(self) -> int:
        """The node's clock, in Unix milliseconds."""
        return int((await self.request(IpcCommand.PING))["pong"])

    async def status(self) -> dict[str, Any]:
        """The node's snapshot (`wire.md` §7, and `infernet_tui.node.snapshot`)."""
        return dict(await self.request(IpcCommand.STATUS))

    async def drain(self) -> dict[str, Any]:
        """Take no new jobs, finish the running ones, then stop."""
        return dict(await self.request("drain"))

    async def shutdown(self) -> dict[str, Any]:
        """Stop; running jobs get the node's grace."""
        return dict(await self.request(IpcCommand.SHUTDOWN))

    async def subscribe(self) -> AsyncGenerator[dict[str, Any], None]:
        """The snapshot now, and again after each change, until the node goes away."""
        async with contextlib.aclosing(
            self._transport.stream(_message(IpcCommand.SUBSCRIBE, None))
        ) as answers:
            yield _data(await anext(answers, {}))
            async for answer in answers:
                if answer.get("event") == "state":
                    yield answer["data"]


def request_once(
    command: str,
    payload: Any = None,
    *,
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    path: Path | None = None,
) -> Any:
    """Send one command over the Unix socket without an event loop; its data.

    Raises:
        NodeNotRunning: nothing listens there.
        TimedOut: something listens and does not answer.
        InfernetError: the node refused the command, or answered nonsense.
    """
    line = json.dumps(_message(command, payload)).encode() + b"\n"
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as connection:
        connection.settimeout(timeout_seconds)
        try:
            connection.connect(os.fspath(path or paths.socket_file()))
        except TimeoutError:
            raise _error(IpcFailure.DAEMON_TIMEOUT) from None
        except OSError as error:
            raise _error(IpcFailure.DAEMON_UNREACHABLE, error.strerror) from None
        try:
            connection.sendall(line)
            answer = _read_line(connection)
        except TimeoutError:
            raise _error(IpcFailure.DAEMON_TIMEOUT) from None
        except OSError as error:
            raise _error(IpcFailure.WRITE_FAILED, error.strerror) from None
    try:
        parsed = json.loads(answer) if answer else None
    except ValueError as error:
        raise _error(IpcFailure.BAD_RESPONSE, str(error)) from None
    if parsed is None:
        raise _error(IpcFailure.CONNECTION_CLOSED)
    return _data(parsed)


def running_pid() -> int | None:
    """The process id in `daemon.pid`, if that process is alive."""
    try:
        pid = int(paths.pid_file().read_text("ascii"))
        os.kill(pid, 0)
    except PermissionError:
        return pid  # alive, and somebody else's
    except (OSError, ValueError, OverflowError):
        return None
    return pid


def _message(command: str, payload: Any) -> dict[str, Any]:
    return {"cmd": str(command)} | ({} if payload is None else {"payload": payload})


def _read_line(connection: socket.socket) -> bytes:
    parts = bytearray()
    while not parts.endswith(b"\n") and len(parts) < _ANSWER_LIMIT_BYTES:
        part = connection.recv(65536)
        if not part:
            break
        parts += part
    return bytes(parts)


def _data(answer: dict[str, Any]) -> Any:
    if answer.get("ok") is True:
        return answer.get("data")
    raise _error(str(answer.get("error") or IpcFailure.BAD_RESPONSE), answer.get("cause"))


def _error(word: str, cause: object = None) -> InfernetError:
    """The exception for a failure word, with what to do about it."""
    pid = running_pid()
    logs = f"infernet logs (or {paths.log_file()})"
    why = f" ({cause})" if cause else ""
    if word == IpcFailure.DAEMON_UNREACHABLE and pid is None:
        return NodeNotRunning("The node is not running.", hint="infernet start")
    if word == IpcFailure.DAEMON_UNREACHABLE:
        return NodeNotRunning(
            f"Process {pid} is up but its socket cannot be reached{why}.", hint=logs
        )
    if word == IpcFailure.DAEMON_TIMEOUT:
        who = f"Process {pid}" if pid else "The node"
        return TimedOut(f"{who} is up but not answering.", hint=logs)
    if word in (IpcFailure.CONNECTION_CLOSED, IpcFailure.WRITE_FAILED, IpcFailure.BAD_RESPONSE):
        return NodeNotRunning(f"The node gave no proper answer: {word}{why}.", hint=logs)
    return InfernetError(f"The node refused: {word}{why}.")
