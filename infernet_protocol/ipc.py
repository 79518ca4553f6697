"""The node's local socket and its P2P port: NDJSON, many lines a connection (`wire.md` §7).

Request `{"cmd", "payload"?}` → `{"ok": true, "data"}` or `{"ok": false, "error", "cause"?}`.
`subscribe` answers once and then keeps sending `{"event", "data"}` lines until the peer hangs up.
"""

from enum import StrEnum
from typing import Any

MAX_LINE_BYTES = 64 * 1024
P2P_PORT = 46337


class IpcCommand(StrEnum):
    """Verbs of the local socket."""

    PING = "ping"
    STATUS = "status"
    STATS = "stats"
    SHUTDOWN = "shutdown"
    SUBSCRIBE = "subscribe"
    DRAIN = "drain"


class IpcFailure(StrEnum):
    """Words a client uses when there is no proper answer."""

    DAEMON_UNREACHABLE = "daemon-unreachable"
    DAEMON_TIMEOUT = "daemon-timeout"
    CONNECTION_CLOSED = "connection-closed"
    BAD_RESPONSE = "bad-response"
    WRITE_FAILED = "write-failed"


def success(data: Any) -> dict[str, Any]:
    """The answer to a command that worked."""
    return {"ok": True, "data": data}


def failure(error: str, cause: str | None = None) -> dict[str, Any]:
    """The answer to a command that did not."""
    return {"ok": False, "error": error} | ({"cause": cause} if cause else {})
