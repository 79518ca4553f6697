"""`peers` and `peer.ping`: the other nodes of the network."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from infernet_protocol import endpoints
from infernet_protocol.ipc import success
from infernet_tui.errors import ControlPlaneError, TimedOut
from infernet_tui.node.peer_ping import ping, require_public
from infernet_tui.node.verbs.payload import Payload
from infernet_tui.peer_list import MAX_LIMIT, peers_document

if TYPE_CHECKING:
    from infernet_tui.node.node import Node


async def peers(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Who is there. A source that fails is named with its reason; the rest is still told."""
    limit = min(MAX_LIMIT, Payload(payload).integer("limit", MAX_LIMIT, 1, 10_000))
    plane = node.control_plane
    try:
        answer = await plane.get(endpoints.PEERS, {"limit": limit})
    except (ControlPlaneError, TimedOut) as error:
        yield success(peers_document(None, plane.public_key, error.message))
    else:
        yield success(peers_document(answer, plane.public_key))


async def ping_peer(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Whether a node's P2P port answers, and how fast.

    `typed` says that a person typed the address: only then may it be of a private network.
    """
    multiaddr = Payload(payload).text("multiaddr")
    if not (isinstance(payload, dict) and payload.get("typed") is True):
        require_public(multiaddr)
    pong = await ping(multiaddr, node.options.proxy)
    yield success({"node_id": pong.node_id, "round_trip_ms": pong.round_trip_ms})
