"""`ping`: whether anybody is there, and what time it is here."""

import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import success

if TYPE_CHECKING:
    from infernet_tui.node.node import Node


async def answer(_node: "Node", _payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """The node's clock, in Unix milliseconds."""
    yield success({"pong": round(time.time() * 1000)})
