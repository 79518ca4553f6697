"""`infernet chat` against a scripted control plane."""

import json
from typing import Any

import pytest

from infernet_tui import config, job_stream
from infernet_tui.cli import main
from infernet_tui.cli.chat import _required_fabric
from infernet_tui.errors import UsageError
from infernet_tui.exit_codes import ExitCode
from tests.support.scripted_stream import (
    Connection,
    ScriptedControlPlane,
    frame,
    scripted_control_plane,
)

META = {"provider_node_id": "provider-1", "provider_name": "rig", "model": "m", "engine": "stub"}
ANSWER = (
    frame("job", {"id": "j1"})
    + frame("meta", META, 1)
    + frame("token", {"text": "It is "}, 2)
    + frame("token", {"text": "4."}, 3)
    + frame("done", {"text": "It is 4.", "usage": {"completion_tokens": 9}}, 4)
)
FAILURE = frame("token", {"text": "It"}, 1) + frame("error", {"message": "out of memory"}, 2)


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_the_answer_alone_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_control_plane(Connection(ANSWER)) as plane:
        assert main(["--url", plane.url, "what is 2+2?"]) == 0
    out, err = capsys.readouterr()
    assert out == "It is 4.\n"
    assert "→ rig (provider-1) · m" in err
    assert "9 tokens" in err


