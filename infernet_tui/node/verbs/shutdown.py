"""`shutdown`: stop; running jobs get the node's grace, then go back to the control plane."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import success

if TYPE_CHECKING:
    from infernet_tui.node.node import Node


async def answer(node: "Node", _payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Begin to stop."""
    node.stop()
    yield success({"shuttingDown": True})
