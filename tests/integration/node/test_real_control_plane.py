"""The node and the control plane of this repository, over a real socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infernet_tui.control_plane import ControlPlane, ServerAddress, get_once, post_once
from infernet_tui.engines.base import Done, EngineEvent, GenerateRequest, Meta, Token
from infernet_tui.errors import NotFound
from infernet_tui.node.node import Node
from tests.support.control_plane import RunningControlPlane, control_plane, until
from tests.support.scripted_engine import ScriptedEngine

from .conftest import RunNode


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningControlPlane]:
    async with control_plane(tmp_path / "server") as running:
        yield running


async def connected(node: Node, mode: str = "channel") -> None:
    await until(lambda: node.link.mode == mode)


async def chat(url: str, text: str) -> str:
    body = {"messages": [{"role": "user", "content": text}]}
    answer = await asyncio.to_thread(post_once, url, "/api/chat", body)
    return str(answer["jobId"])


async def state(url: str, job_id: str) -> dict[str, Any]:
    return dict(await asyncio.to_thread(get_once, url, f"/api/chat/{job_id}/status"))


async def stream(url: str, job_id: str) -> str:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        answer = await client.get(f"{url}/api/chat/stream/{job_id}")
    return answer.text


async def test_a_prompt_goes_through_the_channel_and_back(
    server: RunningControlPlane, run_node: RunNode
) -> None:
    engine = ScriptedEngine()
    async with run_node(server.url, engine) as node:
        await connected(node)
        job_id = await chat(server.url, "what is 2+2?")
        text = await stream(server.url, job_id)
        assert "Two plus two is four." in text
        assert (await state(server.url, job_id))["status"] == "completed"
        await asyncio.wait_for(node._outbox.emptied(), 5)
    assert len(engine.requests) == 1


async def test_the_same_prompt_goes_over_http_when_there_is_no_channel(
    server: RunningControlPlane, run_node: RunNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infernet_protocol.endpoints.CHANNEL", "/api/v1/node/nothing-here")
    engine = ScriptedEngine()
    async with run_node(server.url, engine) as node:
        await connected(node, "polling")
        job_id = await chat(server.url, "what is 2+2?")
        assert "Two plus two is four." in await stream(server.url, job_id)
        await asyncio.wait_for(node._outbox.emptied(), 5)
    assert len(engine.requests) == 1


async def test_cancelling_a_job_stops_the_engine_within_a_second(
    server: RunningControlPlane, run_node: RunNode
) -> None:
    async def endless(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        yield Token("begin")
        await asyncio.Event().wait()

    engine = ScriptedEngine(endless)
    async with run_node(server.url, engine) as node:
        await connected(node)
        job_id = await chat(server.url, "never ends")
        await until(lambda: engine.running)
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.delete(f"{server.url}/api/jobs/{job_id}")
        await until(lambda: not engine.running, 1.0)
        await asyncio.wait_for(node._outbox.emptied(), 5)


async def test_a_node_that_stops_hands_its_job_to_another(
    server: RunningControlPlane, run_node: RunNode, tmp_path: Path
) -> None:
    async def endless(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        await asyncio.Event().wait()

    stuck = ScriptedEngine(endless)
    async with run_node(server.url, stuck, drain_seconds=0.05) as first:
        await connected(first)
        job_id = await chat(server.url, "hello")
        await until(lambda: stuck.running)
        async with run_node(server.url, ScriptedEngine(), socket_name="2.sock") as second:
            await connected(second)
            first.stop()
            assert "Two plus two is four." in await stream(server.url, job_id)


async def test_long_answers_arrive_whole(server: RunningControlPlane, run_node: RunNode) -> None:
    async def long(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        for number in range(5000):
            yield Token(f"{number} ")
            if number % 8 == 0:
                await asyncio.sleep(0)
        yield Done("stop")

    async with run_node(server.url, ScriptedEngine(long)) as node:
        await connected(node)
        text = await stream(server.url, await chat(server.url, "count"))
        assert "".join(f"{number} " for number in range(5000)) in text


async def test_an_unknown_thing_is_not_found(server: RunningControlPlane) -> None:
    with pytest.raises(NotFound):
        await asyncio.to_thread(get_once, server.url, "/api/chat/no-such-job/status")
    client = ControlPlane(server.url, None)
    try:
        with pytest.raises(NotFound):
            await client.get("/api/nothing-here")
    finally:
        await client.aclose()


async def test_a_restarted_control_plane_gets_its_node_back_by_itself(
    tmp_path: Path, run_node: RunNode
) -> None:
    async with control_plane(tmp_path / "server") as before:
        url, port = before.url, ServerAddress.parse(before.url).port
        stack = contextlib.AsyncExitStack()
        node = await stack.enter_async_context(run_node(url, ScriptedEngine()))
        await connected(node)
    async with stack:
        await connected(node, "offline")
        async with control_plane(tmp_path / "server", port=port) as after:
            await connected(node)
            text = await stream(after.url, await chat(after.url, "still there?"))
            assert "Two plus two is four." in text
            node.stop()
