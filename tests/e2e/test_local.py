"""The local engine, and the models on disk."""

import json
import shutil

from infernet_tui.engines.nano import model_path
from infernet_tui.exit_codes import ExitCode
from tests.support.command_line import Home


def test_without_a_control_plane_the_local_engine_answers(home: Home) -> None:
    done = home.run("what is", "2+2?", "--temperature", "0")
    assert done.code == 0, done.err
    assert "4" in done.out
    assert "infernet-nano" in done.err


def test_local_json_lines_are_the_engines_events(stub_home: Home) -> None:
    done = stub_home.run("--local", "--json", "hello there")
    assert done.lines[0]["type"] == "meta"
    assert [line["type"] for line in done.lines][-2:] == ["done", "result"]
    assert {line["v"] for line in done.lines[:-1]} == {1}


def test_models_are_pulled_used_shown_and_removed(home: Home) -> None:
    source = home.path / "tiny.gguf"
    shutil.copy(model_path(), source)
    pulled = home.run("model", "pull", str(source), "--json")
    assert pulled.code == 0, pulled.err
    digest = str(pulled.lines[-1]["sha256"])
    assert len(digest) == 64
    assert home.run("model", "use", "tiny").code == 0
    listed = json.loads(home.run("model", "list", "--json").out)["models"]
    assert {model["name"]: model["active"] for model in listed} == {
        "infernet-nano": False,
        "tiny": True,
    }
    assert "tiny" in home.run("model", "show").out
    assert home.run("model", "remove", "tiny").code == ExitCode.NEEDS_TERMINAL
    assert home.run("model", "remove", "--yes", "tiny").code == 0
    assert json.loads((home.folder / "config.json").read_text())["engine"]["model"] is None
    assert home.run("model", "use", "tiny").code == ExitCode.NOT_FOUND


def test_a_wrong_digest_is_refused_and_the_file_is_gone(home: Home) -> None:
    source = home.path / "tiny.gguf"
    shutil.copy(model_path(), source)
    done = home.run("model", "pull", str(source), "--sha256", "0" * 64)
    assert done.code == ExitCode.FAILED
    assert "digest" in done.err
    names = [m["name"] for m in json.loads(home.run("model", "list", "--json").out)["models"]]
    assert names == ["infernet-nano"]


def test_remote_without_a_control_plane_is_a_configuration_error(home: Home) -> None:
    done = home.run("--remote", "hello there")
    assert done.code == ExitCode.USAGE
    assert "infernet init --url" in done.err


def test_remote_and_local_exclude_each_other(home: Home) -> None:
    assert home.run("chat", "--remote", "--local", "x").code == ExitCode.USAGE
