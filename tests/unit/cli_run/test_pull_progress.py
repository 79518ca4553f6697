"""The progress of a download, for people without a terminal and for programs."""

import json

import pytest

from infernet_tui.cli.output import Output
from infernet_tui.cli.pull_progress import PullPrinter, human_bytes, human_seconds
from infernet_tui.engines.base import PullProgress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_without_a_terminal_each_tenth_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    printer = PullPrinter(Output({}), "qwen", clock)
    for percent in range(0, 101, 2):
        clock.now += 0.1
        printer.show(PullProgress("pulling qwen", percent * 10**7, 10**9))
    printer.show(PullProgress("success", digest="sha256:ab"))
    printer.end()
    printer.done("sha256:ab")
    out, err = capsys.readouterr()
    shown = err.splitlines()
    assert len(shown) == 11
    assert shown[5].startswith("pulling qwen [##########..........] 50% 500.0 MB of 1.0 GB")
    assert "200.0 MB/s, " in shown[5]
    assert out == "✓ pulled qwen\n  sha256 ab\n"


def test_a_slow_download_shows_that_it_lives(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    printer = PullPrinter(Output({}), "qwen", clock)
    for _ in range(7):
        printer.show(PullProgress("pulling qwen", 10**6, 10**9))
        clock.now += 10
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_json_has_every_step_and_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output({})
    output.json = True
    printer = PullPrinter(output, "qwen")
    printer.show(PullProgress("pulling qwen", 1, 2))
    printer.done("sha256:ab")
    out, err = capsys.readouterr()
    step, result = map(json.loads, out.splitlines())
    assert step["type"] == "progress"
    assert (step["completed_bytes"], step["total_bytes"]) == (1, 2)
    assert result == {"type": "result", "ok": True, "model": "qwen", "sha256": "ab"}
    assert err == ""


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (4_400_000_000, "4.4 GB"), (2e15, "2000.0 TB"), (1500, "2 kB")],
)
def test_bytes_read_like_a_catalogue(count: float, text: str) -> None:
    assert human_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0s"), (59, "59s"), (200, "3m 20s"), (7500, "2h 5m")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert human_seconds(seconds) == text
