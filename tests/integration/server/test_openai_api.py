"""The official `openai` package against a real control plane and a scripted node."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletion

from tests.support.channel_node import ChannelNode, channel_node
from tests.support.control_plane import RunningControlPlane, control_plane
from tests.support.http_node import PollingNode
from tests.support.signed_client import signed_client

MODEL = "llama3"
ASK: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "what is 2+2?"}]}
ADD: Any = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a":2}'}}
USAGE = {"prompt_tokens": 5, "completion_tokens": 2}


@dataclass(frozen=True)
class Network:
    """A control plane, one node on it, and a client."""

    plane: RunningControlPlane
    node: ChannelNode
    client: openai.AsyncOpenAI

    def ask(self, **fields: Any) -> "asyncio.Task[Any]":
        """Send a chat; the answer comes when the node gives it."""
        asking = self.client.chat.completions.create(**(ASK | fields))
        return asyncio.create_task(asking)


@contextlib.asynccontextmanager
async def network(folder: Path, **settings: Any) -> AsyncIterator[Network]:
    async with (
        control_plane(folder, **settings) as plane,
        signed_client(plane.url) as key,
        openai.AsyncOpenAI(
            base_url=f"{plane.url}/v1", api_key="ignored", max_retries=0, timeout=10
        ) as client,
    ):
        await key.register("provider-1")
        async with channel_node(key, models=[MODEL]) as node:
            yield Network(plane, node, client)


@pytest.fixture
async def net(tmp_path: Path) -> AsyncIterator[Network]:
    async with network(tmp_path) as made:
        yield made


async def answer(node: ChannelNode, *texts: str, **done: Any) -> dict[str, Any]:
    """Take the next job and answer it with these tokens and this end; what the node was asked."""
    offer = await node.next("job")
    about = {"job_id": offer["job"]["id"], "attempt": offer["attempt"]}
    events: list[dict[str, Any]] = [{"event_type": "meta", "data": {"model": MODEL}}]
    events += [{"event_type": "token", "data": {"text": text}} for text in texts]
    events += [{"event_type": "done", "data": {"reason": "stop", **done}}]
    await node.send("events", **about, seq=1, events=events)
    await node.send("complete", **about, status="completed")
    return dict(offer["job"])


async def fail(node: ChannelNode, *texts: str) -> None:
    """Take the next job, send these tokens, and give up."""
    offer = await node.next("job")
    if texts:
        await node.tokens(offer, *texts)
    about = {"job_id": offer["job"]["id"], "attempt": offer["attempt"]}
    await node.send("complete", **about, status="failed", error="out of memory", retryable=False)


# --- answers --------------------------------------------------------------------------------


async def test_a_whole_answer_carries_text_model_and_real_usage(net: Network) -> None:
    asking = net.ask()
    job = await answer(net.node, "2+2 ", "is 4", usage=USAGE)
    completion: ChatCompletion = await asking
    [choice] = completion.choices
    assert (choice.message.role, choice.message.content) == ("assistant", "2+2 is 4")
    assert (choice.finish_reason, completion.model) == ("stop", MODEL)
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.total_tokens) == (5, 7)
    assert job["input_spec"]["messages"] == ASK["messages"]


async def test_the_synchronous_client_works_too(net: Network) -> None:
    def ask() -> str | None:
        url = f"{net.plane.url}/v1"
        with openai.OpenAI(base_url=url, api_key="ignored", max_retries=0) as client:
            return client.chat.completions.create(**ASK).choices[0].message.content

    asking = asyncio.create_task(asyncio.to_thread(ask))
    await answer(net.node, "4")
    assert await asking == "4"


async def test_a_stream_brings_each_token_as_it_comes(net: Network) -> None:
    asking = net.ask(stream=True)
    offer = await net.node.next("job")
    await net.node.tokens(offer, "one ", "two ")
    chunks = aiter(await asking)
    assert (await anext(chunks)).choices[0].delta.role == "assistant"
    assert (await anext(chunks)).choices[0].delta.content == "one "
    assert (await anext(chunks)).choices[0].delta.content == "two "
    await net.node.answer(offer, "three", seq=3)
    last = [chunk.choices[0] async for chunk in chunks]
    assert [choice.delta.content for choice in last] == ["three", None]
    assert last[-1].finish_reason == "stop"


async def test_a_stream_that_asks_for_usage_ends_with_it(net: Network) -> None:
    asking = net.ask(stream=True, stream_options={"include_usage": True})
    await answer(net.node, "4", usage=USAGE)
    *_, last = [chunk async for chunk in await asking]
    assert (last.choices, last.usage.total_tokens) == ([], 7)


async def test_an_answer_cut_short_says_so(net: Network) -> None:
    asking = net.ask(max_completion_tokens=1)
    job = await answer(net.node, "4", reason="length")
    assert (await asking).choices[0].finish_reason == "length"
    assert job["input_spec"]["max_tokens"] == 1


async def test_tools_reach_the_node_and_its_calls_come_back_whole(net: Network) -> None:
    asking = net.ask(tools=[ADD], tool_choice="auto")
    job = await answer(net.node, tool_calls=[CALL])
    [choice] = (await asking).choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert choice.message.tool_calls[0].function.arguments == '{"a":2}'
    assert (job["input_spec"]["tools"], job["input_spec"]["tool_choice"]) == ([ADD], "auto")


async def test_tool_calls_are_streamed_as_the_sdk_expects_them(net: Network) -> None:
    asking = net.ask(tools=[ADD], stream=True)
    await answer(net.node, tool_calls=[CALL])
    choices = [chunk.choices[0] async for chunk in await asking]
    [call] = [call for choice in choices for call in choice.delta.tool_calls or ()]
    assert (call.index, call.id, call.function.name) == (0, "call_1", "add")
    assert choices[-1].finish_reason == "tool_calls"


async def test_the_model_of_the_node_is_told_when_none_was_asked_for(net: Network) -> None:
    asking = net.ask(model="")
    await answer(net.node, "4")
    assert (await asking).model == MODEL


async def test_a_node_that_only_polls_answers_too(tmp_path: Path) -> None:
    async with (
        control_plane(tmp_path) as plane,
        signed_client(plane.url) as key,
        openai.AsyncOpenAI(base_url=f"{plane.url}/v1", api_key="ignored", max_retries=0) as client,
    ):
        node = PollingNode(key)
        await node.announce("provider-1", MODEL)
        asking = asyncio.create_task(client.chat.completions.create(**ASK))
        await node.answer(await node.next_job(), "2+2 ", "is 4")
        completion = await asking
    assert completion.choices[0].message.content == "2+2 is 4"
    assert completion.usage is None  # nobody counted


async def test_a_repeat_with_the_same_idempotency_key_is_the_same_answer(net: Network) -> None:
    asking = net.ask(extra_headers={"Idempotency-Key": "once"})
    await answer(net.node, "4")
    first = await asking
    again = await net.ask(extra_headers={"Idempotency-Key": "once"})
    assert (again.id, again.choices) == (first.id, first.choices)


async def test_the_models_of_live_nodes_are_listed(net: Network) -> None:
    models = [model async for model in net.client.models.list()]
    assert [(model.id, model.owned_by) for model in models] == [(MODEL, "infernet")]


# --- hanging up -----------------------------------------------------------------------------


async def test_a_client_that_closes_its_stream_stops_the_node(net: Network) -> None:
    asking = net.ask(stream=True)
    offer = await net.node.next("job")
    await net.node.tokens(offer, "one ")
    stream = await asking
    await anext(aiter(stream))
    await stream.close()
    cancel = await net.node.next("cancel")
    assert cancel["job_id"] == offer["job"]["id"]


async def test_a_client_that_gives_up_waiting_stops_the_node(net: Network) -> None:
    asking = net.ask()
    offer = await net.node.next("job")
    asking.cancel()
    cancel = await net.node.next("cancel")
    assert cancel["job_id"] == offer["job"]["id"]


# --- errors ---------------------------------------------------------------------------------


async def test_a_model_that_nobody_serves_is_a_503_with_a_hint(net: Network) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        await net.ask(model="unheard-of")
    assert caught.value.status_code == 503
    error: Any = caught.value.body
    assert (error["type"], error["code"]) == ("infernet_error", 503)
    assert "/v1/models" in error["hint"]


async def test_a_wrong_parameter_is_a_400_that_names_it(net: Network) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await net.ask(n=2)
    assert caught.value.param == "n"


async def test_too_many_requests_are_a_429_that_says_when_to_return(tmp_path: Path) -> None:
    async with network(tmp_path, rate_limits=True, openai_per_hour=1) as net:
        asking = net.ask()
        await answer(net.node, "4")
        await asking
        with pytest.raises(openai.RateLimitError) as caught:
            await net.ask()
    assert int(caught.value.response.headers["retry-after"]) > 0


@pytest.mark.parametrize("stream", [False, True])
async def test_an_engine_that_fails_before_any_text_is_a_502(net: Network, stream: bool) -> None:
    asking = net.ask(stream=stream)
    await fail(net.node)
    with pytest.raises(openai.InternalServerError) as caught:
        await asking
    assert caught.value.status_code == 502
    assert "out of memory" in caught.value.message


async def test_an_engine_that_fails_after_text_ends_the_stream_with_an_error(net: Network) -> None:
    asking = net.ask(stream=True)
    await fail(net.node, "one ")
    chunks = aiter(await asking)
    texts = [(await anext(chunks)).choices[0].delta.content for _ in range(2)]
    with pytest.raises(openai.APIError, match="out of memory"):
        await anext(chunks)
    assert texts == ["", "one "]


async def test_broken_requests_are_refused_in_openais_shape(tmp_path: Path) -> None:
    async with (
        control_plane(tmp_path, max_body_bytes=1024) as plane,
        httpx.AsyncClient(base_url=plane.url) as http,
    ):
        path = "/v1/chat/completions"
        not_json = await http.post(path, content=b"{")
        too_large = await http.post(path, content=b" " * 1025)
        wrong_method = await http.get(path)
    assert (not_json.status_code, not_json.json()["error"]["type"]) == (400, "infernet_error")
    assert (too_large.status_code, too_large.json()["error"]["code"]) == (413, 413)
    assert wrong_method.status_code == 405
