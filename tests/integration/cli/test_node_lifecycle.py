"""init → register → status → update → payout → payments → remove, against a real control plane."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from infernet_tui import config, paths
from tests.integration.cli.conftest import Shell
from tests.support.control_plane import RunningControlPlane

SOLANA = "5RaBwVPRBfpz9MRBnGRcQAPfvKxcUVtxL2ANe9XJ"
ETHEREUM = "0x742d35Cc6634C0532925a3b844Bc9e7595f8B59f"


async def test_register_remembers_the_row_and_status_shows_it(
    infernet: Shell, plane: RunningControlPlane
) -> None:
    await infernet("init", "--url", plane.url, "--name", "my-vps-1")
    finished = await infernet("register", "--gpu-model", "A100", "--price", "0.25", "--json")
    document = finished.document
    assert document["id"] == document["row"]["id"] == config.load().require_node().id
    assert "Registering provider" in finished.err
    status = (await infernet("status", "--json")).document
    assert status["row"]["name"] == "my-vps-1"
    assert (status["row"]["gpu_model"], status["row"]["price"]) == ("A100", 0.25)
    assert status["row"]["specs"]["gpu_count"] >= 0
    assert status["daemon"] is None
    human = (await infernet("status")).out
    assert "my-vps-1" in human
    assert "not running (infernet start)" in human


async def test_a_node_that_does_not_run_is_not_offered_jobs(
    infernet: Shell, registered: RunningControlPlane
) -> None:
    assert (await infernet("status", "--json")).document["row"]["status"] == "offline"


async def test_what_update_does_not_name_keeps_its_value(
    infernet: Shell, registered: RunningControlPlane
) -> None:
    await infernet("update", "--gpu-model", "A100", "--price", "0.5")
    row = (await infernet("update", "--name", "renamed", "--json")).document["row"]
    assert (row["name"], row["gpu_model"], row["price"]) == ("renamed", "A100", 0.5)
    assert config.load().require_node().name == "renamed"


async def test_update_and_payouts_of_an_unknown_node_point_to_register(
    infernet: Shell, plane: RunningControlPlane
) -> None:
    await infernet("init", "--url", plane.url)
    for arguments in (["update"], ["payout", "list"], ["payments"]):
        error = (await infernet(*arguments, "--json")).error
        assert (error["exit"], error["hint"]) == (6, "infernet register")


async def test_status_of_an_unknown_node_says_so(
    infernet: Shell, plane: RunningControlPlane
) -> None:
    await infernet("init", "--url", plane.url)
    finished = await infernet("status", "--json")
    assert finished.code == 0
    assert finished.document["row"] is None
    assert any("infernet register" in warning for warning in finished.document["warnings"])


async def test_status_and_stats_show_the_running_node(
    infernet: Shell, registered: RunningControlPlane, daemon: dict[str, Any]
) -> None:
    status = (await infernet("status", "--json")).document
    assert status["daemon"] == daemon
    assert "http://127.0.0.1:9" in status["warnings"][0]
    assert "pid=25440, up 1min, jobs 12/13" in (await infernet("status")).out
    stats = (await infernet("stats", "--json")).document
    assert {key: stats[key] for key in daemon} == daemon
    assert "12 ok, 1 failed, 0 active" in (await infernet("stats")).out


async def test_a_node_that_hangs_is_not_called_stopped(
    infernet: Shell, registered: RunningControlPlane
) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_unix_server(hang, paths.socket_file()):
        finished = await infernet("status", "--timeout", "300ms")
    assert "up, but not answering" in finished.out
    assert "not answering" in finished.err


@pytest.mark.parametrize("role", ["client", "aggregator"])
async def test_every_role_registers(infernet: Shell, plane: RunningControlPlane, role: str) -> None:
    await infernet("init", "--url", plane.url, "--role", role, "--address", "203.0.113.9")
    assert (await infernet("register", "--json")).document["row"]["node_id"].startswith(role)
    assert (await infernet("payments", "--json")).document["payments"] == []
    assert (await infernet("remove", "--yes", "--json")).document["deleted"]


async def test_remove_deletes_the_row_and_keeps_the_key(
    infernet: Shell, registered: RunningControlPlane
) -> None:
    key = config.load().require_node().public_key
    assert (await infernet("remove", "--json")).error["code"] == "needs_terminal"
    assert (await infernet("status", "--json")).document["row"]
    assert (await infernet("remove", "--yes", "--json")).document["deleted"]
    assert not (await infernet("remove", "--yes", "--json")).document["deleted"]
    node = config.load().require_node()
    assert (node.public_key, node.id) == (key, None)
    assert (await infernet("register")).code == 0


async def test_a_running_node_is_not_removed_under_its_feet(
    infernet: Shell, registered: RunningControlPlane, daemon: dict[str, Any]
) -> None:
    error = (await infernet("remove", "--yes", "--json")).error
    assert (error["exit"], error["hint"]) == (10, "infernet stop && infernet remove")


async def test_payouts_are_set_in_both_forms_and_listed(
    infernet: Shell, registered: RunningControlPlane
) -> None:
    assert "(no payout addresses configured)" in (await infernet("payout", "list")).err
    first = await infernet("payout", "set", "SOL", "mainnet", SOLANA)
    assert first.out == f"Set default payout: SOL (solana) {SOLANA}\n"
    second = await infernet("payout", "set", "USDC", ETHEREUM, "--network", "polygon", "--json")
    assert second.document["payout"]["network"] == "polygon"
    listed = (await infernet("payout", "list", "--json")).document["payouts"]
    assert {(row["coin"], row["network"], row["is_default"]) for row in listed} == {
        ("USDC", "polygon", True),
        ("SOL", "solana", False),
    }
    assert f"*\tUSDC\tpolygon\t{ETHEREUM}" in (await infernet("payout", "list")).out


async def test_an_old_key_under_a_taken_node_id_is_refused(
    infernet: Shell, registered: RunningControlPlane
) -> None:
    taken = config.load().require_node().node_id
    await infernet("init", "--force", "--url", registered.url)
    config.update({"node": {"nodeId": taken}})
    error = (await infernet("register", "--json")).error
    assert (error["exit"], error["code"]) == (5, "refused")
    assert "init --force" in error["hint"]


async def test_force_gives_a_node_that_registers(
    infernet: Shell, registered: RunningControlPlane
) -> None:
    await infernet("init", "--force", "--url", registered.url)
    assert (await infernet("register")).code == 0


async def test_a_clock_that_is_off_is_refused_with_a_remedy(
    infernet: Shell, plane: RunningControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    await infernet("init", "--url", plane.url)
    monkeypatch.setattr("infernet_tui.control_plane.time.time", lambda: 1_700_000_000)
    finished = await infernet("status", "--json")
    assert finished.code == 5
    assert finished.document["row"] is None
    assert "clock" in finished.document["error"]["hint"]


async def test_nobody_listening_is_exit_code_4(infernet: Shell, unused_tcp_port: int) -> None:
    await infernet("init", "--url", f"http://127.0.0.1:{unused_tcp_port}")
    for arguments in (["register"], ["payments"], ["remove", "--yes"]):
        error = (await infernet(*arguments, "--json")).error
        assert (error["exit"], error["hint"], error["retryable"]) == (4, "infernet doctor", True)
    status = await infernet("status", "--json")
    assert status.code == 4
    assert not status.document["ok"]


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def odd_server(serve: Serve) -> AsyncIterator[str]:
    """Anything but a control plane."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_server_that_stalls_is_exit_code_7(infernet: Shell) -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the client gives up
        writer.close()
        await writer.wait_closed()

    async with odd_server(stall) as url:
        await infernet("init", "--url", url)
        error = (await infernet("payments", "--timeout", "200ms", "--json")).error
        assert (error["exit"], error["code"]) == (7, "timed_out")


async def test_an_answer_that_is_no_json_is_exit_code_1(infernet: Shell) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\n\r\n<html>")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with odd_server(nonsense) as url:
        await infernet("init", "--url", url)
        error = (await infernet("register", "--json")).error
        assert (error["exit"], error["retryable"]) == (1, True)
        assert "HTTP 502" in error["message"]
