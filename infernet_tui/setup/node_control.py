"""How setup starts the node and sees that it answers: in the background, unless it is told another.

The full-screen application passes its own `NodeControl`, which runs the node inside itself.
"""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from infernet_protocol.ipc import IpcCommand
from infernet_tui.errors import InfernetError, NodeNotRunning, NotSupported
from infernet_tui.setup.step import Progress, Report

CONNECT_SECONDS = 5.0
"""Most nodes are connected at once; jobs come only then."""
_LOOK_EVERY_SECONDS = 0.05


_FLAGS = {
    "proxy_set": "--proxy …",
    "no_advertise": "--no-advertise",
    "no_advertise_interconnects": "--no-advertise-interconnects",
    "no_p2p": "--no-p2p",
    "address_set": "--address …",
    "p2p_port": "--p2p-port …",
    "bind_port": "--bind-port …",
    "capacity": "--capacity …",
}
"""What `node.info` tells of a node's options → the flag of `infernet start` that sets it."""


class NodeControl(Protocol):
    """The one node of this machine."""

    @property
    def where(self) -> str:
        """Where `start` runs it, in words: “in the background”."""
        ...

    async def snapshot(self) -> Mapping[str, Any] | None:
        """What the running node says of itself (`wire.md` §7), or None when there is none.

        Raises:
            TimedOut: it is up but does not answer.
        """
        ...

    async def start(self, report: Report) -> Mapping[str, Any]:
        """Start it with the configuration as it is now; its snapshot once it answers.

        Raises:
            InfernetError: it could not start.
        """
        ...

    async def stop(self) -> None:
        """Stop it in order, to start it again; running jobs are finished first.

        Raises:
            InfernetError: it does not stop, or `start` would start it with other flags.
        """
        ...

    async def use_model(self, name: str) -> None:
        """Tell a running node its new default model; nothing if none runs."""
        ...


class BackgroundNode:
    """The node as a process of its own, like `infernet start` runs it."""

    where = "in the background"

    async def snapshot(self) -> Mapping[str, Any] | None:
        """Ask over the socket."""
        try:
            return dict(await self._ask(IpcCommand.STATUS))
        except NodeNotRunning:
            return None

    async def start(self, report: Report) -> Mapping[str, Any]:
        """Detach a node, and wait a little until it is connected."""
        from infernet_tui.node.daemon import spawn_detached
        from infernet_tui.node.options import NodeOptions

        report(Progress("starting the node"))
        await asyncio.to_thread(spawn_detached, NodeOptions.from_environ(os.environ))
        report(Progress("connecting to the control plane"))
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_SECONDS):
                while (  # noqa: ASYNC110 - another process
                    await self._ask(IpcCommand.STATUS)
                ).get("connection") == "offline":
                    await asyncio.sleep(_LOOK_EVERY_SECONDS)
        return dict(await self._ask(IpcCommand.STATUS))

    async def stop(self) -> None:
        """Ask it to, and wait until its process is gone, as long as its jobs take."""
        from infernet_tui.node.client import running_pid

        await self._require_same_flags()
        if not (await self._ask(IpcCommand.STATUS)).get("isDraining"):  # asking twice would hurry
            await self._ask_to_drain()
        while running_pid() is not None:  # noqa: ASYNC110 - another process
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _ask_to_drain(self) -> None:
        try:
            await self._ask("drain")
        except NotSupported:
            await self._ask(IpcCommand.SHUTDOWN)

    async def _require_same_flags(self) -> None:
        """See that `start` would start it as it runs now: without its proxy, its address leaks."""
        from infernet_tui.node.options import NodeOptions

        try:
            info = dict(await self._ask(IpcCommand.NODE_INFO))
        except NotSupported:
            info = {}
        told = info.get("options")
        if not isinstance(told, dict):
            raise InfernetError(
                "The running node does not say with which flags it was started (an older version).",
                hint="infernet stop && infernet start, with the flags it had",
            )
        ours = NodeOptions.from_environ(os.environ).told()
        if flags := [_FLAGS[key] for key in _FLAGS if told.get(key) != ours[key]]:
            words = " ".join(flags)
            raise InfernetError(
                f"The running node was started with other flags than setup would use: {words}.",
                hint=f"infernet stop && infernet start {words}",
            )

    async def use_model(self, name: str) -> None:
        """Over the socket; a node of an older version takes it up at its next start."""
        with suppress(InfernetError):
            await self._ask(IpcCommand.MODEL_USE, {"name": name})

    async def _ask(self, command: str, payload: Any = None) -> Any:
        from infernet_tui.node.client import request_once

        return await asyncio.to_thread(request_once, command, payload)
