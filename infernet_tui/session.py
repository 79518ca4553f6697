"""Which node the terminal application talks to: one that runs already, one it runs itself, a demo.

A running node is attached to; where there is none and the machine is set up, one is started inside
this process, under the same lock and with the same log file as a node in the background. Front ends
see a `NodeClient` either way.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from infernet_tui import config, paths
from infernet_tui.errors import ConfigError, InfernetError
from infernet_tui.node.client import NodeClient
from infernet_tui.node.transports import InProcessTransport, SocketTransport

if TYPE_CHECKING:
    from infernet_tui.demo import DemoNode
    from infernet_tui.node.node import Node
    from infernet_tui.node.options import NodeOptions

log = logging.getLogger(__name__)
Mode = Literal["none", "starting", "attached", "embedded", "up", "demo"]


class Ending(Enum):
    """How a node is stopped."""

    FINISH_JOBS = "finish"
    """No new jobs; the running ones take as long as they need."""
    GRACE = "grace"
    """No new jobs; the running ones get the node's grace, then go back."""
    NOW = "now"
    """Running jobs go back at once."""


class Session(Protocol):
    """The application's way to a node."""

    mode: Mode
    """What kind of node it is; shown in the header."""
    is_wanted: bool
    """Whether a node is to be started where none runs."""

    @property
    def is_own(self) -> bool:
        """Whether there is a node that ends with this process, or is about to be."""
        ...

    async def connect(self) -> NodeClient | None:
        """A client of the node; None while there is none."""
        ...

    async def ended(self) -> None:
        """Wait until the node of this process has ended; for ever if it is another process's."""
        ...

    async def start(self) -> None:
        """Start a node, if none runs.

        Raises:
            InfernetError: it cannot start.
        """
        ...

    async def stop(self, how: Ending) -> None:
        """Stop the node that this process runs, and wait until it is gone."""
        ...

    async def hand_over(self) -> None:
        """Let a node in the background go on with what this process's node does.

        Raises:
            InfernetError: it could not be started; nothing runs then.
        """
        ...

    async def close(self) -> None:
        """The application has ended, maybe by a signal: end in order what this process runs."""
        ...

    def hurry(self) -> None:
        """Do not wait for running jobs while closing."""
        ...


class NodeSession:
    """A real node: attached to, or embedded."""

    def __init__(self, options: "Callable[[], NodeOptions]", *, is_wanted: bool = True) -> None:
        """`options` says how to run an embedded node; it is called off the event loop."""
        self.mode: Mode = "none"
        self.is_wanted = is_wanted
        self._options = options
        self._node: Node | None = None
        self._running: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] | None = None

    @property
    def is_own(self) -> bool:
        """Whether a node runs, or is starting, in this process."""
        return self._running is not None and not self._running.done()

    async def connect(self) -> NodeClient | None:
        """The embedded node, or one that answers on the socket, or a new embedded one.

        One that was attached to and went away is waited for, not replaced: whoever stopped it may
        be about to start it again.
        """
        if self._node is not None:
            return self._embedded_client(self._node)
        if await self._is_answering():
            self.mode, self.is_wanted = "attached", False
            return NodeClient(SocketTransport())
        self.mode = "none"
        if not (self.is_wanted and await asyncio.to_thread(is_set_up)):
            return None
        await self.start()
        return None if self._node is None else self._embedded_client(self._node)

    async def ended(self) -> None:
        """Wait until the embedded node is gone."""
        if self._running is None:
            await asyncio.Event().wait()
        else:
            await asyncio.wait({self._running})

    async def start(self) -> None:
        """Start a node in this process."""
        self.is_wanted = True
        if self._node is not None or await self._is_answering():
            return
        if self._ready is not None and not self._ready.done():
            await asyncio.shield(self._ready)  # somebody else has just started it
            return
        self.mode = "starting"
        self._ready = asyncio.get_running_loop().create_future()
        self._running = asyncio.create_task(self._run(self._ready), name="embedded node")
        try:
            await asyncio.shield(self._ready)
        except InfernetError:
            self.mode, self.is_wanted = "none", False
            raise

    async def stop(self, how: Ending) -> None:
        """Stop the embedded node, and wait until it is gone."""
        self.is_wanted = False
        node, running = self._node, self._running
        if node is None:
            await self._give_up_starting()
        elif not node.jobs.is_closed:
            node.stop(finish_jobs=how is Ending.FINISH_JOBS)
        if node is not None and how is Ending.NOW:
            node.stop()  # a second word does not wait for running jobs
        if running is not None:
            await asyncio.wait({running})

    async def hand_over(self) -> None:
        """Stop the embedded node once its jobs are done and start one in the background."""
        await self.stop(Ending.FINISH_JOBS)
        from infernet_tui.node.daemon import spawn_detached

        await asyncio.to_thread(spawn_detached, await asyncio.to_thread(self._options))

    async def close(self) -> None:
        """Give running jobs their grace, as SIGTERM does to a node in the background."""
        if self.is_own:
            await self.stop(Ending.GRACE)

    def hurry(self) -> None:
        """Give running jobs back now."""
        if self._node is not None:
            self._node.stop()

    async def _give_up_starting(self) -> None:
        """A node that is only about to run has nothing to wind down."""
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def _embedded_client(self, node: "Node") -> NodeClient:
        self.mode = "embedded"
        return NodeClient(InProcessTransport(node.dispatcher))

    async def _is_answering(self) -> bool:
        if not paths.socket_file().exists():
            return False
        try:
            await NodeClient(SocketTransport()).ping()
        except InfernetError:
            return False
        return True

    async def _run(self, ready: "asyncio.Future[None]") -> None:
        """The embedded node's whole life."""
        try:
            await self._serve(ready)
        except InfernetError as error:
            log.error("the embedded node ended: %s", error)
            self._failed(ready, error)
        except Exception as error:
            log.exception("the embedded node failed")
            self._failed(ready, InfernetError(f"The node failed: {error}", hint="infernet logs"))
        finally:
            self._node = None
            self.mode = "none"
            self._failed(ready, InfernetError("The node was stopped while it was starting."))

    async def _serve(self, ready: "asyncio.Future[None]") -> None:
        # Importing what a node is made of takes a second: not while somebody types.
        await asyncio.to_thread(_import_node)
        settings = await asyncio.to_thread(config.load_existing)
        options = replace(await asyncio.to_thread(self._options), mode="embedded")
        from infernet_tui.node.instance import running_node, single_instance

        with single_instance(), logging_to_file(paths.log_file()):
            async with running_node(settings, options) as node:
                self._node = node
                if not ready.done():
                    ready.set_result(None)
                await node.run()

    def _failed(self, ready: "asyncio.Future[None]", error: InfernetError) -> None:
        """Tell whoever waits for the start; maybe nobody does any more."""
        if not ready.done():
            ready.set_exception(error)
            ready.exception()


