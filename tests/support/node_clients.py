"""A node's client over either of its two transports."""

from pathlib import Path

from infernet_tui.node.client import NodeClient
from infernet_tui.node.node import Node
from infernet_tui.node.transports import InProcessTransport, SocketTransport

TRANSPORTS = ("socket", "in process")


def client_of(node: Node, transport: str, socket_path: Path) -> NodeClient:
    """The client of a node that listens on `socket_path`."""
    if transport == "socket":
        return NodeClient(SocketTransport(socket_path))
    return NodeClient(InProcessTransport(node.dispatcher))
