"""Commands that ask a running node: a real one, on its real socket, with a real control plane."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import jsonschema
import pytest

from infernet_tui import config, paths
from infernet_tui.cli import jobs as jobs_command
from infernet_tui.cli import peers as peers_command
from infernet_tui.cli.job_rows import complete_job_id
from infernet_tui.cli.schema import load_schema
from infernet_tui.control_plane import post_once
from infernet_tui.engines.base import EngineEvent, GenerateRequest, Meta, Token
from infernet_tui.node.node import Node
from infernet_tui.node.options import NodeOptions
from tests.integration.cli.conftest import Shell
from tests.support.control_plane import RunningControlPlane, until
from tests.support.scripted_engine import ScriptedEngine

BITCOIN = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"


async def endless(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
    yield Meta("m", "scripted")
    yield Token("begin")
    await asyncio.Event().wait()


@pytest.fixture
async def node(registered: RunningControlPlane) -> AsyncIterator[Node]:
    """This configuration's node, connected."""
    options = NodeOptions(no_p2p=True, no_healthz=True, drain_seconds=1.0)
    node = Node(config.load(), options, ScriptedEngine())
    await node.startup()
    running = asyncio.create_task(node.run())
    await until(lambda: node.link.mode == "channel")
    yield node
    node.stop()
    node.stop()
    await running
    await node.shutdown()


def engine_of(node: Node) -> ScriptedEngine:
    assert isinstance(node.engine, ScriptedEngine)
    return node.engine


async def submit(node: Node) -> str:
    body = {"messages": [{"role": "user", "content": "what is 2+2?"}]}
    url = str(node.config.control_plane_url)
    answer = await asyncio.to_thread(post_once, url, "/api/chat", body)
    return str(answer["jobId"])


async def finished(node: Node) -> str:
    job_id = await submit(node)

    def is_settled() -> bool:
        record = node.stats.records.find(job_id)
        return record is not None and record.is_settled

    await until(is_settled)
    return job_id


async def test_jobs_are_listed_and_shown(infernet: Shell, node: Node) -> None:
    assert "(no jobs yet)" in (await infernet("jobs")).err
    ids = [await finished(node) for _ in range(3)]
    listed = (await infernet("jobs", "--json", "--limit", "2")).document
    assert [job["id"] for job in listed["jobs"]] == [ids[2], ids[1]]
    assert (listed["total"], listed["next"], listed["counts"]["completed"]) == (3, 2, 3)
    assert (await infernet("jobs", "list", "--state", "failed", "--json")).document["jobs"] == []
    human = (await infernet("jobs")).out.splitlines()
    assert len(human) == 3
    assert ids[2] in human[0]
    shown = (await infernet("jobs", "show", ids[0], "--json")).document
    assert (shown["job"]["id"], shown["job"]["prompt_tokens"]) == (ids[0], 7)
    assert shown["events"][-1]["kind"] == "acknowledged"
    assert "First token" in (await infernet("jobs", "show", ids[0])).out
    missing = await infernet("jobs", "show", "nope", "--json")
    assert (missing.error["code"], missing.code) == ("job_not_found", 6)
    complete: Callable[..., list[str]] = complete_job_id
    assert await asyncio.to_thread(complete, None, None, ids[1][:13]) == [ids[1]]


async def test_a_job_is_cancelled_once_that_is_confirmed(infernet: Shell, node: Node) -> None:
    engine_of(node).script = endless
    job_id = await submit(node)
    await until(lambda: engine_of(node).running)
    assert (await infernet("jobs", "cancel", job_id)).code == 9, "nobody to ask"
    assert engine_of(node).running
    answer = await infernet("jobs", "cancel", job_id, "--yes", "--json")
    assert answer.document["cancelled"] is True
    await until(lambda: not engine_of(node).running, 1.0)
    again = await infernet("jobs", "cancel", job_id, "--json")
    assert again.document["cancelled"] is False


def stop_after(looks: int) -> Callable[[float], None]:
    """A pause that is Ctrl-C at the end of so many looks."""
    left = [looks]

    def pause(_seconds: float) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    return pause


