"""The Ollama client: what it asks, what it makes of the answers."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infernet_tui.engines.base import Capabilities, Done, Failed, GenerateRequest, Model, Token
from infernet_tui.engines.ollama import OllamaEngine, OllamaSettings
from infernet_tui.engines.ollama_chat import OllamaStream, chat_body
from infernet_tui.errors import EngineError
from tests.support.fake_ollama import DIGEST, FakeOllama, fake_ollama

QUESTION = {"role": "user", "content": "hi"}


@pytest.fixture
async def fake() -> AsyncIterator[FakeOllama]:
    async with fake_ollama() as fake:
        yield fake


@pytest.fixture
async def engine(fake: FakeOllama) -> AsyncIterator[OllamaEngine]:
    engine = OllamaEngine(OllamaSettings(fake.url, num_thread=3), default_model="fake:latest")
    try:
        yield engine
    finally:
        await engine.close()


def body(options: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    fields = {"messages": [QUESTION]} | fields
    parsed: dict[str, Any] = orjson.loads(
        chat_body(GenerateRequest("job", options=options or {}, **fields), "m", None)
    )
    return parsed


def test_the_request_is_the_one_the_existing_network_sends(shared_dir: Path) -> None:
    captured = orjson.loads((shared_dir / "wire_samples" / "ollama_requests.json").read_bytes())
    for sample in captured:
        expected = sample["body"]
        if expected is None:
            continue
        options = expected["options"]
        request = GenerateRequest(
            "job",
            expected["messages"],
            max_tokens=options["num_predict"],
            temperature=options["temperature"],
        )
        assert orjson.loads(chat_body(request, expected["model"], 1)) == expected


def test_sampling_fields_become_options() -> None:
    given = {"top_p": 0.5, "top_k": 4, "stop": ["x"], "seed": 1, "logit_bias": {"1": 2}}
    assert body(given, max_tokens=9)["options"] == {
        "top_p": 0.5,
        "top_k": 4,
        "stop": ["x"],
        "seed": 1,
        "num_predict": 9,
    }


def test_a_json_schema_becomes_a_format() -> None:
    schema = {"type": "object"}
    response_format = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert body({"response_format": response_format})["format"] == schema
    assert body({"response_format": {"type": "json_object"}})["format"] == "json"
    assert "format" not in body({"response_format": {"type": "text"}})
    assert "format" not in body({"response_format": "nonsense"})


def test_tools_are_passed_unless_the_choice_is_none() -> None:
    tools = [{"type": "function", "function": {"name": "add"}}]
    assert body({"tools": tools})["tools"] == tools
    assert "tools" not in body({"tools": tools, "tool_choice": "none"})


def test_content_parts_and_tool_calls_are_translated() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}
    remote = {"type": "image_url", "image_url": {"url": "https://elsewhere.example/x.png"}}
    call = {"id": "c", "type": "function", "function": {"name": "add", "arguments": '{"x":1}'}}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "see"}, image, remote]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "2", "name": "add"},
    ]
    user, assistant, tool = body(messages=messages)["messages"]
    assert user == {"role": "user", "content": "see", "images": ["QUJD"]}
    assert assistant["tool_calls"] == [{"function": {"name": "add", "arguments": {"x": 1}}}]
    assert tool == {"role": "tool", "content": "2", "tool_name": "add"}


def test_tool_calls_come_out_in_openais_form() -> None:
    stream = OllamaStream()
    call = {"function": {"name": "add", "arguments": {"x": 1}}}
    stream.feed(orjson.dumps({"message": {"content": "", "tool_calls": [call]}}) + b"\n")
    stream.feed(orjson.dumps({"done": True, "done_reason": "stop"}) + b"\n")
    done = stream.end()
    assert isinstance(done, Done)
    assert done.reason == "tool_calls"
    assert done.tool_calls
    assert done.tool_calls[0]["function"] == {"name": "add", "arguments": '{"x":1}'}
    assert done.tool_calls[0]["id"].startswith("call_")


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_garbage_never_raises_and_never_counts_as_an_answer(parts: list[bytes]) -> None:
    stream = OllamaStream()
    for part in [*parts, b"\n{{{\n"]:
        stream.feed(part)
    assert isinstance(stream.end(), Failed)


@pytest.mark.parametrize("trouble", ["break_after", "junk_after"])
async def test_an_answer_that_goes_wrong_half_way_fails_once(
    fake: FakeOllama, engine: OllamaEngine, trouble: str
) -> None:
    setattr(fake.behaviour, trouble, 3)
    events = [event async for event in engine.generate(GenerateRequest("job", [QUESTION]))]
    assert sum(isinstance(event, Token) for event in events) == 3
    assert isinstance(events[-1], Failed)
    assert events[-1].retryable


async def test_the_number_of_threads_is_passed_on(fake: FakeOllama, engine: OllamaEngine) -> None:
    async for _ in engine.generate(GenerateRequest("job", [QUESTION], max_tokens=1)):
        pass
    assert fake.bodies[0]["options"] == {"num_predict": 1, "num_thread": 3}


async def test_models_are_listed_with_their_details(engine: OllamaEngine) -> None:
    assert await engine.models() == [
        Model(
            "fake:latest",
            size_bytes=397_821_319,
            family="qwen2",
            quantization="Q4_K_M",
            parameter_size="494M",
            modified_at="2026-01-02T03:04:05+00:00",
            digest=DIGEST,
        )
    ]


async def test_capabilities_come_from_show_and_a_probe(engine: OllamaEngine) -> None:
    assert await engine.capabilities("fake:latest") == Capabilities(
        prefill=True, tools=True, context_length=32768
    )


async def test_a_pull_shows_progress_and_ends_with_success(
    fake: FakeOllama, engine: OllamaEngine
) -> None:
    async with contextlib.aclosing(engine.pull("qwen2.5:7b")) as steps:
        seen = [(step.status, step.completed_bytes, step.total_bytes) async for step in steps]
    assert ("pulling abab", 50, 100) in seen
    assert seen[-1][0] == "success"
    assert "qwen2.5:7b" in fake.models


async def test_a_model_ollama_does_not_know_is_an_error(engine: OllamaEngine) -> None:
    with pytest.raises(EngineError, match="does not exist"):
        async for _ in engine.pull("missing:1"):
            pass
    for operation in (engine.load, engine.unload, engine.remove):
        with pytest.raises(EngineError, match="not found"):
            await operation("missing:1")


async def test_loading_and_unloading_set_how_long_a_model_stays(
    fake: FakeOllama, engine: OllamaEngine
) -> None:
    await engine.load("fake:latest")
    assert fake.kept_alive == {"fake:latest": "30m"}
    await engine.unload("fake:latest")
    assert fake.kept_alive == {"fake:latest": 0}
    await engine.remove("fake:latest")
    assert fake.models == []


async def test_without_any_model_the_answer_says_how_to_get_one(fake: FakeOllama) -> None:
    fake.models = []
    engine = OllamaEngine(OllamaSettings(fake.url))
    await engine.start()
    events = [event async for event in engine.generate(GenerateRequest("job", [QUESTION]))]
    await engine.close()
    assert isinstance(events[-1], Failed)
    assert "infernet model pull" in events[-1].message
