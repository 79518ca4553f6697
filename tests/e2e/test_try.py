"""`infernet try`: one prompt through a network that is gone afterwards."""

import signal
from pathlib import Path

from tests.support.command_line import Home, processes_of


def test_a_prompt_is_answered_through_the_network_and_nothing_is_left(home: Home) -> None:
    done = home.run("try", "what is 2+2?")
    assert done.code == 0, done.err
    assert "4" in done.out
    assert "served by try (provider-" in done.err
    assert "model infernet-nano, job " in done.err
    assert "first token" in done.err
    assert " tokens" in done.err
    assert not home.folder.exists()
    assert processes_of(home) == []


def test_json_tells_who_served_it(home: Home) -> None:
    done = home.run("try", "--json", "hello")
    first, *events, last = done.lines
    assert first["type"] == "job"
    assert {line["type"] for line in events} == {"event"}
    assert last["type"] == "result"
    assert last["ok"] is True
    assert str(last["node_id"]).startswith("provider-")
    assert last["source"] == "p2p"


def test_a_terminated_try_leaves_nothing(home: Home, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    home.extra["TMPDIR"] = str(scratch)
    with home.start("try", "what is 2+2?") as running:
        running.wait_for("starting")
        assert running.end(signal.SIGTERM) in (0, 143)
    assert list(scratch.iterdir()) == []
    assert processes_of(home) == []


def test_an_unknown_model_says_so(home: Home) -> None:
    done = home.run("try", "--model", "no-such-model", "hi")
    assert done.code == 1
    assert "no-such-model" in done.err
    assert processes_of(home) == []
