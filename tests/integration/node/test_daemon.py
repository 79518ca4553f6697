"""The node as a process: detached start, one instance, signals, files left behind."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import stat
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from infernet_tui import config, paths
from infernet_tui.errors import AlreadyRunning, InfernetError
from infernet_tui.identity import new_identity
from infernet_tui.node import daemon
from infernet_tui.node.client import request_once, running_pid
from infernet_tui.node.daemon import spawn_detached
from infernet_tui.node.instance import single_instance
from infernet_tui.node.options import NodeOptions
from infernet_tui.paths import lock_file
from tests.support.reference_server import ReferenceServer

OPTIONS = NodeOptions(
    no_p2p=True, no_healthz=True, heartbeat_seconds=1.0, poll_seconds=0.05, drain_seconds=10.0
)


@pytest.fixture
async def server() -> AsyncIterator[ReferenceServer]:
    async with ReferenceServer() as running:
        yield running


@pytest.fixture
def configured(server: ReferenceServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A configuration with the stub engine; whatever was started is stopped."""
    monkeypatch.setenv("INFERNET_STUB_DELAY_MS", "30")
    node = new_identity("provider", "rig-01")
    config.update(
        {
            "controlPlane": {"url": server.url},
            "node": {
                "nodeId": node.node_id,
                "role": node.role,
                "name": node.name,
                "publicKey": node.public_key,
                "privateKey": str(node.private_key),
            },
            "engine": {"backend": "stub"},
        }
    )
    yield
    if pid := running_pid():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def modes() -> dict[str, str]:
    return {
        path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in paths.config_dir().iterdir()
    }


async def ended(pid: int, seconds: float = 20.0) -> int:
    """The exit code of a detached node."""
    child = next(child for child in daemon._detached if child.pid == pid)

    def wait() -> int:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            code = child.poll()
            if code is not None:
                return code
            time.sleep(0.02)
        raise TimeoutError

    return await asyncio.to_thread(wait)


async def start() -> int:
    return await asyncio.to_thread(spawn_detached, OPTIONS)


@pytest.mark.usefixtures("configured")
async def test_a_detached_node_serves_and_leaves_only_its_log(
    server: ReferenceServer, shared_dir: Path
) -> None:
    pid = await start()
    expected = json.loads((shared_dir / "wire_samples" / "files_and_modes.json").read_text())
    assert {k: v for k, v in modes().items() if k != "daemon.lock"} == expected["running_detached"]
    assert paths.pid_file().read_text().strip() == str(pid)
    server.submit("hello")
    await server.until(lambda: server.completions)
    status = await asyncio.to_thread(request_once, "status")
    assert (status["pid"], status["engine"]) == (pid, "stub")
    os.kill(pid, signal.SIGTERM)
    assert await ended(pid) == 0
    assert sorted(modes()) == expected["after_stop"]
    assert "hello" not in paths.log_file().read_text()


@pytest.mark.usefixtures("configured")
async def test_a_second_node_is_refused_and_the_first_keeps_working(
    server: ReferenceServer,
) -> None:
    pid = await start()
    with pytest.raises(AlreadyRunning, match=str(pid)):
        await start()
    with pytest.raises(AlreadyRunning), single_instance():
        pass
    await server.until(lambda: server.heartbeats)
    server.submit("hello")
    await server.until(lambda: server.completions)
    assert await asyncio.to_thread(request_once, "shutdown") == {"shuttingDown": True}
    assert await ended(pid) == 0


@pytest.mark.usefixtures("configured")
async def test_what_a_killed_node_left_behind_is_replaced(server: ReferenceServer) -> None:
    first = await start()
    os.kill(first, signal.SIGKILL)
    await ended(first)
    assert {"daemon.pid", "daemon.sock"} <= set(modes())
    second = await start()
    assert (await asyncio.to_thread(request_once, "status"))["pid"] == second
    os.kill(second, signal.SIGTERM)
    assert await ended(second) == 0


@pytest.mark.usefixtures("configured")
async def test_sigterm_lets_a_running_job_finish(server: ReferenceServer) -> None:
    pid = await start()
    job_id = server.submit("a job that takes a while")
    await server.until(lambda: server.events[job_id])
    os.kill(pid, signal.SIGTERM)
    await server.until(lambda: server.completions)
    assert server.completions[0][1]["status"] == "completed"
    assert await ended(pid) == 0
    assert server.heartbeats[-1]["status"] == "offline"


@pytest.mark.usefixtures("configured")
async def test_a_second_signal_gives_the_job_back_at_once(
    server: ReferenceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFERNET_STUB_DELAY_MS", "3000")
    pid = await start()
    job_id = server.submit("a job that takes for ever")
    await server.until(lambda: server.events[job_id])
    os.kill(pid, signal.SIGTERM)
    await asyncio.to_thread(until_draining)
    os.kill(pid, signal.SIGINT)
    assert await ended(pid, 9.0) == 0
    assert server.completions[0][1]["status"] == "failed"


def until_draining() -> None:
    while not request_once("status")["isDraining"]:
        time.sleep(0.01)


@pytest.mark.usefixtures("configured")
async def test_a_node_that_cannot_start_says_why() -> None:
    config.update({"node": {"publicKey": "00" * 32}})
    with pytest.raises(InfernetError, match="does not belong to") as caught:
        await start()
    assert caught.value.exit_code == 2
    assert sorted(modes()) == ["config.json", "daemon.log"]


@pytest.mark.usefixtures("configured")
async def test_once_does_one_round_and_ends(server: ReferenceServer) -> None:
    server.submit("hello")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infernet_tui.node"),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    once = NodeOptions(once=True, no_p2p=True, no_healthz=True)
    _, errors = await asyncio.wait_for(child.communicate(once.to_json().encode()), 30)
    assert child.returncode == 0, errors.decode()
    assert [body["status"] for _, body in server.completions] == ["completed"]
    assert len(server.heartbeats) == 1


def test_the_lock_is_gone_with_its_holder() -> None:
    with single_instance():
        assert lock_file().exists()
        assert stat.S_IMODE(lock_file().stat().st_mode) == 0o600
        with pytest.raises(AlreadyRunning), single_instance():
            pass
    assert not lock_file().exists()
    with single_instance():
        pass


def test_a_socket_that_answers_to_a_live_pid_counts_as_a_node() -> None:
    paths.config_dir().mkdir(parents=True)
    paths.pid_file().write_text(f"{os.getppid()}\n")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.socket_file()))
        listener.listen()

        def answer_one_ping() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b'{"ok":true,"data":{"pong":1}}\n')

        thread = threading.Thread(target=answer_one_ping)
        thread.start()
        with pytest.raises(AlreadyRunning), single_instance():
            pass
        thread.join()
