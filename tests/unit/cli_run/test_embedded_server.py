"""A control plane inside this process."""

import asyncio
import json
import socket
import urllib.request
from pathlib import Path

import pytest

from infernet_tui.cli.embedded_server import EmbeddedServer, listen
from infernet_tui.errors import AlreadyRunning, ConfigError, InfernetError


def health(url: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{url}/api/health", timeout=5) as response:
        answer: dict[str, object] = json.load(response)
        return answer


async def test_it_starts_on_a_free_port_answers_and_stops(tmp_path: Path) -> None:
    server = EmbeddedServer()
    url = await server.start(tmp_path / "data", "127.0.0.1", 0)
    assert (await asyncio.to_thread(health, url))["ok"] is True
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    await server.stop()
    await server.stop()
    port = int(url.rsplit(":", 1)[1])
    listen("127.0.0.1", port).close()


async def test_a_taken_port_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AlreadyRunning, match=f"Port {port} is taken") as caught:
            await EmbeddedServer().start(tmp_path, "127.0.0.1", port)
    assert caught.value.hint
    assert "--port" in caught.value.hint


async def test_a_foreign_address_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Cannot listen on 203\.0\.113\.1"):
        await EmbeddedServer().start(tmp_path, "203.0.113.1", 0)


async def test_data_that_cannot_be_opened_is_an_error_with_the_folder(tmp_path: Path) -> None:
    (tmp_path / "infernet.db").mkdir()
    with pytest.raises(InfernetError, match=str(tmp_path)):
        await EmbeddedServer().start(tmp_path, "127.0.0.1", 0)


def test_an_ipv6_address_works_where_there_is_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        listen("::1", 0).close()
    except ConfigError:
        pytest.skip("no IPv6 loopback here")
