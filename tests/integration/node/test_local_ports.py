"""The node's Unix socket, P2P port and /healthz, each over the real thing."""

import asyncio
import json
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from infernet_protocol.ipc import MAX_REQUEST_BYTES
from infernet_tui.errors import NodeNotRunning, NotSupported, TimedOut
from infernet_tui.node import ipc
from infernet_tui.node.client import NodeClient, request_once
from infernet_tui.node.node import Node
from infernet_tui.node.transports import InProcessTransport, SocketTransport, Transport
from tests.support.reference_server import ReferenceServer
from tests.support.scripted_engine import ScriptedEngine

from .conftest import RunNode


@pytest.fixture
async def server() -> AsyncIterator[ReferenceServer]:
    async with ReferenceServer() as running:
        yield running


@pytest.fixture
async def node(server: ReferenceServer, run_node: RunNode) -> AsyncIterator[Node]:
    async with run_node(server.url, ScriptedEngine()) as running:
        await server.until(lambda: server.heartbeats)
        yield running


async def exchange(address: Path | tuple[str, int], *lines: bytes) -> list[dict[str, Any]]:
    """Send lines on one connection; one answer for each."""
    if isinstance(address, Path):
        reader, writer = await asyncio.open_unix_connection(address)
    else:
        reader, writer = await asyncio.open_connection(*address)
    answers = []
    for line in lines:
        writer.write(line + b"\n")
        answers.append(json.loads(await asyncio.wait_for(reader.readline(), 5)))
    writer.close()
    await writer.wait_closed()
    return answers


async def test_the_socket_answers_many_lines_of_any_quality(node: Node, tmp_path: Path) -> None:
    answers = await exchange(
        tmp_path / "n.sock",
        b'{"cmd":"ping"}',
        b'{"cmd":"frobnicate"}',
        b"{}",
        b"not json",
        b"[1]",
        b'{"cmd":{"a":1}}',
        b'{"cmd":"stats","payload":null}',
    )
    assert answers[0]["data"]["pong"] > 1_700_000_000_000
    assert answers[1] == {"ok": False, "error": "unknown-cmd: frobnicate"}
    assert answers[2] == {"ok": False, "error": "unknown-cmd: (none)"}
    assert answers[3]["error"] == "bad-json"
    assert answers[4]["error"] == "unknown-cmd: (none)"
    assert answers[5]["ok"] is False
    assert answers[6]["data"]["pid"] == os.getpid()


async def test_the_snapshot_has_every_field_of_the_existing_daemon(
    node: Node, tmp_path: Path, shared_dir: Path
) -> None:
    [ours] = await exchange(tmp_path / "n.sock", b'{"cmd":"status"}')
    transcript = json.loads((shared_dir / "wire_samples" / "ipc_transcript.json").read_text())
    theirs = transcript[1]["recv"]["data"]

    def missing(expected: Any, found: Any, where: str) -> list[str]:
        if not isinstance(expected, dict):
            return []
        return [
            problem
            for key, value in expected.items()
            for problem in (
                missing(value, found[key], f"{where}.{key}") if key in found else [f"{where}.{key}"]
            )
        ]

    assert missing(theirs, ours["data"], "data") == []
    assert ours["data"]["connection"] == "polling"
    assert ours["data"]["capacity"] == 4


async def test_a_line_that_is_too_long_ends_only_its_own_connection(
    node: Node, tmp_path: Path
) -> None:
    [answer] = await exchange(tmp_path / "n.sock", b"x" * (MAX_REQUEST_BYTES + 1))
    assert answer["error"] == "line-too-long"
    [answer] = await exchange(tmp_path / "n.sock", b'{"cmd":"ping"}')
    assert answer["ok"] is True


