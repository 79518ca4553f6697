"""Addresses, signatures and failures of calls to the control plane."""

import asyncio
import socket

import pytest

from infernet_protocol import endpoints
from infernet_protocol.keys import SecretKey
from infernet_tui.config import Config, NodeConfig, Secret
from infernet_tui.control_plane import ControlPlane, ServerAddress, call_once, get_once
from infernet_tui.errors import (
    ConfigError,
    ControlPlaneUnreachable,
    NotFound,
    Refused,
    RequestFailed,
    TimedOut,
)
from infernet_tui.identity import new_identity, secret_key
from tests.support.reference_server import ReferenceServer


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("http://h", "h", "/x"),
        ("https://H.example:443/", "h.example", "/x"),
        ("http://h:8787/base/", "h:8787", "/base/x"),
        ("http://[::1]:80", "[::1]", "/x"),
        ("http://[::1]:8787", "[::1]:8787", "/x"),
        ("http://user:word@h:1", "h:1", "/x"),
    ],
)
def test_a_url_gives_the_host_that_is_signed(url: str, authority: str, target: str) -> None:
    address = ServerAddress.parse(url)
    assert (address.authority, address.target("/x")) == (authority, target)


@pytest.mark.parametrize("url", ["", "h:1", "ftp://h", "http://", "http://h:port", "http://[::1"])
def test_a_url_that_is_none_names_the_command_that_sets_it(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ServerAddress.parse(url)
    assert "infernet config set controlPlane.url" in (caught.value.hint or "")


async def test_a_server_of_the_existing_network_is_called_with_version_1() -> None:
    key = SecretKey.generate()
    async with ReferenceServer() as server:
        client = ControlPlane(server.url, key)
        assert await client.call(endpoints.ME, {"role": "provider"}) == {"row": None}
        once = await asyncio.to_thread(
            call_once, server.url, key, endpoints.ME, {"role": "provider"}
        )
        assert once == {"row": None}
        server.fail_next["me"] = [500, 409]
        with pytest.raises(RequestFailed, match="db down") as caught:
            await client.call(endpoints.ME, {})
        assert caught.value.retryable
        with pytest.raises(Refused):
            await client.call(endpoints.ME, {})
        with pytest.raises(NotFound, match="HTTP 404"):
            await asyncio.to_thread(get_once, server.url, "/api/nothing")
        await client.aclose()


async def test_nobody_there_is_unreachable_and_nobody_answering_is_timed_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        client = ControlPlane(url, SecretKey.generate(), timeout_seconds=0.1)
        with pytest.raises(TimedOut):
            await client.call(endpoints.ME, {})
        with pytest.raises(TimedOut):
            get_once(url, "/api/health", timeout_seconds=0.1)
        await client.aclose()
    client = ControlPlane(url, SecretKey.generate())
    with pytest.raises(ControlPlaneUnreachable):
        await client.get("/api/health")
    with pytest.raises(ControlPlaneUnreachable):
        get_once(url, "/api/health")
    await client.aclose()


async def test_a_signed_call_needs_an_identity() -> None:
    with pytest.raises(ConfigError) as caught:
        await ControlPlane("http://h", None).call("/x", {})
    assert caught.value.hint == "infernet init"


def test_a_new_identity_signs_as_itself() -> None:
    node = new_identity("provider", "rig")
    key = secret_key(Config(node=node))
    assert key.public_hex == node.public_key
    assert node.node_id.startswith("provider-")
    assert len(node.node_id) == len("provider-") + 8
    assert key.secret_hex not in repr(node)


def test_a_key_that_is_broken_or_somebody_elses_is_refused() -> None:
    good, other = new_identity("provider"), new_identity("provider")
    mixed = NodeConfig("n", public_key=other.public_key, private_key=good.private_key)
    with pytest.raises(ConfigError, match="does not belong"):
        secret_key(Config(node=mixed))
    with pytest.raises(ConfigError, match="not usable"):
        secret_key(Config(node=NodeConfig("n", private_key=Secret("zz"))))
