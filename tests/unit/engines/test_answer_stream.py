"""OpenAI's streamed answers, cut and spoilt in every way."""

import json
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infernet_tui.engines.answer_stream import AnswerStream
from infernet_tui.engines.base import Done, Failed, Usage

KEYS = ("choices", "delta", "content", "usage", "tool_calls", "error", "index", "function")
SHAPES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)


def chunk(
    delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any
) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}], **more}


def wire(*chunks: dict[str, Any], done: bool = True) -> bytes:
    lines = b"".join(b"data: " + orjson.dumps(one) + b"\n\n" for one in chunks)
    return lines + (b"data: [DONE]\n\n" if done else b"")


def read(*parts: bytes) -> tuple[str, Done | Failed]:
    stream = AnswerStream()
    text = "".join(token.text for part in parts for token in stream.feed(part))
    return text, stream.end()


WHOLE = wire(
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "héllo "}),
    chunk({"content": "wörld"}),
    chunk({}, "stop"),
    {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
)


@given(st.lists(st.integers(0, len(WHOLE)), max_size=8))
def test_it_does_not_matter_where_the_network_cuts(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(WHOLE)]
    parts = [WHOLE[start:end] for start, end in pairwise(edges)]
    assert read(*parts) == ("héllo wörld", Done("stop", Usage(3, 2)))


def test_carriage_returns_comments_and_event_lines_are_no_trouble() -> None:
    body = b": ping\r\n\r\nevent: x\r\n" + WHOLE.replace(b"\n", b"\r\n")
    assert read(body)[0] == "héllo wörld"


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_garbage_never_raises_and_never_counts_as_an_answer(parts: list[bytes]) -> None:
    _, end = read(*parts, b"\ndata: {{{\n")
    assert isinstance(end, Failed)


@given(SHAPES)
def test_json_of_any_other_shape_never_raises(shape: Any) -> None:
    read(b"data: " + json.dumps(shape).encode() + b"\n\n")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("content_filter", "stop"),
    ],
)
def test_finish_reasons_become_ours(theirs: str, ours: str) -> None:
    _, end = read(wire(chunk({"content": "x"}), chunk({}, theirs)))
    assert end == Done(ours)


def test_tool_calls_arrive_in_pieces_and_leave_whole() -> None:
    first = {"index": 0, "id": "a", "function": {"name": "add", "arguments": '{"x"'}}
    second = {"index": 1, "id": "b", "function": {"name": "sub", "arguments": "{}"}}
    rest = {"index": 0, "function": {"arguments": ":1}"}}
    _, end = read(
        wire(
            chunk({"tool_calls": [first]}),
            chunk({"tool_calls": [second, rest]}),
            chunk({}, "tool_calls"),
        )
    )
    assert isinstance(end, Done)
    assert end.reason == "tool_calls"
    assert end.tool_calls == [
        {"id": "a", "type": "function", "function": {"name": "add", "arguments": '{"x":1}'}},
        {"id": "b", "type": "function", "function": {"name": "sub", "arguments": "{}"}},
    ]


def test_a_stream_that_ends_early_is_a_failure_another_node_may_repair() -> None:
    text, end = read(wire(chunk({"content": "hel"}), done=False))
    assert text == "hel"
    assert isinstance(end, Failed)
    assert end.retryable


def test_a_stream_without_done_but_with_a_finish_reason_is_complete() -> None:
    assert read(wire(chunk({"content": "x"}, "stop"), done=False)) == ("x", Done("stop"))


def test_an_aborted_answer_is_a_failure() -> None:
    assert isinstance(read(wire(chunk({}, "abort")))[1], Failed)


@pytest.mark.parametrize(("code", "retryable"), [(400, False), (503, True), (None, True)])
def test_an_error_in_the_stream_ends_it(code: int | None, retryable: bool) -> None:
    body = wire(chunk({"content": "a"}), {"error": {"message": "too long", "code": code}})
    assert read(body) == ("a", Failed("too long", retryable))


def test_a_line_without_end_is_given_up() -> None:
    stream = AnswerStream()
    for _ in range(9):
        stream.feed(b"data: " + b"x" * (1 << 20))
    assert stream.is_over
    assert isinstance(stream.end(), Failed)


def test_what_comes_after_the_end_is_ignored() -> None:
    assert read(WHOLE, wire(chunk({"content": "more"})))[0] == "héllo wörld"
