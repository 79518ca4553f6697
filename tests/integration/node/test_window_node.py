"""Setup's last step in the application: the node starts in this window, and starts again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infernet_tui import config
from infernet_tui.feed import Feed
from infernet_tui.node.options import NodeOptions
from infernet_tui.session import NodeSession
from infernet_tui.setup.context import Context, Wishes
from infernet_tui.setup.step import State, YesNo
from infernet_tui.setup.walk import Setup
from infernet_tui.store import Store
from infernet_tui.window_node import WindowNode
from tests.support.control_plane import control_plane
from tests.support.setup_parts import ignore


def options() -> NodeOptions:
    return NodeOptions(no_p2p=True, no_healthz=True, no_advertise=True)


@contextlib.asynccontextmanager
async def window() -> AsyncIterator[Any]:
    """What an application has of a node: a session, and a feed that follows it."""
    session = NodeSession(options)
    session.is_wanted = False  # as the wizard does, until its last step
    feed = Feed(Store(), session, lambda _: None)
    following = asyncio.create_task(feed.run())
    try:
        yield SimpleNamespace(session=session, feed=feed)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await session.close()


async def walk(setup: Setup, *keys: str) -> None:
    """Do these steps, with what was wished for."""
    for step in setup.steps:
        if step.key in keys:
            await setup.examine(step)
            finding = await setup.apply(step, None, ignore)
            assert finding.state is State.DONE, (step.key, finding)


@pytest.mark.usefixtures("own_home")
async def test_the_node_starts_in_this_window_and_again_for_another_control_plane(
    tmp_path: Path,
) -> None:
    async with (
        control_plane(tmp_path / "one") as one,
        control_plane(tmp_path / "two") as two,
        window() as cockpit,
    ):
        node = WindowNode(cast("Any", cockpit))
        wishes = Wishes(backend="stub", model="stub", url=one.url, name="me")
        setup = Setup(Context(wishes, node=node))
        daemon = setup.steps[-1]
        await walk(setup, "engine", "model", "config", "identity", "registration", "daemon")
        snapshot = await node.snapshot()
        assert snapshot is not None
        assert (snapshot["mode"], snapshot["controlPlaneUrl"]) == ("embedded", one.url)
        assert snapshot["connection"] != "offline"
        await node.use_model("nowhere")  # which it cannot: setup does not fail for that
        assert config.load().engine.model == "stub"

        moved = Setup(Context(Wishes(url=two.url), node=node))
        await walk(moved, "config", "registration")
        finding = await moved.examine(daemon)
        assert isinstance(finding.question, YesNo)
        assert (await moved.apply(daemon, True, ignore)).state is State.DONE
        snapshot = await node.snapshot()
        assert snapshot is not None
        assert snapshot["controlPlaneUrl"] == two.url
        await node.stop()
        assert await node.snapshot() is None
