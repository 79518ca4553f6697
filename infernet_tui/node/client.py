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
from infernet_tui import errors, paths
from infernet_tui.errors import InfernetError, NodeNotRunning, NotSupported, TimedOut
from infernet_tui.exit_codes import ExitCode

if TYPE_CHECKING:
    from infernet_tui.node.transports import Transport

DEFAULT_TIMEOUT_SECONDS = 2.0
NETWORK_TIMEOUT_SECONDS = 20.0
"""For questions that the node passes on to the control plane or to its engine."""
LOAD_TIMEOUT_SECONDS = 600.0
"""For bringing a model into memory."""
FIRST = "answer"
"""How `NodeClient.stream` calls the first answer of a stream."""
_UNKNOWN_COMMAND = "unknown-cmd"
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
        async with contextlib.aclosing(self.stream(IpcCommand.SUBSCRIBE)) as events:
            async for name, data in events:
                if name in (FIRST, "state"):
                    yield data

    async def stream(
        self, command: str, payload: Any = None
    ) -> AsyncGenerator[tuple[str, Any], None]:
        """Start a stream; its first answer as `("answer", data)`, then `(event, data)` for each.

        The last event of `model.pull` and `chat` is `done` or `error`; a stream that stops short of
        that lost the node. Closing this generator hangs up, which ends the verb.
        """
        async with contextlib.aclosing(
            self._transport.stream(_message(command, payload))
        ) as answers:
            yield FIRST, _data(await anext(answers, {}))
            async for answer in answers:
                if "event" in answer:
                    yield str(answer["event"]), answer.get("data")
                else:
                    _data(answer)  # raises: the connection broke

    async def models(self) -> dict[str, Any]:
        """The engine, and the models there are and could be."""
        return dict(await self.request(IpcCommand.MODELS, timeout_seconds=NETWORK_TIMEOUT_SECONDS))

    async def change_model(self, command: str, name: str) -> dict[str, Any]:
        """`model.use`, `model.remove`, `model.load` or `model.unload`."""
        payload = {"name": name}
        return dict(await self.request(command, payload, timeout_seconds=LOAD_TIMEOUT_SECONDS))

    async def jobs(self, limit: int = 100, before: int | None = None) -> dict[str, Any]:
        """A page of jobs, newest first."""
        return dict(await self.request(IpcCommand.JOBS, {"limit": limit, "before": before}))

    async def job(self, job_id: str) -> dict[str, Any]:
        """One job and what happened to it."""
        return dict(await self.request(IpcCommand.JOB, {"id": job_id}))

    async def cancel_job(self, job_id: str) -> dict[str, Any]:
        """Stop a job here and give it back."""
        return dict(await self.request(IpcCommand.JOB_CANCEL, {"id": job_id}))

    async def ask_network(self, command: str, payload: Any = None) -> dict[str, Any]:
        """A question that takes as long as a control plane: `peers`, `payouts`, `job.explain`, …"""
        return dict(await self.request(command, payload, timeout_seconds=NETWORK_TIMEOUT_SECONDS))


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
    if "hint" in answer:
        raise _refused(str(answer.get("error")), answer.get("cause"), answer["hint"])
    raise _error(str(answer.get("error") or IpcFailure.BAD_RESPONSE), answer.get("cause"))


def _error(word: str, cause: object = None) -> InfernetError:
    """The exception for a failure word, with what to do about it."""
    unknown, _, verb = word.partition(":")
    if unknown == _UNKNOWN_COMMAND:
        return NotSupported(
            f"This node does not know `{verb.strip() or cause or 'that'}`: it is an older version.",
            hint="infernet stop && infernet start",
        )
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


_KINDS: dict[str, type[InfernetError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, InfernetError)
}
"""Our errors by machine name: one that crossed the socket is what it was, with its exit code."""


def _refused(code: str, message: object, hint: object) -> InfernetError:
    """The error of a verb, as it was raised inside the node."""
    error = _KINDS.get(code, InfernetError)(
        str(message or f"The node refused: {code}."), hint=hint if isinstance(hint, str) else None
    )
    error.code = code
    if code.endswith("not_found"):
        error.exit_code = ExitCode.NOT_FOUND
    return error
