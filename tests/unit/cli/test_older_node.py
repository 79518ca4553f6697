"""A node of an older version is asked what it knows; the rest is asked elsewhere, or said so."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infernet_tui import aliases, paths
from infernet_tui.cli import peers, route
from tests.support.cli import Infernet

KEY, BLOCKED = "a" * 64, "b" * 64
PEER: dict[str, Any] = {
    "pubkey": KEY, "name": "rig", "multiaddr": None, "last_seen": None, "served_models": [],
    "gpu_model": None, "gpu_count": None, "cpu": None, "interconnects": None,
    "source": "control plane", "is_self": False,
}  # fmt: skip
FOUND = {"peers": [PEER, PEER | {"pubkey": BLOCKED, "name": "spammer"}], "sources": []}


@pytest.fixture
def old_node() -> Iterator[list[str]]:
    """Knows `status` alone; the commands it was asked. Runs in a loop of its own."""
    asked: list[str] = []
    is_up, loop = threading.Event(), asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            command = json.loads(line)["cmd"]
            asked.append(command)
            answer: dict[str, Any] = {"ok": False, "error": f"unknown-cmd: {command}"}
            if command == "status":
                answer = {"ok": True, "data": {"pid": len(asked)}}
            writer.write(json.dumps(answer).encode() + b"\n")
        writer.close()

    async def run(until: asyncio.Event) -> None:
        paths.config_dir().mkdir(parents=True, exist_ok=True)
        async with await asyncio.start_unix_server(serve, paths.socket_file()):
            is_up.set()
            await until.wait()

    is_over = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run(is_over)))
    thread.start()
    assert is_up.wait(10)
    yield asked
    loop.call_soon_threadsafe(is_over.set)
    thread.join()
    loop.close()


@pytest.mark.usefixtures("old_node")
def test_a_verb_it_does_not_know_says_how_to_get_a_newer_one(infernet: Infernet) -> None:
    error = infernet("jobs", "--json").error
    assert error["code"] == "not_supported"
    assert error["message"] == "This node does not know `jobs`: it is an older version."
    assert error["hint"] == "infernet stop && infernet start"


@pytest.fixture
def listed(old_node: list[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The control plane's own answer; an alias and a block of ours."""
    monkeypatch.setattr(peers, "_ask_control_plane", lambda _limit, _seconds: FOUND)
    aliases.change(lambda known: known.named(KEY, "friend").blocking(BLOCKED, True))
    return lambda: old_node


@pytest.mark.usefixtures("listed")
def test_peers_are_asked_of_the_control_plane_and_shown_as_the_screen_does(
    infernet: Infernet,
) -> None:
    shown = infernet("peers").out
    assert "friend" in shown
    assert "spammer" not in shown
    told = infernet("peers", "--json").document["peers"]
    assert [(peer["alias"], peer["is_blocked"]) for peer in told] == [
        ("friend", False),
        (None, True),
    ]


@pytest.mark.usefixtures("old_node")
def test_a_route_is_asked_of_the_control_plane(
    infernet: Infernet, monkeypatch: pytest.MonkeyPatch
) -> None:
    explained = {"model": "m", "sentences": ["because"]}
    monkeypatch.setattr(route, "_ask_control_plane", lambda _output, _job: explained)
    assert "because" in infernet("route", "explain", "job-1").out


@pytest.mark.usefixtures("old_node")
async def test_the_state_of_one_that_cannot_tell_by_itself_is_polled() -> None:
    from infernet_tui.cli import state
    from infernet_tui.node.client import NodeClient
    from infernet_tui.node.transports import SocketTransport

    snapshots = state._snapshots(NodeClient(SocketTransport()), 0.01)
    async with asyncio.timeout(5):
        first, second = await anext(snapshots), await anext(snapshots)
    assert second["pid"] > first["pid"]
    await snapshots.aclose()
