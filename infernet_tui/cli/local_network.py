"""A whole network in this process: a control plane, and one node that serves it.

`infernet up` runs one for as long as it is wanted, `infernet try` for one prompt. Started means
ready: the control plane answers, the model is in memory, and the node is connected.
"""

import asyncio
import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from infernet_tui.cli.embedded_server import EmbeddedServer
from infernet_tui.config import Config
from infernet_tui.engines.base import Engine
from infernet_tui.engines.registry import open_engine
from infernet_tui.errors import ConfigError, ControlPlaneError, InfernetError
from infernet_tui.node.client import NodeClient
from infernet_tui.node.node import Node
from infernet_tui.node.options import NodeOptions
from infernet_tui.node.transports import InProcessTransport

CONNECT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """What to run."""

    config: Config
    """Identity and engine; the control plane's URL is this run's own."""
    data_folder: Path
    node_options: NodeOptions
    host: str = "127.0.0.1"
    port: int = 0
    rate_limits: bool = False
    socket_path: Path | None = None
    """The node's socket; None is its place in the config folder."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    """What chooses the engine, and what its child process gets."""


class LocalNetwork:
    """One control plane and one node: `start`, use `url`, `stop`."""

    def __init__(self, plan: NetworkPlan) -> None:
        """Check the plan.

        Raises:
            ConfigError: there is no identity, or it is not a provider's.
        """
        role = plan.config.require_node().role
        if role != "provider":
            raise ConfigError(
                f"This machine's identity is a {role}; only a provider serves jobs.",
                hint="infernet init --role provider --force",
            )
        self._plan = plan
        self._server = EmbeddedServer()
        self._engine: Engine | None = None
        self._node: Node | None = None
        self._running: asyncio.Task[None] | None = None
        self.url = ""

    def client(self) -> NodeClient:
        """The node's client, without a socket in between."""
        return NodeClient(InProcessTransport(self._started_node.dispatcher))

    @property
    def active_jobs(self) -> int:
        """How many jobs run now."""
        return len(self._node.jobs.runs) if self._node else 0

    @property
    def _started_node(self) -> Node:
        assert self._node is not None
        return self._node

    async def start(self) -> None:
        """Bring everything up; what was started is stopped again if a part cannot.

        Raises:
            InfernetError: the port is taken, the data cannot be opened, no engine, …
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        plan = self._plan
        serve = self._server.start(
            plan.data_folder, plan.host, plan.port, rate_limits=plan.rate_limits
        )
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._open_engine())
                serving = parts.create_task(serve)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        self.url = serving.result()
        assert self._engine is not None
        own = replace(plan.config, control_plane_url=self.url)
        self._node = Node(own, plan.node_options, self._engine, socket_path=plan.socket_path)
        await self._node.startup()
        self._running = asyncio.create_task(self._node.run(), name="node")
        await self._connected()

    async def _open_engine(self) -> None:
        engine = self._engine = await open_engine(
            self._plan.config.engine, environ=self._plan.environ
        )
        # Other engines are services of their own, and their models may be huge.
        if engine.kind == "llamacpp" and engine.default_model:
            await engine.load(engine.default_model)

    async def _connected(self) -> None:
        node, seen = self._started_node, -1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_SECONDS):
                while node.link.mode == "offline" and self._running and not self._running.done():
                    seen = await node.changes.beyond(seen)
        if self._running and self._running.done():
            await self._running
        if node.link.mode == "offline":
            why = node.stats.last_heartbeat_error or "it does not answer"
            raise ControlPlaneError(f"The node cannot connect to {self.url}: {why}")

    async def ended(self) -> None:
        """Return when the node was told to stop by somebody else (`infernet stop`).

        Raises:
            InfernetError: a part failed.
        """
        assert self._running is not None
        server = asyncio.create_task(self._server.wait())
        try:
            await asyncio.wait({self._running, server}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.cancel()
        if not self._running.done():
            raise InfernetError("The control plane ended by itself.", hint="infernet logs")
        await self._running

    def hurry(self) -> None:
        """Do not wait for running jobs any longer while stopping."""
        if self._node:
            self._node.stop()

    async def stop(self) -> None:
        """Let running jobs finish, then end everything. Idempotent."""
        node = self._node
        if node and self._running:
            node.stop()
            # Its failure was reported by `ended` or `start`; here only the end matters.
            await asyncio.gather(self._running, return_exceptions=True)
        if node:
            self._node = None
            await node.shutdown()
        engine, self._engine = self._engine, None
        if engine:
            await engine.close()
        await self._server.stop()
