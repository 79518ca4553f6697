"""`infernet setup`: what it prints, asks and answers; the steps are a test's own."""

import asyncio
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infernet_tui.cli.output import Output
from infernet_tui.cli.setup_walk import PlainWalk, SetupIncomplete
from infernet_tui.errors import Declined, InfernetError
from infernet_tui.setup.context import Wishes
from infernet_tui.setup.memory import SetupState
from infernet_tui.setup.step import (
    Choice,
    Finding,
    Option,
    State,
    Text,
    YesNo,
    done,
    failed,
    unknown,
)
from infernet_tui.setup.walk import Setup
from tests.support.cli import Finished, Infernet
from tests.support.setup_parts import ScriptedStep, context

WHICH = Choice(
    "Which model?",
    (Option("nano", "nano", "≈2 MB", "built in"), Option("big", "big", "≈4.4 GB", "fits")),
    "big",
    other="or type a name",
)


def todo(summary: str, question: Any = None, **more: Any) -> Finding:
    return Finding(State.TODO, summary, question=question, **more)


@pytest.fixture
def walk(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Finished]]:
    """Walks through steps, with a person at the keyboard if something is typed."""
    with asyncio.Runner() as runner:

        def run(*steps: ScriptedStep, typed: str | None = None, **flags: Any) -> Finished:
            wishes = flags.pop("wishes", Wishes())
            output = Output({"NO_COLOR": "1"})
            for name, value in flags.items():
                setattr(output, name, value)
            if typed is not None:
                monkeypatch.setattr("sys.stdin", io.StringIO(typed))
                monkeypatch.setattr("infernet_tui.cli.output._is_terminal", lambda stream: True)
            capsys.readouterr()
            code = 0
            try:
                PlainWalk(output, Setup(context(wishes=wishes), steps), runner).run()
            except InfernetError as error:
                output.fail(error)
                code = int(error.exit_code)
            out, err = capsys.readouterr()
            return Finished(code, out, err)

        yield run


def test_the_lines_are_those_of_the_documentation(walk: Callable[..., Finished]) -> None:
    finished = walk(
        ScriptedStep(1, "runtime", [done("Python 3.11.7")], "Runtime"),
        ScriptedStep(
            2, "identity", [todo("no identity yet"), done("identity: 5d0de683…")], "Identity"
        ),
        yes=True,
    )
    assert finished.code == 0
    assert finished.out.splitlines() == [
        "[1/2] Runtime  ✓ Python 3.11.7",
        "[2/2] Identity ! no identity yet",
        "      ✓ identity: 5d0de683…",
        "✓ setup complete",
    ]


def test_confirm_says_yes_and_takes_what_is_suggested(walk: Callable[..., Finished]) -> None:
    firewall = ScriptedStep(
        1, "firewall", [todo("closed", YesNo("Run it?", False), command="ufw allow 1"), done("ok")]
    )
    model = ScriptedStep(2, "model", [todo("none", WHICH), done("ok")])
    config = ScriptedStep(3, "config", [todo("none", Text("URL", "https://a.example")), done("ok")])
    finished = walk(firewall, model, config, yes=True)
    assert (firewall.answers, model.answers, config.answers) == (
        [True],
        ["big"],
        ["https://a.example"],
    )
    assert "      Will run: ufw allow 1\n" in finished.out


def test_a_person_is_asked_until_the_answer_is_one(walk: Callable[..., Finished]) -> None:
    model = ScriptedStep(1, "model", [todo("none", WHICH), done("ok")])
    config = ScriptedStep(2, "config", [todo("none", Text("URL", "https://a.example")), done("ok")])
    finished = walk(model, config, typed="7\n1\n\n")
    assert model.answers == ["nano"]
    assert config.answers == ["https://a.example"]
    assert "“7” is not one of 1 to 2." in finished.err
    assert "1)  nano  ≈2 MB    built in" in finished.err
    assert finished.err.count("Choice [2]:") == 2


def test_no_and_skip_leave_a_step_out_and_it_is_asked_about_again(
    walk: Callable[..., Finished],
) -> None:
    def steps() -> list[ScriptedStep]:
        closed = todo("closed", YesNo("Run it?", False), command="ufw allow 1")
        return [
            ScriptedStep(1, "firewall", [closed, done("ok")]),
            ScriptedStep(2, "model", [todo("none", WHICH), done("ok")]),
        ]

    first = steps()
    finished = walk(*first, typed="\nskip\n")
    assert first[0].answers == first[1].answers == []
    assert finished.out.splitlines()[-1] == "✓ setup complete (left out: Firewall, Model)"
    assert SetupState().is_skipped("firewall")
    second = steps()
    assert walk(*second, typed="y\nbig\n").code == 0
    assert second[0].answers == [True]
    assert SetupState().is_done("firewall")


