"""What goes to stdout and stderr, and how."""

import io
import json
import sys

import pytest

from infernet_tui.cli.fields import parse, select
from infernet_tui.cli.output import Output
from infernet_tui.errors import Declined, NeedsTerminal, NodeNotRunning, UsageError


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, typed: str = "") -> None:
    """All three streams are terminals from now on."""
    for name, stream in (
        ("stdin", Terminal(typed)),
        ("stdout", Terminal()),
        ("stderr", Terminal()),
    ):
        monkeypatch.setattr(sys, name, stream)


@pytest.mark.parametrize(
    ("flag", "environ", "colored"),
    [
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"CLICOLOR_FORCE": "1"}, False),
        ("auto", {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"CLICOLOR_FORCE": "1", "CLICOLOR": "0", "TERM": "dumb"}, True),
        ("auto", {"CLICOLOR_FORCE": "0", "CLICOLOR": "0"}, False),
        ("auto", {"CLICOLOR": "0"}, False),
        ("auto", {"TERM": "dumb"}, False),
        ("auto", {}, True),
    ],
)
def test_colour_follows_its_precedence_on_a_terminal(
    flag: str, environ: dict[str, str], colored: bool
) -> None:
    output = Output(environ)
    output.color = flag
    assert output.colored(Terminal()) is colored


def test_a_pipe_gets_colour_only_when_forced() -> None:
    assert not Output({}).colored(io.StringIO())
    assert Output({"CLICOLOR_FORCE": "1"}).colored(io.StringIO())


def test_a_table_is_aligned_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    assert Output({}).table(["A", "B"], [["long one", 1]]) == ["A         B", "long one  1"]


def test_a_piped_table_is_tab_separated_without_headers() -> None:
    rows: list[list[object]] = [["two\twords", None], ["x", 2.5]]
    assert Output({}).table(["A", "B"], rows) == ["two words\t", "x\t2.5"]


def test_json_is_ascii_and_keeps_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output({})
    output.json = True
    output.warn("careful")
    output.show("thing", {"name": "naïve \x1b[31m \u202e"})
    out, err = capsys.readouterr()
    assert out.isascii()
    assert json.loads(out) == {
        "schema": "infernet.thing/1",
        "ok": True,
        "name": "naïve \x1b[31m \u202e",
        "warnings": ["careful"],
    }
    assert err == "warning: careful\n"


def test_a_stream_that_fails_ends_with_a_result_line(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output({})
    output.json = True
    output.event("token", text="a")
    output.fail(NodeNotRunning(hint="infernet start"))
    first, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"type": "token", "text": "a"}
    assert (last["type"], last["ok"], last["error"]["code"]) == (
        "result",
        False,
        "daemon_unreachable",
    )


def test_quiet_silences_narration_but_not_the_error(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output({})
    output.quiet = True
    output.note("working")
    output.fail(NodeNotRunning(hint="infernet start"))
    assert capsys.readouterr().err == "error: The node is not running.\n  → infernet start\n"


def test_without_a_terminal_a_question_is_an_error() -> None:
    with pytest.raises(NeedsTerminal):
        Output({}).confirm("Delete everything?")


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "nope\n"])
def test_only_yes_is_yes(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    on_a_terminal(monkeypatch, answer)
    with pytest.raises(Declined):
        Output({}).confirm("Delete everything?")


def test_yes_is_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch, "Y\n")
    Output({}).confirm("Delete everything?")


@pytest.mark.parametrize("setting", ["json", "no_input"])
def test_nobody_is_asked_when_a_flag_forbids_it(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    on_a_terminal(monkeypatch)
    output = Output({})
    setattr(output, setting, True)
    assert not output.interactive


def test_the_environment_can_forbid_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    assert Output({}).interactive
    assert not Output({"INFERNET_NONINTERACTIVE": "1"}).interactive


def test_fields_reach_into_objects_and_lists() -> None:
    document = {"row": {"id": 1, "name": "n"}, "models": [{"a": 1, "b": 2}, {"b": 3}], "next": None}
    assert select(document, parse("row.name, models.a")) == {
        "row": {"name": "n"},
        "models": [{"a": 1}, {"a": None}],
    }
    assert select(document, parse("row,row.id")) == {"row": document["row"]}
    with pytest.raises(UsageError, match="nope"):
        select(document, parse("nope"))
