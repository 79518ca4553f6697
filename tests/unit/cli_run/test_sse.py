"""The event stream parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infernet_tui import sse
from infernet_tui.sse import EventStreamParser, EventTooLarge, ServerSentEvent

STREAM = (
    "\ufeffid: 1\nevent: meta\ndata: {}\n\n"
    ": ping\n\n"
    'id: 2\r\nevent: token\r\ndata: {"text": "zwölf"}\r\n\r\n'
    "data: two\rdata: lines\r\r"
    "retry: 5\nevent:no-space\ndata:x\nid\n\n"
    "event: without data\n\n"
    "event: done\ndata\n\n"
    "event: cut off\ndata: never dispatched"
).encode()
EVENTS = [
    ServerSentEvent("meta", "{}", "1"),
    ServerSentEvent("token", '{"text": "zwölf"}', "2"),
    ServerSentEvent("message", "two\nlines", None),
    ServerSentEvent("no-space", "x", ""),
    ServerSentEvent("done", "", None),
]


def test_every_line_end_comment_and_field_is_understood() -> None:
    assert EventStreamParser().feed(STREAM) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_any_chunking_of_the_bytes_gives_the_same_events(cuts: list[int]) -> None:
    parser, events, start = EventStreamParser(), [], 0
    for end in [*sorted(cuts), len(STREAM)]:
        events += parser.feed(STREAM[start:end])
        start = end
    assert events == EVENTS


@given(st.binary(max_size=300), st.integers(1, 20))
def test_junk_never_raises_and_chunking_does_not_matter(junk: bytes, size: int) -> None:
    whole = EventStreamParser().feed(junk)
    parser = EventStreamParser()
    parts = [parser.feed(junk[i : i + size]) for i in range(0, len(junk), size)]
    assert [event for part in parts for event in part] == whole


def test_an_endless_line_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    parser = EventStreamParser()
    parser.feed(b"data: " + b"x" * 900)
    with pytest.raises(EventTooLarge):
        parser.feed(b"x" * 200)