def test_quiet_means_no_narration(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_control_plane(Connection(ANSWER)) as plane:
        assert main(["chat", "--quiet", "--url", plane.url, "hi"]) == 0
    assert capsys.readouterr() == ("It is 4.\n", "")


def test_json_lines_are_job_events_and_result(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_control_plane(Connection(ANSWER)) as plane:
        assert main(["--json", "--url", plane.url, "what is 2+2?"]) == 0
    first, *events, last = lines(capsys.readouterr().out)
    assert first == {"type": "job", **plane.submit_answer[1]}
    assert [set(event) for event in events] == [{"type", "event", "data"}] * 5
    assert [event["event"] for event in events] == ["job", "meta", "token", "token", "done"]
    assert (last["type"], last["ok"], last["text"]) == ("result", True, "It is 4.")
    assert (last["job_id"], last["node_id"], last["tokens"]) == ("j1", "provider-1", 9)


def test_an_error_event_is_exit_1_in_both_formats(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_control_plane(Connection(FAILURE), Connection(FAILURE)) as plane:
        assert main(["--url", plane.url, "what is 2+2?"]) == ExitCode.FAILED
        out, err = capsys.readouterr()
        assert out == "It\n"
        assert "error: out of memory" in err
        assert main(["--json", "--url", plane.url, "what is 2+2?"]) == ExitCode.FAILED
    last = lines(capsys.readouterr().out)[-1]
    assert last["ok"] is False
    assert last["error"]["code"] == "job_failed"
    assert last["error"]["details"]["node_id"] == "provider-1"


def test_a_truncated_stream_is_a_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_stream, "MAX_RECONNECTS", 0)
    with scripted_control_plane(Connection(frame("token", {"text": "It"}, 1))) as plane:
        code = main(["--json", "--url", plane.url, "what is 2+2?"])
    assert code == ExitCode.CONTROL_PLANE_UNREACHABLE
    assert lines(capsys.readouterr().out)[-1]["ok"] is False


def test_a_job_nobody_serves_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_control_plane() as plane:
        plane.submit_answer = (503, {"error": "no live providers", "hint": "infernet up"})
        assert main(["--url", plane.url, "what is 2+2?"]) == ExitCode.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert "no live providers" in err
    assert "→ infernet up" in err


def test_a_silent_job_is_cancelled_and_times_out(capsys: pytest.CaptureFixture[str]) -> None:
    begun = frame("token", {"text": "It"}, 1)
    with scripted_control_plane(Connection(begun, holds=True)) as plane:
        code = main(["--timeout", "300ms", "--url", plane.url, "what is 2+2?"])
        assert plane.cancelled == ["/api/jobs/j1"]
    assert code == ExitCode.TIMED_OUT
    assert capsys.readouterr().out == "It\n"


def test_escape_sequences_of_the_network_do_not_reach_people(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\u202eevil"
    body = frame("meta", META | {"provider_name": evil}, 1) + frame("token", {"text": evil}, 2)
    with scripted_control_plane(*[Connection(body + frame("done", {}, 3))] * 2) as plane:
        assert main(["--url", plane.url, "hi there"]) == 0
        out, err = capsys.readouterr()
        assert out == "evil\n"
        assert "\x1b" not in err
        assert "\u202e" not in err
        assert main(["--json", "--url", plane.url, "hi there"]) == 0
    texts = [line["data"]["text"] for line in lines(capsys.readouterr().out)[2:3]]
    assert texts == [evil]


def test_a_place_in_the_queue_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_control_plane(Connection(frame("queue", {"position": 3}) + ANSWER)) as plane:
        assert main(["--url", plane.url, "hi there"]) == 0
    assert "place 3 in the queue" in capsys.readouterr().err


def submitted(*flags: str) -> dict[str, Any]:
    with scripted_control_plane(Connection(ANSWER)) as plane:
        assert main(["chat", "--url", plane.url, *flags, "hi"]) == 0
        return plane.submitted[0]


def test_flags_reach_the_control_plane() -> None:
    flags = ("--model", "m", "--system", "be brief", "--temperature", "0.2", "--max-tokens", "16")
    assert submitted(*flags, "--interconnect", "nvlink=all-to-all", "--interconnect", "ib=2") == {
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "hi"},
        ],
        "stream": True,
        "modelName": "m",
        "maxTokens": 16,
        "temperature": 0.2,
        "requires": {"interconnects": {"nvlink": "all-to-all", "min_active_ib_ports": 2}},
    }


def test_the_configured_control_plane_is_the_default() -> None:
    def ask(plane: ScriptedControlPlane) -> int:
        config.update({"controlPlane": {"url": plane.url + "/"}})
        return main(["what is 2+2?"])

    with scripted_control_plane(Connection(ANSWER)) as plane:
        assert ask(plane) == 0
        assert plane.submitted


@pytest.mark.parametrize("text", ["infiniband", "nvlink=ring", "rdma=pair", "ib=0", "ib", ""])
def test_unknown_fabrics_are_usage_errors(text: str) -> None:
    with pytest.raises(UsageError):
        _required_fabric((text,))


@pytest.mark.parametrize(
    "words",
    [
        ["--remote", "--local", "x"],
        ["--local", "--url", "http://127.0.0.1:9", "x"],
        ["--local", "--interconnect", "rdma", "x"],
        ["--temperature", "hot", "x"],
        ["--max-tokens", "0", "x"],
        [" "],
    ],
)
def test_contradictions_and_nonsense_are_usage_errors(words: list[str]) -> None:
    assert main(["chat", *words]) == ExitCode.USAGE


def test_the_stub_answers_locally(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFERNET_STUB_DELAY_MS", "0")
    assert main(["--backend", "stub", "--json", "hello there"]) == 0
    found = lines(capsys.readouterr().out)
    assert [line["type"] for line in found[:2]] == ["meta", "token"]
    assert found[-1]["source"] == "local"
    assert found[-1]["ok"] is True


def test_bytes_that_are_no_text_do_not_crash_it() -> None:
    with scripted_control_plane(Connection(ANSWER)) as plane:
        assert main(["chat", "--url", plane.url, "odd \udcff byte"]) == 0
        assert plane.submitted[0]["messages"][0]["content"] == "odd � byte"


def test_a_local_answer_that_takes_too_long_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERNET_STUB_DELAY_MS", "10000")
    assert main(["--backend", "stub", "--timeout", "200ms", "hi there"]) == ExitCode.TIMED_OUT
