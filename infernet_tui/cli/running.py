"""What the running node says of itself, for commands that can do without one."""

from typing import Any

from infernet_protocol.ipc import IpcCommand
from infernet_tui.errors import NodeNotRunning
from infernet_tui.node.client import request_once


def node_snapshot(timeout_seconds: float = 2.0) -> dict[str, Any] | None:
    """The snapshot of the running node (`wire.md` §7), or None when there is none.

    Raises:
        TimedOut: it is up but does not answer.
    """
    try:
        return dict(request_once(IpcCommand.STATUS, timeout_seconds=timeout_seconds))
    except NodeNotRunning:
        return None
