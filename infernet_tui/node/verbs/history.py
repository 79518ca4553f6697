"""`history` and `history.latest`: what the node did, and what it did in the last second."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import success
from infernet_tui.errors import UsageError
from infernet_tui.node.history import SECONDS_WINDOW, WINDOWS

if TYPE_CHECKING:
    from infernet_tui.node.node import Node


async def answer(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """One window, whole.

    Raises:
        UsageError: there is no such window.
    """
    window = payload.get("window", SECONDS_WINDOW) if isinstance(payload, dict) else SECONDS_WINDOW
    if not isinstance(window, str) or window not in WINDOWS:
        raise UsageError(
            f"There is no history of {str(window)[:16]!r}; there is {', '.join(WINDOWS)}."
        )
    yield success(node.recorder.window(window))


async def latest(node: "Node", _payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """The newest second."""
    yield success(node.recorder.latest())
