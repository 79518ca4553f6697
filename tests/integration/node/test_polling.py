"""The node against a control plane that speaks the existing network's HTTP routes and no more."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from infernet_tui.engines.base import Done, EngineEvent, Failed, GenerateRequest, Meta, Token
from tests.support.reference_server import ReferenceServer
from tests.support.scripted_engine import ScriptedEngine

from .conftest import RunNode


@pytest.fixture
async def server() -> AsyncIterator[ReferenceServer]:
    async with ReferenceServer() as running:
        yield running


def kinds(server: ReferenceServer, job_id: str) -> list[str]:
    return [event["event_type"] for event in server.events[job_id]]


async def test_one_job_is_answered_once_and_in_order(
    server: ReferenceServer, run_node: RunNode
) -> None:
    engine = ScriptedEngine()
    async with run_node(server.url, engine) as node:
        job_id = server.submit("what is 2+2?")
        await server.until(lambda: server.completions)
        polls = server.requests["poll"]
        await server.until(lambda: server.requests["poll"] > polls + 1)
        assert node.link.mode == "polling"
    assert len(engine.requests) == 1
    assert engine.requests[0].messages == [{"role": "user", "content": "what is 2+2?"}]
    assert kinds(server, job_id) == ["meta", *["token"] * 6, "done"]
    done = server.events[job_id][-1]["data"]
    assert (done["text"], done["reason"]) == ("Two plus two is four.", "stop")
    [(completed_id, completion)] = server.completions
    assert completed_id == job_id
    assert completion["status"] == "completed"
    result = completion["result"]
    assert result["type"] == "chat"
    assert result["text"] == "Two plus two is four."
    assert result["token_count"] == 6
    assert result["completed_by"].startswith("provider-")


async def test_a_job_that_is_listed_while_it_runs_is_not_started_again(
    server: ReferenceServer, run_node: RunNode
) -> None:
    go_on = asyncio.Event()

    async def slow(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        await go_on.wait()
        yield Token("late")
        yield Done("stop")

    engine = ScriptedEngine(slow)
    async with run_node(server.url, engine):
        server.submit("slow one")
        await server.until(lambda: server.requests["events"] == 1)
        polls = server.requests["poll"]
        await server.until(lambda: server.requests["poll"] >= polls + 3)
        go_on.set()
        await server.until(lambda: server.completions)
    assert len(engine.requests) == 1
    assert len(server.completions) == 1


async def test_a_lost_batch_and_a_lost_completion_are_sent_again_in_order(
    server: ReferenceServer, run_node: RunNode
) -> None:
    server.fail_next = {"events": [500, 502, 503], "complete": [500, 429]}
    async with run_node(server.url, ScriptedEngine()):
        job_id = server.submit("hello")
        await server.until(lambda: server.completions)
    assert kinds(server, job_id) == ["meta", *["token"] * 6, "done"]
    assert len(server.completions) == 1


async def test_an_engine_failure_is_told_once(server: ReferenceServer, run_node: RunNode) -> None:
    async def broken(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        yield Failed("CUDA out of memory")

    async with run_node(server.url, ScriptedEngine(broken)) as node:
        job_id = server.submit("hello")
        await server.until(lambda: server.completions)
        assert node.stats.jobs_failed == 1
    assert kinds(server, job_id) == ["meta", "error"]
    assert server.completions[0][1]["error"] == "CUDA out of memory"


async def test_a_kind_of_job_that_is_not_served_fails_in_clear_words(
    server: ReferenceServer, run_node: RunNode
) -> None:
    async with run_node(server.url, ScriptedEngine()):
        server.submit("x", kind="render")
        await server.until(lambda: server.completions)
    assert server.completions[0][1]["status"] == "failed"
    assert "serves chat jobs, not 'render'" in server.completions[0][1]["error"]


async def test_more_jobs_than_capacity_are_all_answered(
    server: ReferenceServer, run_node: RunNode
) -> None:
    engine = ScriptedEngine()
    async with run_node(server.url, engine, capacity=2):
        job_ids = [server.submit(f"job {number}") for number in range(7)]
        await server.until(lambda: len(server.completions) == 7)
    assert len(engine.requests) == 7
    assert sorted(job_id for job_id, _ in server.completions) == sorted(job_ids)


async def test_heartbeats_carry_specs_as_the_existing_daemon_sends_them(
    server: ReferenceServer, run_node: RunNode
) -> None:
    async with run_node(server.url, ScriptedEngine(), public_address="203.0.113.7"):
        await server.until(lambda: server.heartbeats)
        server.submit("hello")
        await server.until(lambda: server.completions)
        seen = len(server.heartbeats)
        await server.until(lambda: len(server.heartbeats) > seen + 1)
    first, latest = server.heartbeats[0], server.heartbeats[-2]
    assert (first["role"], first["status"]) == ("provider", "available")
    assert (first["address"], first["port"]) == ("203.0.113.7", 46337)
    specs = first["specs"]
    assert set(specs) == {"cpu", "gpu_count", "gpus", "interconnects", "served_models", "load"}
    assert set(specs["cpu"]) == {"vendor", "arch", "cores", "groups", "ram_gb"}
    assert specs["served_models"] == ["scripted"]
    assert specs["load"]["concurrency_cap"] == 4
    assert latest["specs"]["bench"]["samples"] == 1
    assert latest["specs"]["bench"]["tokens_per_second_avg"] > 0
    assert server.heartbeats[-1] == {"role": "provider", "status": "offline"}


async def test_an_outbound_only_node_names_no_address_and_no_fabric(
    server: ReferenceServer, run_node: RunNode
) -> None:
    hidden = {"no_advertise": True, "no_advertise_interconnects": True}
    async with run_node(server.url, ScriptedEngine(), public_address="203.0.113.7", **hidden):
        await server.until(lambda: server.heartbeats)
    for body in (*server.rows.values(), server.heartbeats[0]):
        assert not {"address", "port"} & set(body)
        assert "interconnects" not in body["specs"]


async def test_a_node_that_was_forgotten_registers_again(
    server: ReferenceServer, run_node: RunNode
) -> None:
    async with run_node(server.url, ScriptedEngine()):
        await server.until(lambda: server.heartbeats)
        server.rows.clear()
        await server.until(lambda: server.rows)
        server.submit("hello")
        await server.until(lambda: server.completions)


async def test_owners_commands_are_carried_out_and_reported(
    server: ReferenceServer, run_node: RunNode
) -> None:
    engine = ScriptedEngine()
    server.commands = [
        {"id": "a", "command": "model_install", "args": {"model": "qwen2.5:0.5b"}},
        {"id": "b", "command": "model_remove", "args": {"model": "qwen2.5:0.5b"}},
        {"id": "c", "command": "model_remove", "args": {"model": "--all"}},
        {"id": "d", "command": "reboot", "args": {}},
    ]
    async with run_node(server.url, engine):
        await server.until(lambda: len(server.command_results) == 4)
    assert server.command_results["a"]["result"] == {
        "stdout": "pulling manifest\nsuccess\n",
        "stderr": "",
        "code": 0,
    }
    assert engine.removed == ["qwen2.5:0.5b"]
    assert server.command_results["c"]["error"] == "a model name does not start with a dash"
    assert server.command_results["d"]["error"] == "unknown command verb: reboot"


async def test_stopping_gives_a_running_job_back(
    server: ReferenceServer, run_node: RunNode
) -> None:
    async def endless(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        await asyncio.Event().wait()

    engine = ScriptedEngine(endless)
    async with run_node(server.url, engine, drain_seconds=0.05):
        job_id = server.submit("never ends")
        await server.until(lambda: engine.running)
    assert engine.running == 0
    assert kinds(server, job_id)[-1] == "error"
    [(_, completion)] = server.completions
    assert completion["status"] == "failed"
    assert completion["retryable"] is True
    assert server.heartbeats[-1]["status"] == "offline"
