"""Setup starts a running node again only when that changes nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infernet_tui import paths
from infernet_tui.errors import InfernetError
from infernet_tui.node.options import NodeOptions
from infernet_tui.setup.node_control import BackgroundNode

ANSWERS: dict[str, Any] = {
    "status": {"isDraining": False},
    "drain": {"draining": True},
    "shutdown": {"shuttingDown": True},
}


class Daemon:
    """Answers on the node's socket what a test says."""

    def __init__(self) -> None:
        self.answers = dict(ANSWERS)
        self.asked: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            command = json.loads(line)["cmd"]
            self.asked.append(command)
            answer: dict[str, Any] = {"ok": False, "error": f"unknown-cmd: {command}"}
            if command in self.answers:
                answer = {"ok": True, "data": self.answers[command]}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()


@pytest.fixture
async def daemon() -> AsyncIterator[Daemon]:
    running = Daemon()
    paths.config_dir().mkdir(parents=True, exist_ok=True)
    server = await asyncio.start_unix_server(running.serve, paths.socket_file())
    async with server:
        yield running


async def test_running_jobs_are_finished_first(daemon: Daemon) -> None:
    daemon.answers["node.info"] = {"options": NodeOptions.from_environ({}).told()}
    await BackgroundNode().stop()
    assert daemon.asked == ["node.info", "status", "drain"]


async def test_a_node_that_drains_already_is_not_hurried(daemon: Daemon) -> None:
    daemon.answers["node.info"] = {"options": NodeOptions.from_environ({}).told()}
    daemon.answers["status"] = {"isDraining": True}
    await BackgroundNode().stop()
    assert "drain" not in daemon.asked


async def test_a_node_with_flags_of_its_own_is_left_alone(daemon: Daemon) -> None:
    options = NodeOptions(proxy="socks5://127.0.0.1:9050", no_advertise=True)
    daemon.answers["node.info"] = {"options": options.told()}
    assert "9050" not in str(options.told())
    with pytest.raises(InfernetError, match="other flags") as refused:
        await BackgroundNode().stop()
    assert refused.value.hint == "infernet stop && infernet start --proxy … --no-advertise"
    assert daemon.asked == ["node.info"]


@pytest.mark.parametrize("info", [None, {"node_id": "n"}])
async def test_a_node_that_does_not_tell_its_flags_is_left_alone(
    daemon: Daemon, info: dict[str, Any] | None
) -> None:
    if info is not None:
        daemon.answers["node.info"] = info
    with pytest.raises(InfernetError, match="older version"):
        await BackgroundNode().stop()
    assert daemon.asked == ["node.info"]


def test_the_environment_may_name_the_proxy() -> None:
    assert NodeOptions.from_environ({"INFERNET_PROXY": "socks5://h:1"}).proxy == "socks5://h:1"
