"""OpenAI requests as jobs, and a job's events as OpenAI answers."""

from typing import Any

import orjson
import pytest

from infernet_protocol.errors import ErrorCode
from infernet_protocol.jobs import SAMPLING_FIELDS
from infernet_server.errors import NoProvider
from infernet_server.routes.openai_answer import (
    PING,
    ChunkWriter,
    JobFailed,
    completion,
    error_body,
)
from infernet_server.routes.openai_messages import InvalidParameter
from infernet_server.routes.openai_wire import SAMPLING, ChatRequest, chat_request
from infernet_server.services.jobs import StreamEvent

JOB_ID = "0123abcd-0123-4567-89ab-0123456789ab"
HELLO = [{"role": "user", "content": "hello"}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
ADD = {"type": "function", "function": {"name": "add", "parameters": {}}}


def request(**fields: Any) -> ChatRequest:
    return chat_request({"messages": HELLO} | fields, caller="192.0.2.1")


def parameter_refused(**fields: Any) -> str:
    with pytest.raises(InvalidParameter) as caught:
        request(**fields)
    return caught.value.parameter


def message(**fields: Any) -> dict[str, Any]:
    spec = request(messages=[fields]).job.input_spec
    return dict(spec["messages"][0])


# --- requests -------------------------------------------------------------------------------


def test_a_plain_request_becomes_a_job_with_the_networks_defaults() -> None:
    asked = request(model="llama3")
    assert asked.job.input_spec == {"messages": HELLO, "max_tokens": 512, "temperature": 0.7}
    assert (asked.job.model, asked.job.title, asked.job.type) == ("llama3", "hello", "chat")
    assert (asked.is_stream, asked.includes_usage, asked.job.cancel_on_hangup) == (
        False,
        False,
        True,
    )


@pytest.mark.parametrize("model", [None, ""])
def test_no_model_means_any_model(model: str | None) -> None:
    assert request(model=model).job.model is None


def test_the_newer_name_of_max_tokens_wins() -> None:
    spec = request(max_tokens=5, max_completion_tokens=7).job.input_spec
    assert spec["max_tokens"] == 7


def test_usage_is_told_only_in_a_stream_that_asks() -> None:
    options = {"include_usage": True}
    assert request(stream=True, stream_options=options).includes_usage
    assert not request(stream=True).includes_usage
    assert not request(stream_options=options).includes_usage


def test_every_sampling_field_of_the_protocol_is_checked() -> None:
    assert SAMPLING.keys() == SAMPLING_FIELDS


def test_sampling_fields_are_handed_on_as_they_came() -> None:
    fields = {"top_p": 0.9, "stop": ["\n"], "seed": 7, "tools": [ADD], "tool_choice": "auto"}
    spec = request(**fields, user="someone", top_k=None).job.input_spec
    assert {name: spec[name] for name in fields} == fields
    assert "user" not in spec
    assert "top_k" not in spec


def test_tool_calls_and_json_answers_are_held_until_whole() -> None:
    assert request(tools=[ADD]).job.holds_output
    assert request(response_format={"type": "json_object"}).job.holds_output
    assert not request(response_format={"type": "text"}).job.holds_output


def test_a_client_with_an_idempotency_key_may_come_back_after_hanging_up() -> None:
    asked = chat_request({"messages": HELLO}, caller="192.0.2.1", idempotency_key="k")
    assert (asked.job.idempotency_key, asked.job.cancel_on_hangup) == ("k", False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", 7),
        ("model", "m" * 257),
        ("stream", "yes"),
        ("n", 2),
        ("logprobs", True),
        ("functions", [ADD]),
        ("max_tokens", 0),
        ("max_tokens", True),
        ("max_completion_tokens", "many"),
        ("temperature", "hot"),
        ("temperature", float("nan")),
        ("top_p", 1.5),
        ("top_p", True),
        ("top_k", 1.5),
        ("seed", 1 << 70),
        ("stop", [1]),
        ("stop", ["a"] * 17),
        ("logit_bias", []),
        ("tools", [{"type": "function"}]),
        ("tools", {}),
        ("tool_choice", "perhaps"),
        ("response_format", "json"),
        ("parallel_tool_calls", 1),
        ("messages", []),
        ("messages", "hello"),
        ("messages", HELLO * 1001),
    ],
)
def test_a_parameter_of_the_wrong_shape_is_refused_by_name(field: str, value: Any) -> None:
    assert parameter_refused(**{field: value}) == field


