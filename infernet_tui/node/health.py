"""`/healthz` for load balancers and container platforms: plain HTTP, one answer a connection.

Not a web server: it reads a request line and answers the node's counters (`wire.md` §7). A taken
port is logged and is not fatal.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

import orjson

from infernet_tui.node.options import NodeOptions
from infernet_tui.node.p2p import listen_everywhere, port_problem

log = logging.getLogger(__name__)
PATHS = ("/", "/health", "/healthz")
MAX_REQUEST_BYTES = 16 * 1024
REQUEST_SECONDS = 10.0


class HealthServer:
    """Listens for probes, unless it is told not to."""

    def __init__(self, options: NodeOptions, report: Callable[[], dict[str, Any]]) -> None:
        self.port: int | None = None
        """Port it listens on, once it does."""
        self._options = options
        self._report = report
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on every address."""
        if self._options.no_healthz:
            return
        port = self._options.healthz_port
        try:
            listener = listen_everywhere(port)
        except OSError as error:
            log.warning("%s", port_problem("/healthz", port, error, "another PORT"))
            return
        self._server = await asyncio.start_server(
            self._serve, sock=listener, limit=MAX_REQUEST_BYTES
        )
        self.port = listener.getsockname()[1]

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server, self.port = None, None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # not HTTP, too slow, or gone
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0].decode("latin-1")
        if method not in (b"GET", b"HEAD"):
            return _response("405 Method Not Allowed", "text/plain", b"GET only\n", method)
        if path not in PATHS:
            return _response("404 Not Found", "text/plain", b"not found\n", method)
        body = orjson.dumps(self._report())
        return _response("200 OK", "application/json", body, method)


def _response(status: str, content_type: str, body: bytes, method: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n"
        "cache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if method == b"HEAD" else body)
