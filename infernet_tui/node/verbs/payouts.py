"""`payouts`, `payout.set`, `payout.remove`, `payments`, `earnings`: the money of this node.

All of it is the control plane's to know; this asks it, signed with the node's key.
"""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from infernet_protocol import endpoints
from infernet_protocol.ipc import success
from infernet_protocol.nodes import MAX_EARNINGS_DAYS
from infernet_tui import coins
from infernet_tui.errors import NotFound, RequestFailed
from infernet_tui.missing_routes import told_apart
from infernet_tui.node.earnings import earnings_of
from infernet_tui.node.verbs.payload import Payload

if TYPE_CHECKING:
    from infernet_tui.node.node import Node

MAX_PAYMENTS = 100


async def payouts(node: "Node", _payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Where this node is paid: the default first."""
    yield success({"payouts": _rows(await _call(node, endpoints.PAYOUTS_LIST))})


async def set_payout(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Set the default address, once it looks like one."""
    asked = Payload(payload)
    wanted = coins.payout(asked.text("coin"), asked.optional_text("network"), asked.text("address"))
    data = await _call(
        node,
        endpoints.PAYOUTS_SET,
        coin=wanted.coin,
        network=wanted.network,
        address=wanted.address,
    )
    row = data.get("row") if isinstance(data, dict) else None
    if not isinstance(row, dict):
        raise RequestFailed("The control plane did not say what it stored.", hint="infernet doctor")
    yield success({"payout": row})


async def remove_payout(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Forget the addresses of a coin and network."""
    asked = Payload(payload)
    fields = {"coin": asked.text("coin"), "network": asked.text("network")}
    try:
        data = await _call(node, endpoints.PAYOUTS_REMOVE, **fields)
    except NotFound as error:
        raise told_apart(error) from None
    yield success({"removed": _rows(data, "removed")})


async def payments(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """What was paid or is owed, newest first."""
    limit = Payload(payload).integer("limit", MAX_PAYMENTS, 1, MAX_PAYMENTS)
    yield success({"payments": _rows(await _call(node, endpoints.PAYMENTS_LIST, limit=limit))})


async def earnings(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Sums by day; from the newest payments alone on a control plane that makes no sums."""
    days = Payload(payload).integer("days", 30, 1, MAX_EARNINGS_DAYS)
    try:
        yield success(await _call(node, endpoints.EARNINGS, days=days))
    except NotFound:
        data = await _call(node, endpoints.PAYMENTS_LIST, limit=MAX_PAYMENTS)
        yield success(earnings_of(_rows(data), days))


async def _call(node: "Node", path: str, **fields: Any) -> Any:
    """A signed call; the hint of one that is not registered says how to be."""
    try:
        return await node.control_plane.call(path, {"role": node.identity.role, **fields})
    except NotFound as error:
        raise NotFound(error.message, hint=error.hint or "infernet register") from None


def _rows(data: Any, key: str = "rows") -> list[dict[str, Any]]:
    rows = data.get(key) if isinstance(data, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
