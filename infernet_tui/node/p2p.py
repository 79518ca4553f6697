"""The P2P port: `ping` and `info` for other nodes, over TCP (`wire.md` §7).

Strangers get the node's id, role, name and port and nothing else. A taken port is logged and is not
fatal: jobs come over the connection that the node itself opens.
"""

import asyncio
import errno
import logging
import socket
import time
from collections.abc import AsyncGenerator
from typing import Any

from infernet_protocol.ipc import MAX_LINE_BYTES, failure, success
from infernet_tui.config import NodeConfig
from infernet_tui.node.ndjson import LineServer
from infernet_tui.node.options import NodeOptions
from infernet_tui.node.times import iso_millis

log = logging.getLogger(__name__)
MAX_CONNECTIONS = 64
IDLE_SECONDS = 30.0


class P2pServer:
    """Listens for peers, unless it is told not to."""

    def __init__(self, node: NodeConfig, options: NodeOptions, address: str | None) -> None:
        self.local_port: int | None = None
        """Port it listens on, once it does."""
        self._node = node
        self._options = options
        self._address = address
        self._connections_total = 0
        self._last_connection_at: float | None = None
        self._server: asyncio.Server | None = None
        self._lines = LineServer(
            self._answers, max_connections=MAX_CONNECTIONS, idle_seconds=IDLE_SECONDS
        )

    async def start(self) -> None:
        """Listen on every address, IPv6 and IPv4."""
        if self._options.no_p2p:
            return
        wanted = self._options.bind_port
        port = self._options.p2p_port if wanted is None else wanted
        try:
            listener = listen_everywhere(port)
        except OSError as error:
            log.error("%s", port_problem("P2P", port, error, "--bind-port or --no-p2p"))
            return
        self._server = await asyncio.start_server(self._accept, sock=listener, limit=MAX_LINE_BYTES)
        self.local_port = listener.getsockname()[1]
        log.info("listening for peers on port %d", self.local_port)

    async def close(self) -> None:
        """Stop listening."""
        if self._server is None:
            return
        self._server.close()
        await self._lines.close()
        await self._server.wait_closed()
        self._server, self.local_port = None, None

    def as_snapshot(self) -> dict[str, Any]:
        """The `p2p` part of the snapshot."""
        if self._server is None:
            return {"enabled": False}
        port, address = self._options.p2p_port, self._address
        last = self._last_connection_at
        return {
            "enabled": True,
            "port": port,
            "localPort": self.local_port,
            "address": address,
            "endpoint": f"{address}:{port}" if address else None,
            "connectionsTotal": self._connections_total,
            "lastConnectionAt": None if last is None else iso_millis(last),
        }

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections_total += 1
        self._last_connection_at = time.time()
        await self._lines.serve(reader, writer)

    async def _answers(self, message: object) -> AsyncGenerator[dict[str, Any], None]:
        command = message.get("cmd") if isinstance(message, dict) else None
        node = self._node
        if command == "ping":
            yield success({"pong": round(time.time() * 1000), "node_id": node.node_id})
        elif command == "info":
            yield success(
                {
                    "node_id": node.node_id,
                    "role": node.role,
                    "name": node.name,
                    "port": self._options.p2p_port,
                }
            )
        else:
            yield failure(f"unknown-cmd: {str(command)[:64] if command else '(none)'}")


def listen_everywhere(port: int) -> socket.socket:
    """A listening socket for IPv6 and IPv4 together, or for IPv4 where there is no IPv6."""
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(
                ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128
            )
        except OSError as error:
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                raise
    return socket.create_server(("0.0.0.0", port), backlog=128)


def port_problem(what: str, port: int, error: OSError, options: str) -> str:
    """Why a port could not be opened, and what helps."""
    if error.errno == errno.EADDRINUSE:
        why = f"another program uses port {port}"
    elif error.errno == errno.EACCES:
        why = f"this user may not open port {port}"
    else:
        why = f"port {port}: {error.strerror or error}"
    return f"{what} is off: {why}. The node runs without it; {options} avoids this."
