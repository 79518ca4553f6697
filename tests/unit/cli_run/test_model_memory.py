"""`model load` and `model unload` ask the running node, whose engine it is."""

import json
import socketserver
import threading
from collections.abc import Iterator

import jsonschema
import pytest

from infernet_tui import paths
from infernet_tui.cli import main
from infernet_tui.cli.schema import load_schema
from infernet_tui.exit_codes import ExitCode

asked: list[dict[str, object]] = []


class OneModel(socketserver.StreamRequestHandler):
    """A node that has one model, `tiny:latest`."""

    def handle(self) -> None:
        message = json.loads(self.rfile.readline())
        asked.append(message)
        if message["payload"]["name"] == "tiny":
            answer = {"ok": True, "data": {"model": "tiny:latest"}}
        else:
            answer = {"ok": False, "error": "model_not_found", "cause": "No such.", "hint": "pull"}
        self.wfile.write(json.dumps(answer).encode() + b"\n")


@pytest.fixture
def node() -> Iterator[None]:
    asked.clear()
    paths.socket_file().parent.mkdir(parents=True, exist_ok=True)
    with socketserver.UnixStreamServer(str(paths.socket_file()), OneModel) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("verb", ["load", "unload"])
def test_the_node_is_asked(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", verb, "tiny", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, load_schema("model_memory"))
    assert (document["model"], document["is_loaded"]) == ("tiny:latest", verb == "load")
    assert asked == [{"cmd": f"model.{verb}", "payload": {"name": "tiny"}}]


@pytest.mark.usefixtures("node")
def test_an_unknown_model_is_exit_6(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "load", "huge"]) == ExitCode.NOT_FOUND
    assert "No such." in capsys.readouterr().err


def test_without_a_node_it_says_how_to_start_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "load", "tiny"]) == ExitCode.NODE_NOT_RUNNING
    assert "infernet start" in capsys.readouterr().err
