"""`server`, `start` and `stop`: control plane and node as two processes."""

import json
import signal
from collections.abc import Iterator

import jsonschema
import pytest

from infernet_tui.cli.schema import load_schema
from infernet_tui.exit_codes import ExitCode
from tests.support.command_line import Home, processes_of
from tests.support.ports import free_port


@pytest.fixture
def network(stub_home: Home) -> Iterator[str]:
    """A control plane that the home's identity is to serve; its URL."""
    with stub_home.start("server", "--port", "0") as server:
        url = server.wait_for("control plane at").split()[-1]
        done = stub_home.run("init", "--url", url, "--role", "provider", "--name", "rig", "--yes")
        assert done.code == 0, done.err
        yield url
        stub_home.run("stop")


def test_a_detached_node_serves_until_it_is_stopped(stub_home: Home, network: str) -> None:
    started = stub_home.run("start", "--no-p2p", "--json")
    assert started.code == 0, started.err
    document = json.loads(started.out)
    jsonschema.validate(document, load_schema("start"))
    pid = document["pid"]
    asked = stub_home.run("--json", "hello there")
    assert asked.code == 0, asked.err
    assert asked.lines[-1]["node_name"] == "rig"
    assert stub_home.run("doctor").code == 0
    stopped = stub_home.run("stop", "--json")
    jsonschema.validate(json.loads(stopped.out), load_schema("stop"))
    assert json.loads(stopped.out)["pid"] == pid
    assert [line for line in processes_of(stub_home) if "infernet_tui.node" in line] == []


def test_nobody_serving_is_an_error_in_both_formats(stub_home: Home, network: str) -> None:
    plain, as_json = stub_home.run("hello there"), stub_home.run("--json", "hello there")
    assert plain.code == as_json.code == ExitCode.FAILED
    assert plain.out == ""
    assert as_json.lines[-1]["ok"] is False


def test_doctor_never_passes_an_unregistered_node(stub_home: Home, network: str) -> None:
    done = stub_home.run("doctor", "--skip-e2e", "--json")
    report = json.loads(done.out)
    found = {check["name"]: check for check in report["checks"]}
    assert done.code == ExitCode.FAILED
    assert report["ok"] is False
    assert found["Provider row"]["status"] == "fail"
    assert found["Provider row"]["hint"] == "infernet register"


def test_a_control_plane_that_is_gone_is_unreachable(stub_home: Home) -> None:
    done = stub_home.run("--url", "http://127.0.0.1:9", "--json", "hello there")
    assert done.code == ExitCode.CONTROL_PLANE_UNREACHABLE
    error = done.lines[-1]["error"]
    assert isinstance(error, dict)
    assert error["code"] == "control_plane_unreachable"


def test_starting_without_an_identity_names_the_command(stub_home: Home) -> None:
    done = stub_home.run("start")
    assert done.code == ExitCode.USAGE
    assert "infernet init" in done.err


def test_a_control_plane_that_is_killed_in_mid_answer_loses_no_text(stub_home: Home) -> None:
    stub_home.extra["INFERNET_STUB_DELAY_MS"] = "100"
    port = str(free_port())
    with stub_home.start("server", "--port", port) as first:
        url = first.wait_for("control plane at").split()[-1]
        stub_home.run("init", "--url", url, "--role", "provider", "--name", "rig", "--yes")
        assert stub_home.run("start", "--no-p2p").code == 0
        with stub_home.start("--json", "tell me a story") as chat:
            chat.wait_for('"event":"token"')
            first.end(signal.SIGKILL)
            with stub_home.start("server", "--port", port) as second:
                second.wait_for("control plane at")
                result = json.loads(chat.wait_for('"type":"result"'))
                events = [json.loads(line) for line in chat.said if '"type":"event"' in line]
                stub_home.run("stop")
    texts = [event["data"]["text"] for event in events if event["event"] == "token"]
    assert result["ok"] is True
    assert "".join(texts) == result["text"] == events[-1]["data"]["text"]
    assert 'You asked: "tell me a story"' in result["text"]
    assert [event["event"] for event in events].count("done") == 1


def test_a_node_in_the_foreground_obeys_sigterm(stub_home: Home, network: str) -> None:
    with stub_home.start("start", "--foreground", "--no-p2p") as node:
        node.wait_for("channel open")
        assert stub_home.run("hello there").code == 0
        assert stub_home.run("start").code == ExitCode.ALREADY_RUNNING
        assert node.end(signal.SIGTERM) == 0
    assert not (stub_home.folder / "daemon.pid").exists()


def test_once_registers_polls_and_leaves(stub_home: Home, network: str) -> None:
    assert stub_home.run("start", "--once").code == ExitCode.USAGE
    done = stub_home.run("start", "--foreground", "--once", "--no-p2p")
    assert done.code == 0, done.err
    assert "registered as provider-" in done.err
