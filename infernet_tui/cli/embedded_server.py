"""A control plane inside this process: the one place of the operator's side that imports it.

The port is ours before uvicorn starts, so a taken one is an error like any other and a free one is
known at once.
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infernet_tui.errors import AlreadyRunning, ConfigError, InfernetError

if TYPE_CHECKING:
    import uvicorn

log = logging.getLogger(__name__)
BACKLOG = 2048
START_SECONDS = 30.0
_START_POLL_SECONDS = 0.005
_CHATTY = ("alembic", "uvicorn.error")
"""Loggers whose every-day lines tell an operator nothing."""


class EmbeddedServer:
    """One control plane: `start` it, use its URL, `stop` it."""

    def __init__(self) -> None:
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    async def start(
        self, folder: Path | None, host: str, port: int, *, rate_limits: bool | None = False
    ) -> str:
        """Serve with the data in `folder`; the URL. Port 0 picks a free one.

        None for `folder` or `rate_limits` means what the environment says (`INFERNET_…`).

        Raises:
            AlreadyRunning: the port is taken.
            InfernetError: the data cannot be opened, or the address is not this machine's.
        """
        listener = listen(host, port)
        try:
            if folder:
                _make_private(folder)
            server = await asyncio.to_thread(_make_server, folder, host, port, rate_limits)
        except BaseException:
            listener.close()
            raise
        self._server = server
        self._task = asyncio.create_task(self._serve(server, listener), name="control-plane")
        try:
            async with asyncio.timeout(START_SECONDS):
                while not server.started and not self._task.done():  # noqa: ASYNC110 - no event
                    await asyncio.sleep(_START_POLL_SECONDS)
        except TimeoutError:
            await self.stop()
        if not server.started:
            raise self._not_started(folder)
        return _url(host, listener.getsockname()[1])

    async def _serve(self, server: "uvicorn.Server", listener: socket.socket) -> None:
        self._remember_failure(server.config.app)
        try:
            await server.serve(sockets=[listener])
        except SystemExit:
            log.debug("uvicorn's way to say that the application did not start")
        finally:
            listener.close()

    def _remember_failure(self, app: Any) -> None:
        """Keep what the application's start raises: uvicorn logs it and forgets it."""
        lifespan = app.router.lifespan_context

        @contextlib.asynccontextmanager
        async def remembering(app: Any) -> AsyncIterator[Any]:
            try:
                async with lifespan(app) as state:
                    yield state
            except Exception as error:
                self._failure = error
                raise

        app.router.lifespan_context = remembering

    def _not_started(self, folder: Path | None) -> InfernetError:
        """Why, in the words of what failed."""
        why = self._failure or "it took too long"
        return InfernetError(
            f"The control plane did not start: {why}",
            hint=f"check that {folder} can be written" if folder else "check INFERNET_DATABASE_URL",
        )

    async def wait(self) -> None:
        """Return when it has ended by itself, which it should not."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def stop(self) -> None:
        """End it; open streams get a moment to finish. Idempotent."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        task, self._task = self._task, None
        await task


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, or the sentence that says why there is none."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server((address[0], address[1]), family=family, backlog=BACKLOG)
    except OSError as error:
        raise _cannot_listen(host, port, error) from None


def _cannot_listen(host: str, port: int, error: OSError) -> InfernetError:
    if error.errno == errno.EADDRINUSE:
        return AlreadyRunning(
            f"Port {port} is taken by another program (another `infernet up`?).",
            hint=f"choose another one: --port {port + 1 if port < 65535 else 8787}",
        )
    if error.errno == errno.EACCES:
        return ConfigError(f"Port {port} needs more rights than you have.", hint="--port 8787")
    why = error.strerror or str(error)
    return ConfigError(f"Cannot listen on {host}:{port}: {why}.", hint="--host 127.0.0.1")


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InfernetError(
            f"Cannot make {folder}: {error.strerror or error}.",
            hint="choose another folder: --data DIR",
        ) from None


def _make_server(
    folder: Path | None, host: str, port: int, rate_limits: bool | None
) -> "uvicorn.Server":
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Half a second of imports, which only the commands that run a control plane pay for.
    from infernet_server.serving import make_server
    from infernet_server.settings import Settings

    changes: dict[str, Any] = {} if rate_limits is None else {"rate_limits": rate_limits}
    settings = Settings.for_folder(folder, **changes) if folder else Settings(**changes)
    return make_server(settings, host=host, port=port, embedded=True)


def _url(host: str, port: int) -> str:
    """The address for a client on this machine."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
