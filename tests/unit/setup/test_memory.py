"""`setup.json`: what was done and left out."""

import json
import stat

import pytest

from infernet_tui.setup.memory import Mark, SetupState, setup_file


def test_what_is_marked_is_there_the_next_time() -> None:
    state = SetupState(clock=lambda: 0.0)
    state.mark("runtime", Mark.DONE)
    state.mark("firewall", Mark.SKIPPED)
    again = SetupState()
    assert again.is_done("runtime")
    assert again.is_skipped("firewall")
    assert again.steps["runtime"].at == "1970-01-01T00:00:00Z"
    assert again.is_settled(["runtime", "firewall"])
    assert not again.is_settled(["runtime", "daemon"])
    assert stat.S_IMODE(setup_file().stat().st_mode) == 0o600


def test_marking_the_same_again_leaves_the_file_alone() -> None:
    SetupState(clock=lambda: 0.0).mark("runtime", Mark.DONE)
    before = setup_file().stat()
    SetupState(clock=lambda: 1.0).mark("runtime", Mark.DONE)
    assert setup_file().stat() == before


def test_what_is_not_so_any_more_is_forgotten() -> None:
    state = SetupState()
    state.mark("runtime", Mark.DONE)
    state.forget("runtime")
    assert SetupState().steps == {}


@pytest.mark.parametrize(
    "text",
    [
        "{ half",
        "[]",
        "null",
        '{"steps": 1}',
        '{"steps": {"a": {"state": "?", "at": ""}}}',
        "\udcff",
    ],
)
def test_a_file_that_cannot_be_read_counts_as_empty(text: str) -> None:
    setup_file().parent.mkdir(parents=True)
    setup_file().write_bytes(text.encode("utf-8", "surrogateescape"))
    state = SetupState()
    assert state.steps == {}
    state.mark("runtime", Mark.DONE)
    assert json.loads(setup_file().read_text())["steps"]["runtime"]["state"] == "done"