def test_stream_options_must_be_an_object() -> None:
    assert parameter_refused(stream=True, stream_options=1) == "stream_options"
    options = {"include_usage": "yes"}
    assert parameter_refused(stream=True, stream_options=options) == "include_usage"


# --- messages -------------------------------------------------------------------------------


def test_text_parts_become_one_string() -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    assert message(role="user", content=parts) == {"role": "user", "content": "one\ntwo"}


def test_parts_stay_parts_when_there_is_an_image() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "x": 1}}
    parts = [{"type": "text", "text": "what is this?"}, image]
    kept = message(role="user", content=parts)["content"]
    assert kept == [
        parts[0],
        {"type": "image_url", "image_url": {"url": image["image_url"]["url"]}},
    ]


def test_no_node_is_made_to_fetch_an_address() -> None:
    image = {"type": "image_url", "image_url": {"url": "http://169.254.169.254/"}}
    where = parameter_refused(messages=[{"role": "user", "content": [image]}])
    assert where == "messages[0].content[0].image_url.url"


def test_developer_is_the_newer_name_of_system() -> None:
    assert message(role="developer", content="be brief")["role"] == "system"


def test_tool_calls_and_their_results_reach_the_engine() -> None:
    called = message(role="assistant", content=None, tool_calls=[CALL | {"index": 0}])
    assert called == {"role": "assistant", "content": "", "tool_calls": [CALL]}
    result = message(role="tool", content="4", tool_call_id="call_1", extra=1)
    assert result == {"role": "tool", "content": "4", "tool_call_id": "call_1"}


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        ("hello", "messages[0]"),
        ({"role": "robot", "content": "x"}, "messages[0].role"),
        ({"role": ["user"], "content": "x"}, "messages[0].role"),
        ({"role": "user"}, "messages[0].content"),
        ({"role": "user", "content": []}, "messages[0].content"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[0].content[0].text"),
        ({"role": "user", "content": [{"type": "input_audio"}]}, "messages[0].content[0].type"),
        ({"role": "user", "content": ["x"]}, "messages[0].content[0].type"),
        ({"role": "user", "content": "x", "name": 1}, "messages[0].name"),
        ({"role": "tool", "content": "x"}, "messages[0].tool_call_id"),
        ({"role": "assistant", "tool_calls": 1}, "messages[0].tool_calls"),
        ({"role": "assistant", "tool_calls": [{"id": "1"}]}, "messages[0].tool_calls[0]"),
    ],
)
def test_a_message_of_the_wrong_shape_is_refused_by_its_place(broken: Any, where: str) -> None:
    assert parameter_refused(messages=[broken]) == where


# --- answers --------------------------------------------------------------------------------


def chunks_of(frames: bytes) -> list[Any]:
    """The data of SSE frames; `[DONE]` as that string."""
    texts = [frame.removeprefix("data: ") for frame in frames.decode().split("\n\n") if frame]
    return [text if text == "[DONE]" else orjson.loads(text) for text in texts]


def writer(model: str = "llama3", *, includes_usage: bool = False) -> ChunkWriter:
    return ChunkWriter(JOB_ID, 1700000000, model, includes_usage=includes_usage)


def tokens(*texts: str) -> list[StreamEvent]:
    return [StreamEvent(n, "token", {"text": text}) for n, text in enumerate(texts, 1)]


def done(**data: Any) -> StreamEvent:
    return StreamEvent(99, "done", data)


def test_a_whole_answer_has_real_usage() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    answer = completion(JOB_ID, 1700000000, "llama3", {"text": "hi", "usage": usage})
    assert answer == {
        "id": "chatcmpl-0123abcd0123456789ab0123",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "llama3",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hi"},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {**usage, "total_tokens": 5},
    }


@pytest.mark.parametrize("usage", [None, 7, {}, {"prompt_tokens": "3", "completion_tokens": 2}])
def test_usage_that_was_not_reported_is_not_made_up(usage: Any) -> None:
    assert completion(JOB_ID, 0, "m", {"text": "hi", "usage": usage})["usage"] is None


@pytest.mark.parametrize(
    ("reason", "finish_reason"),
    [("stop", "stop"), ("length", "length"), ("cancel", "stop"), (None, "stop")],
)
def test_the_finish_reason_is_one_that_sdks_know(reason: str | None, finish_reason: str) -> None:
    answer = completion(JOB_ID, 0, "m", {"text": "hi", "reason": reason})
    assert answer["choices"][0]["finish_reason"] == finish_reason


