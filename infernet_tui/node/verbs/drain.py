"""`drain`: take no new jobs, finish the running ones however long they take, then stop."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import success

if TYPE_CHECKING:
    from infernet_tui.node.node import Node


async def answer(node: "Node", _payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Begin to drain."""
    node.drain()
    yield success({"draining": True, "activeJobs": len(node.jobs.runs)})
