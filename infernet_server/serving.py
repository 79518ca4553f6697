"""Runs the application under uvicorn with the settings it was measured with."""

import contextlib
from collections.abc import Iterator

import uvicorn

from infernet_protocol.channel import MAX_FRAME_BYTES
from infernet_server.app import create_app
from infernet_server.settings import Settings

SHUTDOWN_SECONDS = 3
"""How long open streams may go on after SIGTERM; clients resume elsewhere by `Last-Event-ID`."""


class EmbeddedServer(uvicorn.Server):
    """A server inside a program that handles signals itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the program's handlers alone."""
        yield


def make_server(
    settings: Settings, *, host: str, port: int, embedded: bool = False
) -> uvicorn.Server:
    """A server that is ready for `await server.serve()`. Port 0 lets the system pick one.

    An `embedded` one does not touch signal handlers: stop it with `server.should_exit = True`.
    """
    kind = EmbeddedServer if embedded else uvicorn.Server
    return kind(
        uvicorn.Config(
            create_app(settings),
            host=host,
            port=port,
            http="auto",
            ws="websockets-sansio",
            ws_max_size=MAX_FRAME_BYTES,
            ws_per_message_deflate=False,
            # Addresses of clients are our business (`services.client_address`).
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )
