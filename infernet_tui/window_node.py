"""The node of this window, as setup starts and stops it: embedded, or the one that runs already."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infernet_tui.errors import InfernetError
from infernet_tui.node.client import NodeClient
from infernet_tui.session import Ending, NodeSession
from infernet_tui.setup.node_control import BackgroundNode
from infernet_tui.setup.step import Progress, Report
from infernet_tui.views.node import NodeView

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

SERVING_SECONDS = 15.0
"""A node that is not connected by then goes on trying; setup says why and does not wait."""


class WindowNode:
    """Setup's `NodeControl` over the application's session."""

    where = "in this window; when you quit, you choose whether it goes on in the background"

    def __init__(self, cockpit: "Cockpit") -> None:
        self._cockpit = cockpit
        self._background = BackgroundNode()

    async def snapshot(self) -> Mapping[str, Any] | None:
        """What the node of this window says of itself, else one that runs elsewhere."""
        client = await self._client()
        return await self._background.snapshot() if client is None else await client.status()

    async def start(self, report: Report) -> Mapping[str, Any]:
        """Start it in this window, and wait until it is SERVING, or for some seconds."""
        cockpit = self._cockpit
        report(Progress("starting the node in this window"))
        await cockpit.session.start()
        cockpit.feed.reconnect()
        client = await cockpit.session.connect()
        if client is None:
            raise InfernetError("The node ended as soon as it had started.", hint="infernet logs")
        report(Progress("connecting to the control plane"))
        return await _serving(client)

    async def stop(self) -> None:
        """Stop whichever runs; the application is not to start another one meanwhile."""
        session = self._cockpit.session
        if session.is_own:
            await session.stop(Ending.FINISH_JOBS)
        elif isinstance(session, NodeSession):
            was_wanted, session.is_wanted = session.is_wanted, False
            try:
                await self._background.stop()
            except InfernetError:
                session.is_wanted = was_wanted
                raise
        else:
            raise InfernetError(
                "`infernet up` runs this node, with a control plane of its own.",
                hint="quit, and start again with: infernet tui",
            )

    async def use_model(self, name: str) -> None:
        """Tell a running node its new default model; one that does not know how is let be."""
        client = await self._client()
        if client is None:
            await self._background.use_model(name)
            return
        with contextlib.suppress(InfernetError):
            await client.change_model("model.use", name)

    async def _client(self) -> NodeClient | None:
        """The client of the node that this window is connected to."""
        session = self._cockpit.session
        if session.is_own:
            return await session.connect()
        # The feed notices a little later than the session that a node is gone.
        return None if session.mode == "none" else self._cockpit.feed.client


async def _serving(client: NodeClient) -> Mapping[str, Any]:
    """The first state in which it serves, else the newest one."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SERVING_SECONDS), contextlib.aclosing(client.subscribe()) as all:
            async for state in all:
                if NodeView.parse(state).state == "SERVING":
                    return state
    return await client.status()
