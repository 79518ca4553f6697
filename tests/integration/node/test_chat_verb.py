"""Chatting through a node, over both transports: the network's way, and its own engine's."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infernet_tui.engines.base import EngineEvent, Failed, GenerateRequest, Meta, Token
from infernet_tui.errors import InfernetError
from tests.support.control_plane import until

from .conftest import LiveNode

QUESTION = [{"role": "user", "content": "what is 2+2?"}]


async def endless(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
    yield Meta("m", "scripted")
    yield Token("begin")
    await asyncio.Event().wait()


async def talk(live: LiveNode, **payload: Any) -> list[tuple[str, Any]]:
    asked = {"messages": QUESTION} | payload
    async with contextlib.aclosing(live.client.stream("chat", asked)) as events:
        return [event async for event in events]


def text_of(events: list[tuple[str, Any]]) -> str:
    return "".join(data["text"] for name, data in events if name == "token")


@pytest.mark.parametrize("route", ["network", "local"])
async def test_an_answer_streams_and_is_summed_up(live: LiveNode, route: str) -> None:
    events = await talk(live, route=route, model="scripted", max_tokens=99, temperature=0.5)
    assert events[0] == ("answer", {"route": route})
    assert text_of(events) == "Two plus two is four."
    names = [name for name, _ in events if name != "token"]
    assert names == ["answer", *(["job"] if route == "network" else []), "meta", "done"]
    meta = next(data for name, data in events if name == "meta")
    assert meta == {
        "provider_node_id": live.node.identity.node_id,
        "provider_name": "rig-01",
        "model": "scripted",
        "engine": "scripted",
    }
    done = events[-1][1]
    assert (done["reason"], done["usage"]) == (
        "stop",
        {"prompt_tokens": 7, "completion_tokens": 6},
    )
    assert (done["node_name"], done["model"], done["tokens"]) == ("rig-01", "scripted", 6)
    assert done["total_ms"] >= done["first_token_ms"] >= 0
    assert (done["job_id"] is not None) == (route == "network")
    (asked,) = live.engine.requests
    assert (asked.max_tokens, asked.temperature, asked.model) == (99, 0.5, "scripted")
    assert (await live.client.jobs())["total"] == (1 if route == "network" else 0)


@pytest.mark.parametrize("route", ["network", "local"])
async def test_hanging_up_stops_the_engine_within_a_second(live: LiveNode, route: str) -> None:
    live.engine.script = endless
    asked = {"messages": QUESTION, "route": route}
    async with contextlib.aclosing(live.client.stream("chat", asked)) as events:
        async for name, _ in events:
            if name == "token":
                break
    await until(lambda: not live.engine.running)


@pytest.mark.parametrize("route", ["network", "local"])
async def test_cancelling_a_reader_that_waits_stops_the_engine_too(
    live: LiveNode, route: str
) -> None:
    live.engine.script = endless
    reading = asyncio.create_task(talk(live, route=route))
    await until(lambda: live.engine.running)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await until(lambda: not live.engine.running)
    assert await live.client.ping()


async def test_what_goes_wrong_in_the_middle_is_the_last_event(live: LiveNode) -> None:
    async def fails(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        yield Failed("out of memory", retryable=False)

    live.engine.script = fails
    for route in ("local", "network"):
        name, error = (await talk(live, route=route))[-1]
        assert name == "error"
        assert "out of memory" in error["message"]
    name, error = (await talk(live, model="nobody-has-this"))[-1]
    assert name == "error"
    assert "nobody-has-this" in error["message"]
    assert error["hint"]


async def test_what_makes_no_sense_is_refused_at_once(live: LiveNode) -> None:
    wrong: list[dict[str, Any]] = [
        {"messages": []},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "user", "content": "x" * (1024 * 1024 + 1)}]},
        {"route": "elsewhere"},
        {"max_tokens": 0},
        {"temperature": "hot"},
    ]
    for payload in wrong:
        with pytest.raises(InfernetError) as refused:
            await talk(live, **payload)
        assert refused.value.code == "usage"


async def test_a_chat_of_a_mebibyte_goes_through(live: LiveNode) -> None:
    long = [{"role": "user", "content": "ä" * 512 * 1024}]
    events = await talk(live, messages=long, route="local")
    assert text_of(events) == "Two plus two is four."
    assert live.engine.requests[0].messages[0]["content"] == long[0]["content"]


async def test_only_a_few_local_chats_run_at_once(live: LiveNode) -> None:
    live.engine.script = endless
    running = [asyncio.create_task(talk(live, route="local")) for _ in range(4)]
    await until(lambda: live.engine.running == 4)
    name, error = (await talk(live, route="local"))[-1]
    assert (name, error["code"]) == ("error", "already_running")
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await until(lambda: not live.engine.running)