def test_no_can_be_an_answer_of_its_own(walk: Callable[..., Finished]) -> None:
    install = YesNo("Install Ollama now?", True, no_skips=False)
    step = ScriptedStep(1, "engine", [todo("missing", install), todo("none", WHICH), done("ok")])
    assert walk(step, typed="n\nnano\n").code == 0
    assert step.answers == [False, "nano"]


def test_a_step_that_fails_says_the_fix_and_the_rest_goes_on(walk: Callable[..., Finished]) -> None:
    broken = ScriptedStep(1, "engine", [failed("it is gone", "infernet setup --backend llamacpp")])
    last = ScriptedStep(2, "daemon", [todo("not running"), done("daemon running")])
    finished = walk(broken, last, yes=True)
    assert finished.code == 1
    assert "✗ it is gone\n      → infernet setup --backend llamacpp\n" in finished.out
    assert "✓ daemon running" in finished.out
    assert "Setup is not complete: Engine did not work." in finished.err


def test_what_failed_can_be_put_right_by_a_person(walk: Callable[..., Finished]) -> None:
    question = Finding(State.FAILED, "gone", question=WHICH, hint="try another")
    step = ScriptedStep(1, "engine", [question, done("ok")])
    assert walk(step, typed="nano\n").code == 0
    assert step.answers == ["nano"]


def test_what_cannot_be_told_is_a_warning(walk: Callable[..., Finished]) -> None:
    finished = walk(
        ScriptedStep(1, "registration", [unknown("unreachable", "infernet register")]), yes=True
    )
    assert finished.code == 0
    assert "! unreachable" in finished.out
    assert "(left out: Registration)" in finished.out


def test_the_end_of_the_input_ends_it_and_it_goes_on_there(walk: Callable[..., Finished]) -> None:
    first = ScriptedStep(1, "runtime", [done("ok")])
    second = ScriptedStep(2, "model", [todo("none", WHICH), done("ok")])
    assert walk(first, second, typed="").code == Declined.exit_code
    assert Setup(context(), [first, second]).first_open() is second


def test_a_flag_leaves_a_step_out_unseen(walk: Callable[..., Finished]) -> None:
    step = ScriptedStep(1, "firewall", [InfernetError("must not be looked at")])
    finished = walk(step, yes=True, wishes=Wishes(left_out={"firewall": "--no-firewall"}))
    assert finished.out.splitlines()[0] == "[1/1] Firewall – skipped (--no-firewall)"


def test_every_line_of_json_fits_its_schema(walk: Callable[..., Finished]) -> None:
    good = [todo("none"), done("ok", "because")]
    finished = walk(ScriptedStep(1, "model", list(good)), yes=True, json=True)
    progress, step, result = finished.lines("setup")
    assert progress["text"] == "model at work"
    assert (step["state"], step["changed"]) == ("done", True)
    assert (result["ok"], result["steps"], result["changed"]) == (True, {"model": "done"}, True)
    bad = walk(ScriptedStep(1, "model", [failed("broken")]), yes=True, json=True, streaming=True)
    last = bad.lines("setup")[-1]
    assert last["error"]["code"] == SetupIncomplete.code
    assert last["error"]["details"]["steps"] == {"model": "failed"}


def test_words_of_others_reach_the_terminal_without_their_escapes(
    walk: Callable[..., Finished],
) -> None:
    hostile = "\x1b]52;c;aGk=\x07bad\x1b[2J"
    finished = walk(ScriptedStep(1, "engine", [failed(hostile, hostile, hostile)]), yes=True)
    assert "\x1b" not in finished.out
    assert "bad" in finished.out


@pytest.mark.parametrize("flags", [[], ["--no-tui"], ["--skip-payouts", "--model", "x"]])
def test_without_a_terminal_it_asks_for_confirm(infernet: Infernet, flags: list[str]) -> None:
    finished = infernet("setup", *flags)
    assert finished.code == 9
    assert "infernet setup --confirm" in finished.err
    (line,) = infernet("setup", *flags, "--json").lines("setup")
    assert line["error"]["exit"] == 9


def test_flags_that_exclude_each_other_are_told(infernet: Infernet) -> None:
    assert infernet("setup", "--confirm", "--skip-pull", "--model", "x").code == 2
    assert infernet("setup", "--confirm", "--backend", "warp").code == 2
