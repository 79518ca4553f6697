"""A real control plane on a real socket, inside the test's own loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from infernet_server.services.container import Services
from infernet_server.serving import make_server
from infernet_server.settings import Settings


@dataclass(frozen=True)
class RunningControlPlane:
    """Where it listens, and what it is made of."""

    url: str
    services: Services
    server: uvicorn.Server

    @property
    def authority(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")


@contextlib.asynccontextmanager
async def control_plane(
    folder: Path, *, port: int = 0, **settings: Any
) -> AsyncIterator[RunningControlPlane]:
    """Run a control plane whose data lies in `folder`; limits are off unless asked for."""
    chosen = Settings.for_folder(folder, **({"rate_limits": False} | settings))
    server = make_server(chosen, host="127.0.0.1", port=port, embedded=True)
    task = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started or task.done())
        if task.done():
            task.result()
            raise RuntimeError("the control plane did not start")
        real_port = server.servers[0].sockets[0].getsockname()[1]
        services: Services = server.config.loaded_app.state.services
        yield RunningControlPlane(f"http://127.0.0.1:{real_port}", services, server)
    finally:
        server.should_exit = True
        await task


async def until(is_true: Callable[[], object], timeout_seconds: float = 10.0) -> None:
    """Return as soon as the condition holds.

    Raises:
        TimeoutError: it did not hold in time.
    """

    async def looked() -> object:
        return is_true()

    await eventually(looked, timeout_seconds)


async def eventually(
    is_true: Callable[[], Awaitable[object]], timeout_seconds: float = 10.0
) -> None:
    """`until`, for conditions that must be awaited."""
    async with asyncio.timeout(timeout_seconds):
        while not await is_true():  # noqa: ASYNC110 - any state, without hooks in what is tested
            await asyncio.sleep(0.005)
