"""The way to a real node: embedded in this process, attached to another one, lost and found."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infernet_tui import config, paths
from infernet_tui.errors import AlreadyRunning, InfernetError
from infernet_tui.identity import new_identity
from infernet_tui.node import daemon
from infernet_tui.node.client import NodeClient, running_pid
from infernet_tui.node.daemon import spawn_detached
from infernet_tui.node.instance import single_instance
from infernet_tui.node.options import NodeOptions
from infernet_tui.node.transports import SocketTransport
from infernet_tui.session import NodeSession
from tests.support.cockpit import app_of, cockpit, text_of, until
from tests.support.control_plane import RunningControlPlane, control_plane, eventually

OPTIONS = NodeOptions(no_p2p=True, no_healthz=True, no_advertise=True, drain_seconds=5)


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[RunningControlPlane]:
    """A control plane, and a machine that is set up for it."""
    async with control_plane(tmp_path / "server") as plane:
        changes = {
            "controlPlane": {"url": plane.url},
            "node": new_identity("provider", "rig-01").to_section(),
            "engine": {"backend": "stub"},
        }
        config.update(changes)
        yield plane
    while daemon._detached:
        child = daemon._detached.pop()
        child.kill()
        await asyncio.to_thread(child.wait)


def session() -> NodeSession:
    return NodeSession(lambda: OPTIONS)


async def test_where_no_node_runs_one_is_started_in_the_window_and_ends_with_it(
    network: RunningControlPlane,
) -> None:
    async with cockpit(session=session(), clock=time.time) as pilot:
        await until(pilot, lambda: app_of(pilot).is_connected)
        assert app_of(pilot).session.mode == "embedded"
        await until(pilot, lambda: "in this window" in text_of(pilot).splitlines()[0])
        await until(pilot, lambda: "SERVING" in text_of(pilot).splitlines()[0])
        status = await NodeClient(SocketTransport()).status()
        assert status["mode"] == "embedded"
        await app_of(pilot).session.stop(finish_jobs=True)
        assert not paths.socket_file().exists()
        with single_instance():
            pass


async def test_a_node_in_the_background_is_attached_to_and_survives_the_window(
    network: RunningControlPlane,
) -> None:
    pid = await asyncio.to_thread(spawn_detached, OPTIONS)
    async with cockpit(session=session(), clock=time.time) as pilot:
        await until(pilot, lambda: f"attached · pid {pid}" in text_of(pilot).splitlines()[0])
        await pilot.press("q")
        await until(pilot, lambda: not app_of(pilot).is_running)
    assert running_pid() == pid
    os.kill(pid, signal.SIGTERM)
    await eventually(lambda: _is_gone(pid), 20)


async def test_a_node_that_is_killed_and_comes_back_is_found_again_under_the_open_screen(
    network: RunningControlPlane,
) -> None:
    pid = await asyncio.to_thread(spawn_detached, OPTIONS)
    async with cockpit(session=session(), clock=time.time) as pilot:
        app = app_of(pilot)
        assert isinstance(app.session, NodeSession)
        await until(pilot, lambda: app.is_connected)
        app.session.is_wanted = False  # wait for the old one instead of starting our own
        os.kill(pid, signal.SIGKILL)
        await until(pilot, lambda: not app.is_connected)
        await until(pilot, lambda: "stale" in text_of(pilot))
        again = await asyncio.to_thread(spawn_detached, OPTIONS)
        await until(pilot, lambda: app.is_connected)
        assert app.store.node is not None
        assert app.store.node.pid == again
    os.kill(again, signal.SIGTERM)
    await eventually(lambda: _is_gone(again), 20)


async def test_handing_over_leaves_a_node_in_the_background(network: RunningControlPlane) -> None:
    own = session()
    assert await own.connect() is not None
    await own.hand_over()
    pid = running_pid()
    assert pid not in (None, os.getpid())
    status = await NodeClient(SocketTransport()).status()
    assert status["mode"] == "background"


async def test_a_node_that_cannot_start_says_why_and_is_not_tried_again_by_itself(
    network: RunningControlPlane,
) -> None:
    config.update({"engine": {"backend": "mojo"}})
    own = session()
    with pytest.raises(InfernetError, match="needs the program to run"):
        await own.connect()
    assert await own.connect() is None
    assert own.mode == "none"


async def test_two_windows_do_not_run_two_nodes(network: RunningControlPlane) -> None:
    first, second = session(), session()
    assert await first.connect() is not None
    assert await second.connect() is not None
    assert (first.mode, second.mode) == ("embedded", "attached")
    with pytest.raises(AlreadyRunning), single_instance():
        pass
    await first.close()


async def test_a_machine_that_is_not_set_up_has_no_node() -> None:
    assert await session().connect() is None


async def _is_gone(pid: int) -> bool:
    return running_pid() != pid
