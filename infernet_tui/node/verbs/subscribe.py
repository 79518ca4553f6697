"""`subscribe`: the node's state now, and again whenever it changes.

A subscriber gets at most five states a second and always the last one; while jobs run it gets one
a second at least, for their counters.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import success
from infernet_tui.node.snapshot import snapshot

if TYPE_CHECKING:
    from infernet_tui.node.node import Node

MIN_PAUSE_SECONDS = 0.2
BUSY_PAUSE_SECONDS = 1.0


async def answer(node: "Node", _payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """The snapshot, then a `state` event after each change, until the peer hangs up."""
    version = node.changes.version
    yield success(snapshot(node))
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(
                node.changes.beyond(version), BUSY_PAUSE_SECONDS if node.jobs.runs else None
            )
        version = node.changes.version
        yield {"event": "state", "data": snapshot(node)}
        await asyncio.sleep(MIN_PAUSE_SECONDS)
