"""Following a job through broken connections."""

import subprocess
import sys

import pytest

from infernet_protocol.jobs import EventType
from infernet_tui import job_stream
from infernet_tui.errors import (
    ControlPlaneUnreachable,
    NotFound,
    RequestFailed,
    TimedOut,
)
from infernet_tui.job_stream import ChatJob, StreamEvent, follow
from tests.support.scripted_stream import Connection, frame, scripted_control_plane

STREAM_URL = "/api/chat/stream/j1"
JOB = frame("job", {"id": "j1"})
META = frame("meta", {"model": "m"}, 1)
TWO = frame("token", {"text": "Two"}, 2)
FOUR = frame("token", {"text": " four"}, 3)
DONE = frame("done", {"text": "Two four"}, 4)
WHOLE = [
    StreamEvent("job", {"id": "j1"}),
    StreamEvent("meta", {"model": "m"}, "1"),
    StreamEvent("token", {"text": "Two"}, "2"),
    StreamEvent("token", {"text": " four"}, "3"),
    StreamEvent("done", {"text": "Two four"}, "4"),
]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_stream, "FIRST_PAUSE_SECONDS", 0.0)


def test_an_unbroken_stream_is_yielded_as_it_is() -> None:
    body = b": ping\n\n" + JOB + META + TWO + FOUR + DONE
    with scripted_control_plane(Connection(body)) as plane:
        assert list(follow(plane.url, STREAM_URL)) == WHOLE


@pytest.mark.parametrize("breaks", [True, False], ids=["cut", "ended early"])
def test_a_broken_stream_goes_on_after_the_last_event(breaks: bool) -> None:
    first = Connection(JOB + META + TWO, breaks=breaks)
    with scripted_control_plane(first, Connection(JOB + FOUR + DONE)) as plane:
        assert list(follow(plane.url, STREAM_URL)) == WHOLE
        assert plane.resumed_from == [None, "2"]


def test_a_server_that_replays_everything_doubles_no_text() -> None:
    first = Connection(JOB + META + TWO, breaks=True)
    with scripted_control_plane(first, Connection(JOB + META + TWO + FOUR + DONE)) as plane:
        assert list(follow(plane.url, STREAM_URL)) == WHOLE


def test_a_restarting_server_is_waited_for() -> None:
    down = Connection(status=503)
    connections = [Connection(JOB + META + TWO, breaks=True), down, down, Connection(FOUR + DONE)]
    with scripted_control_plane(*connections) as plane:
        assert list(follow(plane.url, STREAM_URL)) == WHOLE


def test_events_without_ids_and_unknown_events_pass() -> None:
    body = frame("queue", {"position": 2}) + frame("token", "x") + b"event: new\ndata: plain\n\n"
    with scripted_control_plane(Connection(body + frame("error", {"message": "no"}))) as plane:
        events = list(follow(plane.url, STREAM_URL))
    assert [event.event for event in events] == ["queue", "token", "new", "error"]
    assert events[2].data == "plain"


def test_a_stream_that_never_ends_properly_is_an_error() -> None:
    endings = [Connection(META) for _ in range(job_stream.MAX_RECONNECTS + 1)]
    with (
        scripted_control_plane(*endings) as plane,
        pytest.raises(ControlPlaneUnreachable, match="before the answer did"),
    ):
        list(follow(plane.url, STREAM_URL))


def test_a_silent_job_times_out() -> None:
    with (
        scripted_control_plane(Connection(META, holds=True)) as plane,
        pytest.raises(TimedOut, match=r"0\.2 s"),
    ):
        list(follow(plane.url, STREAM_URL, silence_seconds=0.2))


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (429, RequestFailed)])
def test_a_refused_stream_is_not_asked_for_again(status: int, error: type[Exception]) -> None:
    with scripted_control_plane(Connection(status=status)) as plane, pytest.raises(error):
        list(follow(plane.url, STREAM_URL))


def test_a_dead_port_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_stream, "MAX_RECONNECTS", 1)
    with scripted_control_plane() as plane:
        url = plane.url
    with pytest.raises(ControlPlaneUnreachable):
        list(follow(url, STREAM_URL))


def test_a_job_asks_only_for_what_was_given() -> None:
    messages = ({"role": "user", "content": "hi"},)
    assert ChatJob(messages).body() == {"messages": [*messages], "stream": True}
    full = ChatJob(messages, "m", 8, 0.0, {"interconnects": {"nvlink": True}})
    assert full.body() == {
        "messages": [*messages],
        "stream": True,
        "modelName": "m",
        "maxTokens": 8,
        "temperature": 0.0,
        "requires": {"interconnects": {"nvlink": True}},
    }


def test_submit_and_cancel_reach_the_control_plane() -> None:
    with scripted_control_plane() as plane:
        answer = job_stream.submit(plane.url, ChatJob(({"role": "user", "content": "hi"},)))
        job_stream.cancel(plane.url, answer["jobId"])
        assert plane.submitted[0]["messages"][0]["content"] == "hi"
        assert plane.cancelled == ["/api/jobs/j1"]


def test_the_kinds_of_event_are_the_protocols() -> None:
    kinds = [job_stream.META, job_stream.TOKEN, job_stream.DONE, job_stream.ERROR]
    assert kinds == [kind.value for kind in EventType]


def test_a_chat_loads_neither_pydantic_nor_an_http_framework() -> None:
    loaded = "import sys, infernet_tui.cli.chat; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True)
    assert not {"pydantic", "httpx", "aiohttp", "fastapi", "textual"} & set(done.stdout.split())


def test_a_job_that_goes_on_and_on_times_out_as_a_whole() -> None:
    with (
        scripted_control_plane(Connection(META + TWO, holds=True)) as plane,
        pytest.raises(TimedOut, match=r"not complete after 0\.2 s"),
    ):
        list(follow(plane.url, STREAM_URL, timeout_seconds=0.2))
