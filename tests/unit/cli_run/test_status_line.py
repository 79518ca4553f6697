"""One line for a running node."""

from typing import Any

import pytest

from infernet_tui.cli.output import Output
from infernet_tui.cli.status_line import StatusLine, status_text


def snapshot(**changes: Any) -> dict[str, Any]:
    stats = {"activeJobs": 1, "jobsCompleted": 12, "jobsFailed": 0, "lastHeartbeatError": None}
    state = {
        "stats": stats,
        "bench": {"tokens_per_second_avg": 84.2},
        "model": "qwen2.5:7b",
        "connection": "channel",
        "isDraining": False,
    }
    return state | changes


def test_the_state_is_a_word_and_the_figures_follow() -> None:
    assert status_text(snapshot()) == (
        "SERVING qwen2.5:7b · 1 running, 12 done, 0 failed · 84.2 tokens/s"
    )


def test_an_offline_node_says_why() -> None:
    stats = snapshot()["stats"] | {"lastHeartbeatError": "connection refused"}
    text = status_text(snapshot(connection="offline", stats=stats, bench=None))
    assert text.startswith("OFFLINE ")
    assert text.endswith("· connection refused")


def test_a_draining_node_says_so() -> None:
    assert status_text(snapshot(isDraining=True)).startswith("DRAINING")


def test_the_same_words_are_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    line = StatusLine(Output({}))
    line.show(snapshot())
    line.show(snapshot())
    line.show(snapshot(isDraining=True))
    line.end()
    assert len(capsys.readouterr().err.splitlines()) == 2