def test_an_answer_of_tool_calls_has_no_content() -> None:
    choice = completion(JOB_ID, 0, "m", {"tool_calls": [CALL]})["choices"][0]
    assert choice["message"] == {"role": "assistant", "content": None, "tool_calls": [CALL]}
    assert choice["finish_reason"] == "tool_calls"


def test_a_batch_of_tokens_becomes_a_chunk_each_in_order() -> None:
    texts = ["four", ' "quoted" \\', "\n\n", "é🙂", "\0"]
    chunks = chunks_of(writer().write(tokens(*texts)))
    assert [chunk["choices"][0]["delta"]["content"] for chunk in chunks] == texts
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert {chunk["choices"][0]["finish_reason"] for chunk in chunks} == {None}


@pytest.mark.parametrize("model", ["\0", 'a"b', '{"content":"\0"}', "模型"])
def test_a_strange_model_name_does_not_break_the_chunks(model: str) -> None:
    [chunk] = chunks_of(writer(model).write(tokens("x")))
    assert (chunk["model"], chunk["choices"][0]["delta"]) == (model, {"content": "x"})


def test_a_stream_ends_with_the_reason_and_done() -> None:
    *texts, last, mark = chunks_of(writer().write([*tokens("a", "b"), done(reason="length")]))
    assert [chunk["choices"][0]["delta"]["content"] for chunk in texts] == ["a", "b"]
    assert (last["choices"][0]["delta"], last["choices"][0]["finish_reason"]) == ({}, "length")
    assert mark == "[DONE]"


def test_a_stream_that_asked_for_usage_ends_with_it() -> None:
    chunks = writer(includes_usage=True)
    usage = {"prompt_tokens": 3, "completion_tokens": 1}
    text, last, counts, _ = chunks_of(chunks.write([*tokens("a"), done(usage=usage)]))
    assert (text["usage"], last["usage"]) == (None, None)
    assert (counts["choices"], counts["usage"]) == ([], {**usage, "total_tokens": 4})


def test_text_that_only_the_end_has_is_streamed_too() -> None:
    text, _, _ = chunks_of(writer().write([done(text="all at once")]))
    assert text["choices"][0]["delta"] == {"content": "all at once"}


def test_text_that_was_streamed_is_not_repeated_at_the_end() -> None:
    chunks = writer()
    chunks.write(tokens("a"))
    assert len(chunks_of(chunks.write([done(text="a")]))) == 2


def test_tool_calls_are_streamed_with_their_places() -> None:
    delta, last, _ = chunks_of(writer().write([done(tool_calls=[CALL])]))
    assert delta["choices"][0]["delta"] == {"tool_calls": [{"index": 0, **CALL}]}
    assert last["choices"][0]["finish_reason"] == "tool_calls"


def test_an_error_after_text_is_a_chunk_and_then_done() -> None:
    lost = StreamEvent(2, "error", {"message": "the node went away", "code": "provider_lost"})
    _, chunk, mark = chunks_of(writer().write([*tokens("a"), lost]))
    assert chunk["error"] == {
        "message": "the node went away",
        "type": "infernet_error",
        "code": 502,
    }
    assert mark == "[DONE]"


def test_another_node_taking_over_is_not_seen_in_the_stream() -> None:
    chunks = writer()
    chunks.write(tokens("a"))
    assert chunks.write([StreamEvent(2, "meta", {"model": "llama3"})]) == b""


def test_silence_and_the_queue_are_comments() -> None:
    waiting = StreamEvent(None, "queue", {"position": 3})
    assert writer().write([]) == PING
    assert writer().write([waiting]) == b": waiting, place 3 in the queue\n\n"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ErrorCode.ENGINE_FAILED, 502),
        (ErrorCode.PROVIDER_LOST, 502),
        (ErrorCode.NO_PROVIDER, 503),
        (ErrorCode.TIMED_OUT, 504),
        (ErrorCode.CANCELLED, 499),
        ("of a newer version", 502),
        (None, 502),
    ],
)
def test_a_failed_job_has_the_status_of_its_code(code: Any, status: int) -> None:
    failure = JobFailed({"message": "no", "code": code})
    assert error_body(failure)["error"]["code"] == failure.status == status


def test_an_error_names_the_parameter_or_says_what_to_do() -> None:
    refused = error_body(InvalidParameter("n", "n must be 1"))["error"]
    assert refused == {
        "message": "n must be 1",
        "type": "infernet_error",
        "code": 400,
        "param": "n",
    }
    nobody = error_body(NoProvider("nobody", hint="wait"))["error"]
    assert (nobody["code"], nobody["hint"]) == (503, "wait")
