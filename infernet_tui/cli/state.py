"""`infernet --json` alone: the node's whole state, once; with `--follow`, again on each change.

What the terminal application shows, for programs. Each document is complete by itself; a part that
could not be asked for is null, and `warnings` says why.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

import click

from infernet_protocol.ipc import IpcCommand
from infernet_tui.cli.answer_printer import Interrupted
from infernet_tui.cli.command import DURATION, pass_output, verb
from infernet_tui.cli.fields import select
from infernet_tui.cli.job_rows import machine_job
from infernet_tui.cli.output import Output, error_fields
from infernet_tui.errors import InfernetError, NodeNotRunning, NotSupported
from infernet_tui.node.client import NETWORK_TIMEOUT_SECONDS, NodeClient
from infernet_tui.node.transports import SocketTransport

JOBS = 1000
SHORTEST_POLL_SECONDS = 0.1
WINDOWS = ("10m", "24h", "30d")


@verb("state", hidden=True)
@click.option("--follow", is_flag=True, help="Go on: one line for each change.")
@click.option(
    "--refresh", type=DURATION, default="2s", metavar="TIME", help="At most one line in this time."
)
@pass_output
def command(output: Output, follow: bool, refresh: float) -> None:
    """Print the running node's whole state."""
    output.json = True
    if not follow:
        document = asyncio.run(_State(_client()).document())
        warnings = document.pop("warnings")
        for warning in warnings:
            output.warn(warning)
        output.show("state", document)
        return
    output.begin_stream()
    try:
        asyncio.run(_follow(output, refresh))
    except KeyboardInterrupt:
        output.end(ok=False, error=error_fields(Interrupted("You stopped it.")))
        raise


def _client() -> NodeClient:
    return NodeClient(SocketTransport())


async def _follow(output: Output, refresh_seconds: float) -> None:
    """A line at once, and one after each change, until the node goes away."""
    client, news, latest = _client(), asyncio.Event(), dict[str, Any]()
    state = _State(client)

    async def listen() -> None:
        async with contextlib.aclosing(_snapshots(client, refresh_seconds)) as snapshots:
            async for snapshot in snapshots:
                latest.update(snapshot)
                news.set()
        raise NodeNotRunning("The node hung up.", hint="infernet logs")

    listening = asyncio.create_task(listen())
    try:
        while await _came(news, listening):
            news.clear()
            document = await state.document(dict(latest))
            kept = select(document, output.fields) if output.fields else document
            output.event("state", **kept)
            await asyncio.wait({listening}, timeout=refresh_seconds)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _snapshots(
    client: NodeClient, refresh_seconds: float
) -> AsyncGenerator[dict[str, Any], None]:
    """What the node tells by itself; an older one, which cannot, is asked again and again."""
    try:
        async with contextlib.aclosing(client.subscribe()) as snapshots:
            async for snapshot in snapshots:
                yield snapshot
            return
    except NotSupported:
        pass
    while True:
        yield await client.status()
        await asyncio.sleep(max(refresh_seconds, SHORTEST_POLL_SECONDS))


async def _came(news: asyncio.Event, listening: "asyncio.Task[None]") -> bool:
    """Wait for news; raises what ended the listening."""
    waiting = asyncio.create_task(news.wait())
    try:
        await asyncio.wait({waiting, listening}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if listening.done():
        listening.result()
    return True


class _State:
    """Asks for the parts; what is slow to ask, and slow to change, is kept for a while."""

    def __init__(self, client: NodeClient) -> None:
        self._client = client
        self._kept: dict[str, tuple[float, Any]] = {}

    async def document(self, snapshot: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Everything.

        Raises:
            NodeNotRunning, TimedOut: the node itself cannot be asked.
        """
        node = snapshot if snapshot is not None else await self._client.status()
        warnings: list[str] = []
        names = list(_PARTS)
        parts = await asyncio.gather(*(self._part(name, warnings) for name in names))
        return {"node": node, **dict(zip(names, parts, strict=True)), "warnings": warnings}

    async def _part(self, name: str, warnings: list[str]) -> Any:
        ask, keep_seconds = _PARTS[name]
        at, value = self._kept.get(name, (0.0, None))
        if at and time.monotonic() - at < keep_seconds:
            return value
        try:
            value = await ask(self._client)
        except InfernetError as error:
            warnings.append(f"{name}: {error.message}")
            return None
        self._kept[name] = (time.monotonic(), value)
        return value


def _verb(name: str, payload: Any = None, key: str | None = None) -> "Ask":
    async def ask(client: NodeClient) -> Any:
        data = await client.request(name, payload, timeout_seconds=NETWORK_TIMEOUT_SECONDS)
        return data[key] if key else data

    return ask


async def _history(client: NodeClient) -> dict[str, Any]:
    return {
        window: await client.request(IpcCommand.HISTORY, {"window": window}) for window in WINDOWS
    }


async def _jobs(client: NodeClient) -> dict[str, Any]:
    page = await client.jobs(JOBS)
    return page | {"jobs": [machine_job(job) for job in page["jobs"]]}


Ask = Callable[[NodeClient], Awaitable[Any]]
_PARTS: Mapping[str, tuple[Ask, float]] = {
    "info": (_verb(IpcCommand.NODE_INFO), 60.0),
    "hardware": (_verb(IpcCommand.HARDWARE), 0.0),
    "history": (_history, 10.0),
    "models": (_verb(IpcCommand.MODELS), 10.0),
    "jobs": (_jobs, 0.0),
    "peers": (_verb(IpcCommand.PEERS), 30.0),
    "payouts": (_verb(IpcCommand.PAYOUTS, key="payouts"), 30.0),
    "earnings": (_verb(IpcCommand.EARNINGS), 30.0),
}
"""Name in the document → how to ask, and for how many seconds an answer is good while following."""
