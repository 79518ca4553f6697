"""A node that talks to a server of the test, on ports of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infernet_tui.config import Config
from infernet_tui.control_plane import post_once
from infernet_tui.engines.base import Engine
from infernet_tui.identity import new_identity
from infernet_tui.node.client import NodeClient
from infernet_tui.node.node import Node
from infernet_tui.node.options import NodeOptions
from tests.support.control_plane import RunningControlPlane, control_plane, until
from tests.support.node_clients import TRANSPORTS, client_of
from tests.support.scripted_engine import ScriptedEngine

RunNode = Callable[..., contextlib.AbstractAsyncContextManager[Node]]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def run_node(tmp_path: Path) -> RunNode:
    """`async with run_node(url, engine, **options) as node`: runs it, stops it."""

    @contextlib.asynccontextmanager
    async def run(
        url: str, engine: Engine, *, socket_name: str = "n.sock", **options: object
    ) -> AsyncIterator[Node]:
        chosen = {
            "p2p_port": 46337,
            "bind_port": 0,
            "healthz_port": 0,
            "heartbeat_seconds": 0.2,
            "poll_seconds": 0.05,
            "drain_seconds": 5.0,
            **options,
        }
        config = Config(url, new_identity("provider", "rig-01"))
        node = Node(
            config,
            NodeOptions(**chosen),  # type: ignore[arg-type]
            engine,
            socket_path=tmp_path / socket_name,
        )
        await node.startup()
        running = asyncio.create_task(node.run())
        try:
            yield node
        finally:
            node.stop()
            node.stop()
            await running
            await node.shutdown()

    return run


@dataclass(frozen=True)
class LiveNode:
    """A node connected to a control plane, and a client of it."""

    plane: RunningControlPlane
    node: Node
    engine: ScriptedEngine
    client: NodeClient

    async def submit(self, text: str = "what is 2+2?", **fields: Any) -> str:
        """Hand a job to the control plane; its id."""
        body = {"messages": [{"role": "user", "content": text}], **fields}
        answer = await asyncio.to_thread(post_once, self.plane.url, "/api/chat", body)
        return str(answer["jobId"])


@pytest.fixture(params=TRANSPORTS)
async def live(
    request: pytest.FixtureRequest, tmp_path: Path, run_node: RunNode
) -> AsyncIterator[LiveNode]:
    """Everything, over each of the two transports in turn."""
    engine = ScriptedEngine()
    async with control_plane(tmp_path / "server") as plane, run_node(plane.url, engine) as node:
        await until(lambda: node.link.mode == "channel")
        client = client_of(node, request.param, tmp_path / "n.sock")
        yield LiveNode(plane, node, engine, client)