async def test_the_socket_is_for_this_user_only(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stat.S_IMODE((tmp_path / "n.sock").stat().st_mode) == 0o600
    monkeypatch.setattr(ipc, "peer_user", lambda _: os.getuid() + 4242)
    reader, writer = await asyncio.open_unix_connection(tmp_path / "n.sock")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


def test_the_user_of_a_peer_is_known() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert ipc.peer_user(ours) in (os.getuid(), None)


@pytest.mark.parametrize("way", ["socket", "in-process"])
async def test_a_subscriber_sees_a_job_begin_and_end(
    node: Node, server: ReferenceServer, tmp_path: Path, way: str
) -> None:
    transport: Transport = (
        SocketTransport(tmp_path / "n.sock")
        if way == "socket"
        else InProcessTransport(node.dispatcher)
    )
    client = NodeClient(transport)
    assert (await client.status())["stats"]["jobsPicked"] == 0
    states = client.subscribe()
    first = await anext(states)
    assert first["jobs"] == []
    job_id = server.submit("hello")
    async with asyncio.timeout(10):
        async for state in states:
            if state["jobs"] and state["jobs"][0]["state"] == "completed":
                break
    await states.aclose()  # type: ignore[attr-defined]
    [job] = state["jobs"]
    assert (job["id"], job["tokens"]) == (job_id, 6)
    assert "hello" not in json.dumps(state)
    assert "Two plus" not in json.dumps(state)


async def test_the_command_lines_client_asks_without_an_event_loop(
    node: Node, tmp_path: Path
) -> None:
    path = tmp_path / "n.sock"
    status = await asyncio.to_thread(request_once, "status", path=path)
    assert status["node"]["role"] == "provider"
    with pytest.raises(NotSupported, match="does not know `dance`: it is an older version"):
        await asyncio.to_thread(request_once, "dance", path=path)


async def test_draining_over_the_socket_stops_the_node(node: Node, tmp_path: Path) -> None:
    client = NodeClient(SocketTransport(tmp_path / "n.sock"))
    assert await client.drain() == {"draining": True, "activeJobs": 0}
    assert node.jobs.is_closed


def test_no_node_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NodeNotRunning) as caught:
        request_once("ping", path=tmp_path / "nobody.sock")
    assert caught.value.hint == "infernet start"


def test_a_node_that_hangs_is_told_from_one_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "mute.sock"))
        listener.listen()
        with pytest.raises(TimedOut, match="up but not answering"):
            request_once("ping", timeout_seconds=0.1, path=tmp_path / "mute.sock")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_peers_get_ping_and_info_and_nothing_more(node: Node, host: str) -> None:
    if host == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    port = node.p2p.local_port
    assert port is not None
    ping, info, other, junk = await exchange(
        (host, port), b'{"cmd":"ping"}', b'{"cmd":"info"}', b'{"cmd":"status"}', b"not json"
    )
    assert ping["data"]["node_id"] == node.identity.node_id
    assert info["data"] == {
        "node_id": node.identity.node_id,
        "role": "provider",
        "name": "rig-01",
        "port": 46337,
    }
    assert other == {"ok": False, "error": "unknown-cmd: status"}
    assert junk["error"] == "bad-json"
    assert node.p2p.as_snapshot()["connectionsTotal"] == 1


async def test_taken_ports_do_not_keep_a_node_from_earning(
    server: ReferenceServer, run_node: RunNode, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"bind_port": port, "healthz_port": port}
        async with run_node(server.url, ScriptedEngine(), **ports) as node:
            server.submit("hello")
            await server.until(lambda: server.completions)
            assert node.p2p.as_snapshot() == {"enabled": False}
    assert f"P2P is off: another program uses port {port}" in caplog.text
    assert f"/healthz is off: another program uses port {port}" in caplog.text


async def test_no_p2p_opens_no_port(server: ReferenceServer, run_node: RunNode) -> None:
    async with run_node(server.url, ScriptedEngine(), no_p2p=True, no_healthz=True) as node:
        assert (node.p2p.local_port, node.health.port) == (None, None)


@pytest.mark.parametrize("path", ["/", "/health", "/healthz"])
async def test_healthz_answers_probes(node: Node, path: str) -> None:
    head, body = await http_get(node, path)
    assert head.startswith("HTTP/1.1 200 OK")
    assert "cache-control: no-store" in head
    report = json.loads(body)
    assert report["ok"] is True
    assert report["heartbeats_ok"] >= 1
    assert report["active_jobs"] == 0


async def test_healthz_answers_nothing_else(node: Node) -> None:
    head, body = await http_get(node, "/etc/passwd")
    assert head.startswith("HTTP/1.1 404")
    assert body == "not found\n"


async def http_get(node: Node, path: str) -> tuple[str, str]:
    assert node.health.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", node.health.port)
    writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    answer = (await asyncio.wait_for(reader.read(), 5)).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    return head, body


async def test_a_probe_that_hangs_up_leaves_no_trace(
    node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    assert node.health.port is not None
    _, writer = await asyncio.open_connection("127.0.0.1", node.health.port)
    linger_off = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_off)
    writer.close()
    head, _ = await http_get(node, "/healthz")
    assert head.startswith("HTTP/1.1 200")
    assert "Traceback" not in caplog.text
