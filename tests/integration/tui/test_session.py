"""The way to a real node: embedded in this process, attached to another one, lost and found."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from infernet_protocol.ipc import failure, success
from infernet_tui import config, paths
from infernet_tui.errors import AlreadyRunning, InfernetError
from infernet_tui.identity import new_identity
from infernet_tui.node import daemon
from infernet_tui.node.client import NodeClient, running_pid
from infernet_tui.node.daemon import spawn_detached
from infernet_tui.node.instance import single_instance
from infernet_tui.node.ipc import IpcServer
from infernet_tui.node.options import NodeOptions
from infernet_tui.node.transports import SocketTransport
from infernet_tui.session import Ending, NodeSession
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
        await app_of(pilot).session.stop(Ending.FINISH_JOBS)
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
        await until(pilot, lambda: app.is_connected)
        os.kill(pid, signal.SIGKILL)
        await until(pilot, lambda: not app.is_connected)
        await until(pilot, lambda: "stale" in text_of(pilot))
        again = await asyncio.to_thread(spawn_detached, OPTIONS)
        await until(pilot, lambda: app.is_connected)
        assert app.store.node is not None
        assert app.store.node.pid == again
    os.kill(again, signal.SIGTERM)
    await eventually(lambda: _is_gone(again), 20)


async def test_stopping_the_node_in_the_window_ends_it_and_t_starts_another(
    network: RunningControlPlane,
) -> None:
    async with cockpit(session=session(), clock=time.time) as pilot:
        await until(pilot, lambda: "SERVING" in text_of(pilot).splitlines()[0])
        await pilot.press("t")
        await until(pilot, lambda: "Stop the node?" in text_of(pilot))
        await pilot.press("y")
        await until(pilot, lambda: "STOPPED" in text_of(pilot).splitlines()[0])
        assert not app_of(pilot).session.is_own
        await pilot.press("t")
        await until(pilot, lambda: "SERVING" in text_of(pilot).splitlines()[0])
        await app_of(pilot).session.close()


async def test_stopping_a_node_in_the_background_starts_none_in_its_place(
    network: RunningControlPlane,
) -> None:
    pid = await asyncio.to_thread(spawn_detached, OPTIONS)
    async with cockpit(session=session(), clock=time.time) as pilot:
        await until(pilot, lambda: app_of(pilot).is_connected)
        await pilot.press("t")
        await until(pilot, lambda: "Stop the node?" in text_of(pilot))
        await pilot.press("y")
        await eventually(lambda: _is_gone(pid), 20)
        await until(pilot, lambda: "STOPPED" in text_of(pilot).splitlines()[0])
        app_of(pilot).feed.reconnect()
        await pilot.pause(0.2)
        assert not app_of(pilot).session.is_own


async def test_leaving_while_the_node_is_starting_leaves_no_node_behind(
    network: RunningControlPlane,
) -> None:
    gate = threading.Event()

    def options() -> NodeOptions:
        gate.wait(30)
        return OPTIONS

    own = NodeSession(options)
    starting = asyncio.create_task(own.start())
    await eventually(lambda: _is_starting(own), 20)
    await own.close()
    gate.set()
    with pytest.raises(InfernetError, match="while it was starting"):
        await starting
    assert not own.is_own
    with single_instance():
        pass


async def test_a_second_wish_to_finish_jobs_does_not_hurry_them(
    network: RunningControlPlane,
) -> None:
    own = session()
    assert await own.connect() is not None
    node = own._node
    assert node is not None
    await asyncio.gather(own.stop(Ending.FINISH_JOBS), own.stop(Ending.FINISH_JOBS))
    assert not node._hurry.is_set()


async def test_an_older_node_that_pushes_nothing_is_asked_again_and_again(tmp_path: Path) -> None:
    asked = 0

    class OldNode:
        async def handle(self, message: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
            nonlocal asked
            if message["cmd"] in ("status", "stats"):
                asked += 1
                yield success(
                    {"pid": 7, "node": {"name": "old"}, "stats": {"jobsCompleted": asked}}
                )
            elif message["cmd"] == "ping":
                yield success({"pong": 1})
            else:
                yield failure(f"unknown-cmd: {message['cmd']}")

    server = IpcServer(OldNode(), paths.socket_file())  # type: ignore[arg-type]
    await server.start()
    async with cockpit(session=session(), clock=time.time) as pilot:
        await until(pilot, lambda: "attached · pid 7" in text_of(pilot).splitlines()[0])
        for key in "2345679":
            await pilot.press(key)
            await pilot.pause()
        assert app_of(pilot).is_running
    await server.close()


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


async def _is_starting(own: NodeSession) -> bool:
    return own.is_own


async def _is_gone(pid: int) -> bool:
    return running_pid() != pid