async def test_watching_jobs_says_a_sentence_for_each_change(
    infernet: Shell, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await finished(node)
    monkeypatch.setattr(jobs_command, "pause", stop_after(3))
    watched = await infernet("jobs", "--watch", "1s")
    assert watched.code == 130
    (line,) = watched.out.splitlines()
    assert f"job {job_id}, attempt 1 completed: 6 tokens" in line
    monkeypatch.setattr(jobs_command, "pause", stop_after(2))
    event, result = (await infernet("jobs", "--watch", "--json")).lines("jobs_watch")
    assert result["error"]["code"] == "interrupted"
    assert (event["type"], event["id"], event["state"]) == ("job", job_id, "completed")


async def test_peers_come_from_the_node_or_else_from_the_control_plane(
    infernet: Shell, registered: RunningControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = (await infernet("peers", "--json")).document
    assert found["sources"][0]["state"] == "ok"
    monkeypatch.setattr(peers_command, "pause", stop_after(2))
    lines = (await infernet("peers", "--watch", "--json")).lines("peers_watch")
    assert all(line["change"] == "appeared" for line in lines[:-1])
    assert lines[-1]["type"] == "result"


async def test_a_running_node_is_among_the_peers(infernet: Shell, node: Node) -> None:
    (peer,) = (await infernet("peers", "--json")).document["peers"]
    assert (peer["name"], peer["is_self"]) == ("my-vps-1", True)
    assert "my-vps-1 (this node)" in (await infernet("peers")).out


async def test_a_route_is_explained_with_and_without_a_node(infernet: Shell, node: Node) -> None:
    job_id = await finished(node)
    explained = (await infernet("route", "explain", job_id, "--json")).document
    assert explained["attempts"][0]["is_self"] is True
    human = (await infernet("route", "explain", job_id)).out
    assert "Attempt 1 went to this node; it was completed, after 6 tokens." in human
    paths.socket_file().unlink()
    alone = (await infernet("route", "explain", job_id, "--json")).document
    assert alone["sentences"] == explained["sentences"]


async def test_a_payout_is_removed_once_that_is_confirmed(
    infernet: Shell, registered: RunningControlPlane
) -> None:
    await infernet("payout", "set", "BTC", "mainnet", BITCOIN)
    assert (await infernet("payout", "remove", "BTC", "mainnet")).code == 9
    removed = await infernet("payout", "remove", "btc", "mainnet", "--yes", "--json")
    assert [row["address"] for row in removed.document["removed"]] == [BITCOIN]
    assert (await infernet("payout", "list", "--json")).document["payouts"] == []
    gone = await infernet("payout", "remove", "BTC", "mainnet", "--yes")
    assert (gone.code, gone.out) == (0, "")
    assert (await infernet("payout", "remove", "BTC", "nonsense", "--yes")).code == 2


async def test_the_whole_state_is_one_document(infernet: Shell, node: Node) -> None:
    job_id = await finished(node)
    state = (await infernet("--json")).document
    assert state["warnings"] == []
    assert state["node"]["node"]["nodeId"] == state["info"]["node_id"] == node.identity.node_id
    assert [job["id"] for job in state["jobs"]["jobs"]] == [job_id]
    assert set(state["history"]) == {"10m", "24h", "30d"}
    assert len(state["history"]["10m"]["tokens_per_second"]) == 600
    assert state["hardware"]["ram"]["total_bytes"] > 0
    assert state["models"]["default"] == "scripted"
    assert state["earnings"]["currency"] == "USD"
    assert state["payouts"] == []
    assert state["peers"]["sources"][0]["state"] == "ok"
    only = await infernet("--json", "--fields", "node.mode")
    assert json.loads(only.out)["node"] == {"mode": "background"}


async def test_a_part_that_fails_is_null_with_a_warning(
    infernet: Shell, node: Node, registered: RunningControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infernet_protocol.endpoints.PAYOUTS_LIST", "/api/v1/node/not-there")
    state = (await infernet("--json")).document
    assert state["payouts"] is None
    assert state["warnings"][0].startswith("payouts: ")
    assert state["jobs"]["total"] == 0


async def test_following_the_state_prints_a_whole_line_for_each_change_and_a_result(
    node: Node,
) -> None:
    argv = [sys.executable, "-m", "infernet_tui", "--json", "--follow", "--refresh", "100ms"]
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        limit=4 * 1024 * 1024,
    )  # fmt: skip
    assert process.stdout
    schema = load_schema("state_follow")
    try:
        async with asyncio.timeout(40):
            first = await _line(process.stdout)
            jsonschema.validate(first, schema)
            assert (first["type"], first["jobs"]["total"]) == ("state", 0)
            await finished(node)
            line = first
            while line["jobs"]["counts"]["completed"] != 1:
                line = await _line(process.stdout)
            assert line["warnings"] == []
            await node._ipc.close()
            while line["type"] != "result":
                line = await _line(process.stdout)
            jsonschema.validate(line, schema)
            assert (line["ok"], line["error"]["exit"]) == (False, 3)
            assert await process.wait() == 3
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def _line(stdout: asyncio.StreamReader) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(await stdout.readline())
    return document
