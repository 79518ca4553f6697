"""The OpenAI client against a server that behaves and one that does not."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infernet_tui.config import Secret
from infernet_tui.engines.base import Capabilities, Done, EngineEvent, Failed, GenerateRequest
from infernet_tui.engines.openai import OpenAIEngine
from infernet_tui.engines.openai_server import OpenAIServer
from infernet_tui.errors import EngineError
from tests.support.fake_openai import FakeOpenAI, fake_openai

QUESTION = {"role": "user", "content": "hi"}


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpenAI]:
    async with fake_openai() as fake:
        yield fake


@contextlib.asynccontextmanager
async def engine_for(fake: FakeOpenAI, **settings: Any) -> AsyncIterator[OpenAIEngine]:
    server = OpenAIServer(fake.url, Secret("s3cret"), settings.pop("flavour", "vllm"))
    engine = OpenAIEngine(server, default_model="fake-model", **settings)
    try:
        yield engine
    finally:
        await engine.close()


async def last_event(engine: OpenAIEngine, **fields: Any) -> EngineEvent:
    request = GenerateRequest("job", fields.pop("messages", [QUESTION]), **fields)
    return [event async for event in engine.generate(request)][-1]


async def test_everything_asked_for_reaches_the_server_and_nothing_else(fake: FakeOpenAI) -> None:
    options = {"top_p": 0.5, "seed": 7, "stop": ["x"], "api_key": "no", "model": "other"}
    async with engine_for(fake) as engine:
        await last_event(engine, max_tokens=3, temperature=0.1, options=options)
    assert fake.bodies == [
        {
            "model": "fake-model",
            "messages": [QUESTION],
            "max_tokens": 3,
            "temperature": 0.1,
            "top_p": 0.5,
            "seed": 7,
            "stop": ["x"],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]
    assert fake.authorization == ["Bearer s3cret"]


async def test_vllm_is_told_to_continue_and_not_to_begin_anew(fake: FakeOpenAI) -> None:
    async with engine_for(fake) as engine:
        await last_event(engine, prefill="word0 ")
    body = fake.bodies[0]
    assert body["messages"][-1] == {"role": "assistant", "content": "word0 "}
    assert body["continue_final_message"] is True
    assert body["add_generation_prompt"] is False


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(400, False), (413, False), (422, False), (401, True), (404, True), (429, True), (500, True)],
)
async def test_whether_another_node_may_do_better_follows_from_the_status(
    fake: FakeOpenAI, status: int, retryable: bool
) -> None:
    fake.behaviour.status, fake.behaviour.error = status, "the prompt is too long"
    async with engine_for(fake) as engine:
        assert await last_event(engine) == Failed("the prompt is too long", retryable)


@pytest.mark.parametrize("trouble", ["break_after", "junk_after"])
async def test_an_answer_that_goes_wrong_half_way_fails_once(
    fake: FakeOpenAI, trouble: str
) -> None:
    setattr(fake.behaviour, trouble, 3)
    async with engine_for(fake) as engine:
        events = [event async for event in engine.generate(GenerateRequest("job", [QUESTION]))]
    assert len(events) == 1 + 3 + 1
    assert isinstance(events[-1], Failed)
    assert events[-1].retryable


async def test_a_server_that_falls_silent_fails_the_answer(fake: FakeOpenAI) -> None:
    fake.behaviour.silent_after = 2
    async with engine_for(fake, silence_seconds=0.05) as engine:
        failed = await last_event(engine)
    assert isinstance(failed, Failed)
    assert "nothing for 0.05 s" in failed.message


async def test_nobody_listening_fails_and_names_the_address() -> None:
    async with engine_for(FakeOpenAI(url="http://127.0.0.1:9")) as engine:
        failed = await last_event(engine)
        assert isinstance(failed, Failed)
        assert failed.retryable
        assert "http://127.0.0.1:9" in failed.message
        assert not (await engine.health()).ok


async def test_the_key_is_in_no_message_and_no_repr(fake: FakeOpenAI) -> None:
    fake.behaviour.status = 401
    async with engine_for(fake) as engine:
        failed = await last_event(engine)
        assert "s3cret" not in repr((failed, engine.server, await engine.health()))


async def test_tool_calls_come_out_whole(fake: FakeOpenAI) -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "add", "arguments": "{}"}}
    fake.behaviour.last_delta = {"tool_calls": [call]}
    async with engine_for(fake) as engine:
        done = await last_event(engine, options={"tools": [{"type": "function"}]})
    assert isinstance(done, Done)
    assert done.reason == "tool_calls"
    assert done.tool_calls
    assert done.tool_calls[0]["function"]["name"] == "add"


async def test_capabilities_are_probed_once(fake: FakeOpenAI) -> None:
    async with engine_for(fake) as engine:
        found = await engine.capabilities("fake-model")
        asked = len(fake.bodies)
        assert await engine.capabilities("fake-model") == found
    assert found == Capabilities(prefill=True, tools=True, context_length=4096)
    assert len(fake.bodies) == asked


async def test_a_probe_that_failed_is_tried_again(fake: FakeOpenAI) -> None:
    async with engine_for(fake) as engine:
        fake.behaviour.status = 503
        assert await engine.capabilities("fake-model") == Capabilities()
        fake.behaviour.status = 200
        assert (await engine.capabilities("fake-model")).prefill


async def test_a_server_that_starts_anew_has_no_prefill(fake: FakeOpenAI) -> None:
    async with engine_for(fake) as engine:
        fake.behaviour.break_after = 8
        assert not (await engine.capabilities("fake-model")).prefill


async def test_models_are_listed_with_their_context(fake: FakeOpenAI) -> None:
    fake.models = ["a", "b"]
    async with engine_for(fake) as engine:
        models = await engine.models()
        await engine.load("b")
        with pytest.raises(EngineError, match="it serves: a, b"):
            await engine.load("c")
        assert (await engine.health()).version == "0.11.0"
    assert [(model.name, model.context_length) for model in models] == [("a", 4096), ("b", 4096)]
