"""`infernet setup` on an empty machine, against a real control plane and with a real node."""

from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from infernet_tui.cli.schema import load_schema
from infernet_tui.exit_codes import ExitCode
from tests.support.command_line import Finished, Home
from tests.support.ports import free_port

SILENT = {"INFERNET_STUB_DELAY_MS": "0", "INFERNET_BIND_PORT": "0"}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """An empty home; a node that was started in it is stopped."""
    home = Home(tmp_path, SILENT | {"PORT": str(free_port())})
    yield home
    home.run("stop", "--now")


@pytest.fixture
def url(home: Home) -> Iterator[str]:
    """A control plane."""
    with home.start("server", "--port", "0") as server:
        yield server.wait_for("control plane at").split()[-1]


def setup(home: Home, *flags: str) -> Finished:
    return home.run("setup", "--confirm", "--backend", "stub", "--no-firewall", *flags)


def files(home: Home) -> dict[str, bytes]:
    return {name: (home.folder / name).read_bytes() for name in ("config.json", "setup.json")}


def test_an_empty_machine_serves_afterwards_and_a_second_run_changes_nothing(
    home: Home, url: str
) -> None:
    first = setup(home, "--url", url, "--name", "rig")
    assert first.code == 0, first.out + first.err
    assert [line[:5] for line in first.out.splitlines() if line[0] == "["] == [
        f"[{number}/8]" for number in range(1, 9)
    ]
    assert "setup complete" in first.out
    answer = home.run("--json", "hello")
    assert answer.lines[-1]["node_name"] == "rig"
    before, pid = files(home), (home.folder / "daemon.pid").read_text()
    second = setup(home, "--url", url, "--name", "rig", "--json")
    assert second.code == 0, second.out
    for line in second.lines:
        jsonschema.validate(line, load_schema("setup"))
    assert second.lines[-1]["changed"] is False
    assert files(home) == before
    assert (home.folder / "daemon.pid").read_text() == pid


def test_a_new_name_reaches_the_control_plane(home: Home, url: str) -> None:
    setup(home, "--url", url, "--name", "rig")
    renamed = setup(home, "--name", "rig-2")
    assert renamed.code == 0, renamed.out
    status = home.run("status", "--json")
    assert '"rig-2"' in status.out


def test_setup_on_its_own_serves_the_built_in_model_without_a_network(home: Home, url: str) -> None:
    done = home.run(
        "setup", "--yes", "--backend", "llamacpp", "--model", "infernet-nano", "--url", url,
        "--no-firewall",
    )  # fmt: skip
    assert done.code == 0, done.out + done.err
    assert "verified: llama.cpp can serve infernet-nano" in done.out
    assert "4" in home.run("what is 2+2?").out


def test_an_unreachable_control_plane_fails_its_step_and_not_the_others(home: Home) -> None:
    done = setup(home, "--url", "http://127.0.0.1:1")
    assert done.code == ExitCode.FAILED
    assert "→ curl http://127.0.0.1:1/api/health" in done.out
    assert "→ infernet register, when it can be" in done.out
    assert "daemon running, not connected yet" in done.out
    assert "Identity & control plane did not work" in done.err


def test_another_control_plane_restarts_the_node_and_keeps_its_key(home: Home, url: str) -> None:
    setup(home, "--url", url)
    key, pid = home.run("config", "get", "node.publicKey").out, home.run("status", "--json").out
    with home.start("server", "--port", "0", "--data", str(home.path / "second")) as server:
        second = server.wait_for("control plane at").split()[-1]
        moved = setup(home, "--url", second)
        assert moved.code == 0, moved.out + moved.err
        assert f"the running node serves {url}" in moved.out
        assert home.run("config", "get", "node.publicKey").out == key
        assert home.run("status", "--json").out != pid
        assert home.run("hello").code == 0
