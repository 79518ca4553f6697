"""`status`: the node's state; `stats` is its other name."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import success
from infernet_tui.node.snapshot import snapshot

if TYPE_CHECKING:
    from infernet_tui.node.node import Node


async def answer(node: "Node", _payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """The snapshot."""
    yield success(snapshot(node))
