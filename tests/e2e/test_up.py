"""`infernet up`: a network in one command, and everything that uses it."""

import json
import os
import signal
import socket

import pytest

from infernet_tui.exit_codes import ExitCode
from tests.support.command_line import Home, Running, processes_of


def test_first_run_makes_an_identity_and_answers_a_prompt(stub_home: Home, up: Running) -> None:
    done = stub_home.run("what is", "2+2?")
    assert done.code == 0, done.err
    assert 'You asked: "what is 2+2?"' in done.out
    assert "→ provider-" in done.err
    saved = json.loads((stub_home.folder / "config.json").read_text())
    assert saved["node"]["role"] == "provider"
    assert saved["controlPlane"]["url"].startswith("http://127.0.0.1:")
    assert (stub_home.folder / "config.json").stat().st_mode & 0o777 == 0o600


def test_a_piped_prompt_is_answered(stub_home: Home, up: Running) -> None:
    done = stub_home.run(stdin="from a pipe\n")
    assert done.code == 0, done.err
    assert "from a pipe" in done.out


def test_json_lines_keep_the_networks_keys(stub_home: Home, up: Running) -> None:
    done = stub_home.run("chat", "--remote", "--json", "--max-tokens", "64", "hello")
    lines = done.lines
    assert done.code == 0
    assert lines[0]["type"] == "job"
    assert str(lines[0]["streamUrl"]).startswith("/api/chat/stream/")
    kinds = [line["event"] for line in lines[1:-1]]
    assert kinds[:2] == ["job", "meta"]
    assert set(kinds[2:-1]) == {"token"}
    assert kinds[-1] == "done"
    assert lines[-1]["type"] == "result"
    assert lines[-1]["ok"] is True


def test_doctor_passes_and_names_itself(stub_home: Home, up: Running) -> None:
    done = stub_home.run("doctor")
    assert done.code == 0, done.out
    assert "[6/6] End-to-end    ✓ routed via=p2p, provider=self, first token" in done.out
    assert "✗" not in done.out
    report = json.loads(stub_home.run("doctor", "--skip-e2e", "--json").out)
    assert report["schema"] == "infernet.doctor/1"
    assert [check["status"] for check in report["checks"]][-1] == "skip"


def test_ctrl_c_in_a_chat_cancels_the_job(stub_home: Home, up: Running) -> None:
    stub_home.extra["INFERNET_STUB_DELAY_MS"] = "20"
    with stub_home.start("chat", "--json", "a long answer please " * 9) as chat:
        chat.wait_for('"event":"token"')
        assert chat.end(signal.SIGINT) == ExitCode.INTERRUPTED
        chat.wait_for('"code":"interrupted"')
    up.wait_for("cancelled")


def test_a_second_node_is_refused_while_the_first_goes_on(stub_home: Home, up: Running) -> None:
    assert stub_home.run("start").code == ExitCode.ALREADY_RUNNING
    assert stub_home.run("up", "--port", "0").code == ExitCode.ALREADY_RUNNING
    assert stub_home.run("status").code == 0


def test_stop_ends_it_in_order(stub_home: Home, up: Running) -> None:
    done = stub_home.run("stop")
    assert done.code == 0, done.err
    assert up.process.wait(30) == 0
    assert not (stub_home.folder / "daemon.pid").exists()
    assert not (stub_home.folder / "daemon.sock").exists()
    assert stub_home.run("stop").code == ExitCode.NODE_NOT_RUNNING


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, ExitCode.INTERRUPTED)]
)
def test_signals_end_it_in_order(
    stub_home: Home, up: Running, number: signal.Signals, code: int
) -> None:
    assert up.end(number) == code
    assert processes_of(stub_home) == []


def test_a_taken_port_says_so(stub_home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = stub_home.run("up", "--port", str(port))
    assert done.code == ExitCode.ALREADY_RUNNING
    assert f"Port {port} is taken" in done.err
    assert processes_of(stub_home) == []


def test_a_configured_control_plane_is_kept(stub_home: Home) -> None:
    stub_home.folder.mkdir(parents=True)
    elsewhere = {"controlPlane": {"url": "https://elsewhere.example"}}
    (stub_home.folder / "config.json").write_text(json.dumps(elsewhere))
    with stub_home.start("up", "--no-p2p", "--port", "0") as running:
        running.wait_for("SERVING")
        running.wait_for("config.json names https://elsewhere.example")
        url = running.wait_for("control plane at").split()[4].rstrip(",")
        assert 'You asked: "hi"' in stub_home.run("chat", "--url", url, "hi").out
    saved = json.loads((stub_home.folder / "config.json").read_text())
    assert saved["controlPlane"]["url"] == "https://elsewhere.example"


def test_a_data_folder_that_cannot_be_written_says_so(stub_home: Home) -> None:
    stub_home.folder.mkdir(parents=True)
    (stub_home.folder / "server").write_text("not a folder")
    done = stub_home.run("up", "--port", "0")
    assert done.code == ExitCode.FAILED
    assert "server" in done.err
    assert "Traceback" not in done.err
    assert os.listdir(stub_home.folder) != []