class UpSession:
    """A whole network in this process, run by `infernet up`: started once, ended with it."""

    def __init__(self, network: "RunningNetwork", when_started: Callable[[], None]) -> None:
        """`when_started` is called off the event loop once the network is up."""
        self.mode: Mode = "starting"
        self.is_wanted = True
        self._network, self._when_started = network, when_started
        self._started: asyncio.Task[None] | None = None

    @property
    def is_own(self) -> bool:
        """It ends with the window; there is no node in the background that could go on."""
        return False

    async def connect(self) -> NodeClient | None:
        """The node of the network, once that is up."""
        if self._started is None:
            self._started = asyncio.create_task(self._start(), name="network")
        try:
            await asyncio.shield(self._started)
        except InfernetError:
            self.is_wanted, self.mode = False, "none"
            raise
        return self._network.client()

    async def ended(self) -> None:
        """Wait until the node was stopped by somebody else, or a part of the network failed."""
        await self._network.ended()

    async def _start(self) -> None:
        await self._network.start()
        await asyncio.to_thread(self._when_started)
        self.mode = "up"

    async def start(self) -> None:
        """It is started by `connect`, once."""

    async def stop(self, how: Ending) -> None:
        """Let running jobs finish, then end everything."""
        stopping = asyncio.create_task(self._network.stop(), name="stop the network")
        if how is Ending.NOW:
            self._network.hurry()
        await stopping

    async def hand_over(self) -> None:
        """Not possible: the control plane is in this process too."""

    async def close(self) -> None:
        """End everything, also what is only half started."""
        if self._started is not None and not self._started.done():
            self._started.cancel()
            await asyncio.gather(self._started, return_exceptions=True)
        await self.stop(Ending.GRACE)

    def hurry(self) -> None:
        """Give running jobs back now."""
        self._network.hurry()


class RunningNetwork(Protocol):
    """What `cli.local_network.LocalNetwork` is to the screen."""

    def client(self) -> NodeClient:
        """The node's."""
        ...

    async def start(self) -> None:
        """Bring everything up."""
        ...

    async def ended(self) -> None:
        """Wait until the node was stopped by somebody else."""
        ...

    async def stop(self) -> None:
        """End everything."""
        ...

    def hurry(self) -> None:
        """Do not wait for running jobs."""
        ...


class DemoSession:
    """A node that is made up, for a look around and for tests."""

    def __init__(self, node: "DemoNode") -> None:
        self.mode: Mode = "demo"
        self.is_wanted = True
        self._node = node
        self._client = NodeClient(InProcessTransport(node))

    @property
    def is_own(self) -> bool:
        """Nothing is lost when it ends."""
        return False

    async def connect(self) -> NodeClient | None:
        """The demo's client, unless a person stopped it."""
        return self._client if self.is_wanted else None

    async def start(self) -> None:
        """Go on."""
        if not self.is_wanted:
            self._node.restart()
        self.is_wanted = True

    async def ended(self) -> None:
        """The demo node hangs up by itself when it is stopped."""
        await asyncio.Event().wait()

    async def stop(self, how: Ending) -> None:
        """Pretend to stop."""
        self.is_wanted = False

    async def hand_over(self) -> None:
        """There is nothing to hand over."""

    async def close(self) -> None:
        """There is nothing to end."""

    def hurry(self) -> None:
        """There is nothing to wait for."""


def is_set_up() -> bool:
    """Whether this machine has an identity and a control plane."""
    try:
        found = config.load()
        found.require_node()
        found.require_control_plane()
    except ConfigError:
        return False
    return True


@contextlib.contextmanager
def logging_to_file(path: Path) -> Iterator[None]:
    """Log to the node's log file, and to nothing else: the screen is not to be written on."""
    from infernet_tui.node.logs import PlainFormatter

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(PlainFormatter())
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        handler.close()


def _import_node() -> None:
    import infernet_tui.engines.registry
    import infernet_tui.node.instance  # noqa: F401
