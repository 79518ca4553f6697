"""The node's local socket and its P2P port: NDJSON, many lines a connection (`wire.md` §7).

Request `{"cmd", "payload"?}` → `{"ok": true, "data"}` or `{"ok": false, "error", "cause"?}`.
Streams (`STREAMS`) answer once and then keep sending `{"event", "data"}` lines until they end, and
the node hangs up, or the peer does. A verb that fails says why in `cause` and what to do in `hint`;
in the middle of a stream the same comes as a last `error` event `{code, message, hint}`.
"""

from enum import StrEnum
from typing import Any

MAX_LINE_BYTES = 64 * 1024
"""Longest line of a stranger, on the P2P port."""
MAX_REQUEST_BYTES = 2 * 1024 * 1024
"""Longest line on the local socket: a chat of a mebibyte fits."""
P2P_PORT = 46337


class IpcCommand(StrEnum):
    """Verbs of the local socket. The first six are the existing network's, and `drain`."""

    PING = "ping"
    STATUS = "status"
    STATS = "stats"
    SHUTDOWN = "shutdown"
    SUBSCRIBE = "subscribe"
    DRAIN = "drain"
    NODE_INFO = "node.info"
    HARDWARE = "hardware"
    HISTORY = "history"
    HISTORY_LATEST = "history.latest"
    MODELS = "models"
    MODEL_PULL = "model.pull"
    MODEL_USE = "model.use"
    MODEL_REMOVE = "model.remove"
    MODEL_LOAD = "model.load"
    MODEL_UNLOAD = "model.unload"
    CHAT = "chat"
    JOBS = "jobs"
    JOB = "job"
    JOB_FOLLOW = "job.follow"
    JOB_CANCEL = "job.cancel"
    JOB_EXPLAIN = "job.explain"
    PEERS = "peers"
    PEER_PING = "peer.ping"
    PAYOUTS = "payouts"
    PAYOUT_SET = "payout.set"
    PAYOUT_REMOVE = "payout.remove"
    PAYMENTS = "payments"
    EARNINGS = "earnings"


STREAMS = frozenset(
    {IpcCommand.SUBSCRIBE, IpcCommand.MODEL_PULL, IpcCommand.CHAT, IpcCommand.JOB_FOLLOW}
)
"""Verbs that go on after their first answer."""


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


def refusal(code: str, message: str, hint: str | None) -> dict[str, Any]:
    """The answer of a verb that could not do it: machine name, what failed, what to do next."""
    return failure(code, message) | {"hint": hint}


def event(name: str, data: Any) -> dict[str, Any]:
    """One line of a stream after its first answer."""
    return {"event": name, "data": data}
