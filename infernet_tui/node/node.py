"""The node: one asyncio object with no user interface. `startup()`, `run()`, `shutdown()`.

Stopping is in order: no new jobs, a stated grace for the running ones, the rest goes back to the
control plane, everything still to be told is told, and then the node says goodbye. Running it twice
is not possible; make a new one.
"""

import asyncio
import contextlib
import logging
from pathlib import Path

from infernet_tui import paths
from infernet_tui.config import Config
from infernet_tui.control_plane import ControlPlane
from infernet_tui.engines.base import Engine
from infernet_tui.hardware.base import Hardware
from infernet_tui.hardware.detect import MachineHardware
from infernet_tui.identity import secret_key
from infernet_tui.node.changes import Changes
from infernet_tui.node.channel import Channel
from infernet_tui.node.commands import Commands
from infernet_tui.node.continuation import Continuation
from infernet_tui.node.hardware_thread import HardwareThread
from infernet_tui.node.health import HealthServer
from infernet_tui.node.heartbeat import Heartbeat
from infernet_tui.node.history import Recorder
from infernet_tui.node.ipc import Dispatcher, IpcServer
from infernet_tui.node.jobs import Jobs
from infernet_tui.node.link import Link
from infernet_tui.node.local_chat import LocalChats
from infernet_tui.node.options import NodeOptions
from infernet_tui.node.outbox import Outbox
from infernet_tui.node.p2p import P2pServer
from infernet_tui.node.polling import Polling
from infernet_tui.node.pulls import Pulls
from infernet_tui.node.snapshot import healthz
from infernet_tui.node.stats import Stats
from infernet_tui.node.supervisor import Supervisor
from infernet_tui.node.watchdog import Watchdog

log = logging.getLogger(__name__)
DEFAULT_CAPACITY = 4
RELEASE_SECONDS = 3.0
"""How long an engine may take to let go of a job that was given back."""
TELL_SECONDS = 5.0
"""How long a stopping node tries to deliver what is left to say."""


class Node:
    """Serves jobs of one control plane with one engine, which is started and is the caller's."""

    def __init__(
        self,
        config: Config,
        options: NodeOptions,
        engine: Engine,
        *,
        socket_path: Path | None = None,
        hardware: Hardware | None = None,
    ) -> None:
        """Wire the parts together; nothing is opened yet.

        Raises:
            ConfigError: no usable identity or control plane.
        """
        self.config = config
        self.options = options
        self.engine = engine
        self.hardware = HardwareThread(hardware or MachineHardware())
        self.identity = config.require_node()
        self.changes = Changes()
        self.stats = Stats()
        self.control_plane = ControlPlane(
            config.require_control_plane(), secret_key(config), proxy=options.proxy
        )
        outbox = self._outbox = Outbox()
        self.jobs = Jobs(
            engine,
            self.identity,
            options.capacity or DEFAULT_CAPACITY,
            outbox,
            self.stats,
            self.changes,
        )
        self.commands = Commands(engine, outbox)
        self.pulls = Pulls(engine)
        self.local_chats = LocalChats(engine)
        self.continuation = Continuation(engine, self.jobs)
        self.jobs.when_completed = self.continuation.consider
        self.heartbeat = Heartbeat(
            self.control_plane,
            self.identity,
            options,
            engine,
            self.jobs,
            self.continuation,
            self.stats,
            self.changes,
            self.hardware,
        )
        self.recorder = Recorder(self.hardware, self.stats, lambda: len(self.jobs.runs))
        self.dispatcher = Dispatcher(self)
        self.p2p = P2pServer(self.identity, options, self.heartbeat.public_address())
        self.health = HealthServer(options, lambda: healthz(self))
        self.link = self._link()
        self._ipc = IpcServer(self.dispatcher, socket_path or paths.socket_file())
        self._watchdog = Watchdog(engine, self.jobs)
        self._supervisor = Supervisor()
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._grace_seconds: float | None = options.drain_seconds

    async def startup(self) -> None:
        """Open the socket, /healthz and the P2P port. None of them is needed to earn."""
        await self._ipc.start()
        await self.health.start()
        await self.p2p.start()

    async def run(self) -> None:
        """Serve until `stop`, then wind down.

        Raises:
            SideTaskDied: a part of the node failed; the rest was wound down.
        """
        self._supervisor.start("commands", self.commands.run())
        self._supervisor.start("watchdog", self._watchdog.run())
        self._supervisor.start("continuation", self.continuation.run())
        self._supervisor.start("recorder", self.recorder.run())
        self._supervisor.start("control plane", self.link.run())
        try:
            await self._supervisor.watch(self._stop)
        finally:
            await self._wind_down()

    async def run_once(self) -> None:
        """One heartbeat, one job poll, one command poll, over HTTP; then return.

        Raises:
            ControlPlaneError, TimedOut: the control plane did not take this node.
        """
        self._supervisor.start("commands", self.commands.run())
        try:
            await self.link.once()
        finally:
            await self._supervisor.cancel()

    def stop(self, *, finish_jobs: bool = False) -> None:
        """Begin to stop: no new jobs, and the running ones get the options' grace.

        With `finish_jobs` they get all the time they need. A second call hurries: what still runs
        goes back to the control plane at once.
        """
        if self._stop.is_set():
            self._hurry.set()
            return
        if finish_jobs:
            self._grace_seconds = None
        self.jobs.is_closed = True
        self._stop.set()
        self.changes.touch()

    def drain(self) -> None:
        """Take no new jobs, finish the running ones however long they take, then stop."""
        self.stop(finish_jobs=True)

    async def shutdown(self) -> None:
        """Close what `startup` opened, and the connections."""
        await self._supervisor.cancel()
        await self.p2p.close()
        await self.health.close()
        await self._ipc.close()
        await self.control_plane.aclose()
        await self.hardware.close()

    def _link(self) -> Link:
        role, parts = self.identity.role, (self.heartbeat, self.jobs, self.commands)
        shared = (self._outbox, self.stats, self.changes)
        channel = self._channel = Channel(self.control_plane, role, *parts, *shared)
        polling = Polling(self.control_plane, role, self.options, *parts, *shared)
        return Link(role, self.heartbeat, channel, polling, self.stats)

    async def _wind_down(self) -> None:
        self.jobs.is_closed = True
        self._channel.drain()
        await self._finish_jobs()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._outbox.emptied(), TELL_SECONDS)
        await self._supervisor.cancel()
        await self.heartbeat.offline()

    async def _finish_jobs(self) -> None:
        """Let jobs end by themselves for the grace; then give the rest back."""
        if self.jobs.runs:
            log.info("waiting for %d running jobs", len(self.jobs.runs))
        ended = asyncio.create_task(self.jobs.ended())
        hurry = asyncio.create_task(self._hurry.wait())
        try:
            await asyncio.wait(
                {ended, hurry},
                timeout=self._grace_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for key in list(self.jobs.runs):
                self.jobs.fail(key, "the node is stopping")
            await asyncio.wait({ended}, timeout=RELEASE_SECONDS)
        finally:
            ended.cancel()
            hurry.cancel()
