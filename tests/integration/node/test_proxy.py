"""`--proxy socks5://…`: everything goes through it, names included, or nothing goes at all."""

import asyncio
import socket
from pathlib import Path

from infernet_tui.control_plane import ServerAddress
from tests.support.control_plane import control_plane, until
from tests.support.scripted_engine import ScriptedEngine
from tests.support.socks import socks_proxy

from .conftest import RunNode


async def test_calls_and_channel_go_through_the_proxy_unresolved(
    tmp_path: Path, run_node: RunNode
) -> None:
    async with control_plane(tmp_path / "server") as server, socks_proxy() as proxy:
        port = ServerAddress.parse(server.url).port
        url = f"http://a-name-only-the-proxy-knows.invalid:{port}"
        async with run_node(url, ScriptedEngine(), proxy=proxy.url) as node:
            await until(lambda: node.link.mode == "channel")
    assert len(proxy.asked) >= 2
    assert set(proxy.asked) == {("a-name-only-the-proxy-knows.invalid", port)}


async def test_a_closed_proxy_means_no_connection_at_all(run_node: RunNode) -> None:
    direct = 0

    async def count(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal direct
        direct += 1
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        proxy = f"socks5://127.0.0.1:{closed.getsockname()[1]}"
    async with run_node(url, ScriptedEngine(), proxy=proxy) as node:
        await until(lambda: node.stats.heartbeats_failed >= 2)
        assert "through the proxy" in (node.stats.last_heartbeat_error or "")
        assert node.link.mode == "offline"
    server.close()
    await server.wait_closed()
    assert direct == 0
