"""What these commands print as JSON is what their schemas promise."""

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from infernet_tui.cli import main
from infernet_tui.cli.schema import load_schema
from infernet_tui.engines.nano import model_path
from tests.support.scripted_stream import Connection, frame, scripted_control_plane


def check(name: str, document: Any) -> None:
    schema = load_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)


def printed(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    capsys.readouterr()
    assert main([*words, "--json"]) == code
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def built_in_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERNET_ENGINE_BACKEND", "llamacpp")


def test_documents_match_their_schemas(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    check("models", json.loads(printed(capsys, "model", "list")))
    check("model_show", json.loads(printed(capsys, "model", "show")))
    check("doctor", json.loads(printed(capsys, "doctor", code=1)))
    tiny = shutil.copy(model_path(), tmp_path / "tiny.gguf")
    for line in printed(capsys, "model", "pull", str(tiny)).splitlines():
        check("pull", json.loads(line))
    check("model_use", json.loads(printed(capsys, "model", "use", "tiny")))
    removed = json.loads(printed(capsys, "model", "remove", "tiny", "--yes"))
    check("model_remove", removed)
    assert removed["was_active"] is True


@pytest.mark.parametrize("ending", ["done", "error"])
def test_every_line_of_a_chat_matches(capsys: pytest.CaptureFixture[str], ending: str) -> None:
    body = frame("job", {"id": "j1"}) + frame("token", {"text": "a"}, 1) + frame(ending, {}, 2)
    with scripted_control_plane(Connection(body)) as plane:
        out = printed(capsys, "chat", "--url", plane.url, "hi", code=ending == "error")
    for line in out.splitlines():
        check("chat", json.loads(line))


def test_every_line_of_a_local_chat_matches(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFERNET_STUB_DELAY_MS", "0")
    for line in printed(capsys, "chat", "--backend", "stub", "hi").splitlines():
        check("chat", json.loads(line))


def test_a_failed_pull_ends_with_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "model", "pull", "/nowhere/x.gguf", code=1)
    check("pull", json.loads(out.splitlines()[-1]))
