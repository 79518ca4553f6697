"""A control plane of one job whose connections break exactly as a test wants."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def frame(event: str, data: Any, id: int | None = None) -> bytes:
    """One server-sent event."""
    prefix = b"" if id is None else f"id: {id}\n".encode()
    return prefix + f"event: {event}\ndata: {json.dumps(data)}\n\n".encode()


@dataclass
class Connection:
    """What one GET of the stream gets."""

    body: bytes = b""
    status: int = 200
    breaks: bool = False
    """Whether the connection is cut in the middle instead of ending properly."""
    holds: bool = False
    """Whether it stays open, silent, after the body."""


@dataclass
class ScriptedControlPlane:
    """Answers each GET with the next `Connection`, and remembers what was asked."""

    connections: list[Connection]
    url: str = ""
    resumed_from: list[str | None] = field(default_factory=list)
    """`Last-Event-ID` of each GET."""
    submitted: list[dict[str, Any]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    submit_answer: tuple[int, dict[str, Any]] = (
        200,
        {
            "jobId": "j1",
            "status": "assigned",
            "source": "p2p",
            "provider": {"id": "p1", "name": "rig", "nodeId": "provider-1", "model": "m"},
            "streamUrl": "/api/chat/stream/j1",
        },
    )
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def scripted_control_plane(*connections: Connection) -> Iterator[ScriptedControlPlane]:
    """Serve the script on a free loopback port."""
    script = ScriptedControlPlane(list(connections))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield script
    finally:
        script.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(script: ScriptedControlPlane) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            script.resumed_from.append(self.headers.get("Last-Event-ID"))
            connection = script.connections.pop(0)
            self.send_response(connection.status)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            if connection.body:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(connection.body), connection.body))
            if connection.holds:
                self.wfile.flush()
                script.released.wait()
            if not connection.breaks:
                self.wfile.write(b"0\r\n\r\n")
            self.close_connection = True

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            script.submitted.append(json.loads(self.rfile.read(length)))
            self._answer(*script.submit_answer)

        def do_DELETE(self) -> None:
            script.cancelled.append(self.path)
            self._answer(200, {"cancelled": True})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
