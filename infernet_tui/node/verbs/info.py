"""`node.info`: who this node is and where its files are. Nothing secret."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from infernet_protocol import bech32
from infernet_protocol.ipc import success
from infernet_tui import __version__, paths

if TYPE_CHECKING:
    from infernet_tui.node.node import Node


async def answer(node: "Node", _payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """What does not change while the node runs."""
    identity = node.identity
    public_key = node.control_plane.public_key
    yield success(
        {
            "config_path": str(paths.config_file()),
            "log_path": str(paths.log_file()),
            "node_id": identity.node_id,
            "name": identity.name or identity.node_id,
            "role": identity.role,
            "public_key": public_key,
            "npub": bech32.encode("npub", bytes.fromhex(public_key)),
            "control_plane_url": node.config.control_plane_url,
            "p2p_port": node.options.p2p_port,
            "version": __version__,
            "options": node.options.told(),
        }
    )
