"""The verbs of the node's socket, one module each.

A verb is an asynchronous generator of answers: one for a question, many for a subscription.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import IpcCommand
from infernet_tui.node.verbs import drain, ping, shutdown, status, subscribe

if TYPE_CHECKING:
    from infernet_tui.node.node import Node

Verb = Callable[["Node", Any], AsyncGenerator[dict[str, Any], None]]

VERBS: Mapping[str, Verb] = {
    IpcCommand.PING: ping.answer,
    IpcCommand.STATUS: status.answer,
    IpcCommand.STATS: status.answer,
    IpcCommand.SUBSCRIBE: subscribe.answer,
    IpcCommand.SHUTDOWN: shutdown.answer,
    "drain": drain.answer,
}
