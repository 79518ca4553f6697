"""`hardware`: what this machine is and does now, and how each of it was found out."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import success
from infernet_tui.hardware.document import hardware_document

if TYPE_CHECKING:
    from infernet_tui.node.node import Node


async def answer(node: "Node", _payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """A whole reading, the last one when a driver hangs; the fabric may be five minutes old."""
    yield success(hardware_document(await node.hardware.read()))
