"""The setup wizard: what is asked, what an answer does, and that nothing stands in the way."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from infernet_tui.errors import UsageError
from infernet_tui.session import is_set_up
from infernet_tui.setup.memory import Mark, SetupState
from infernet_tui.setup.step import Choice, Finding, Option, State, Text, failed, unknown
from tests.support.cockpit import app_of, cockpit, panel_text, text_of, until
from tests.support.wizard import (
    BROKEN,
    ENGINE,
    FINE,
    FIREWALL,
    MODEL,
    NAME,
    EndlessStep,
    eight,
    press,
    rest,
    wizard,
    wizard_of,
)

MARKS = ("runtime", "engine", "model", "firewall", "config", "identity", "registration", "daemon")


def checked(words: str) -> str:
    if len(words) < 3:
        raise UsageError("A name has at least three letters.")
    return words


async def command(pilot: Pilot[int], words: str) -> None:
    """Through the palette."""
    await pilot.press("colon")
    await pilot.pause()
    await pilot.press(*words, "enter")
    await rest(pilot)


async def test_the_first_step_says_what_will_happen_and_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with wizard(monkeypatch, eight(engine=ENGINE)) as pilot:
        assert "Eight steps make this machine a node." in text_of(pilot)
        assert "1/8 Runtime" in text_of(pilot)
        await press(pilot, "enter")
        assert "2/8 Engine" in text_of(pilot)
        assert "Runtime: as it should be" in panel_text(pilot, "#step")


async def test_a_choice_is_made_with_the_keys_and_goes_on_to_the_next_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = eight(engine=ENGINE, model=MODEL)
    async with wizard(monkeypatch, steps) as pilot:
        await press(pilot, "enter", "j", "enter")
        assert steps[1].answers == ["ollama"]
        assert "3/8 Model" in text_of(pilot)
        assert app_of(pilot).commands[0][1] == "infernet setup --backend ollama"


async def test_a_model_may_also_be_typed_and_escape_returns_to_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = eight(model=MODEL)
    async with wizard(monkeypatch, steps) as pilot:
        await press(pilot, "enter", "G", "enter")
        field = wizard_of(pilot).query_one("#answer", Input)
        assert field.has_focus
        await press(pilot, "escape")
        assert not field.display
        await press(pilot, "G", "enter", *"mistral:7b", "enter")
        assert steps[2].answers == ["mistral:7b"]


async def test_a_text_is_judged_while_it_is_typed_and_only_a_good_one_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    question = Text("Human-readable node name", "", checked)
    steps = eight(identity=Finding(State.TODO, "no identity yet", question=question))
    async with wizard(monkeypatch, steps) as pilot:
        await press(pilot, "enter", "r", "q")
        assert "A name has at least three letters." in text_of(pilot)
        await press(pilot, "enter")
        assert steps[5].answers == []
        assert "Continue (enter)" in text_of(pilot)
        await press(pilot, "1", "enter")
        assert steps[5].answers == ["rq1"]


async def test_a_command_that_needs_rights_is_shown_and_no_leaves_the_step_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = eight(firewall=FIREWALL)
    async with wizard(monkeypatch, steps) as pilot:
        await press(pilot, "enter")
        assert "Will run: sudo ufw allow 46337/tcp" in text_of(pilot)
        await press(pilot, "enter")  # the cursor is on No
        assert steps[3].answers == []
        assert "Setup complete, without: Firewall." in text_of(pilot)
        await pilot.press("1")
        await until(pilot, lambda: app_of(pilot).current_mode == "home")
        await pilot.pause()
        assert "Setup left out: Firewall" in text_of(pilot)
        await pilot.press("f2")
        await until(pilot, lambda: app_of(pilot).current_mode == "setup")
    assert SetupState().is_skipped("firewall")


async def test_yes_runs_the_command_that_was_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = eight(firewall=FIREWALL)
    async with wizard(monkeypatch, steps) as pilot:
        await press(pilot, "enter", "k", "enter")
        assert steps[3].answers == [True]
        assert app_of(pilot).commands[0][1] == "sudo ufw allow 46337/tcp"


@pytest.mark.parametrize("key", ["c", "ctrl+c"])
async def test_a_download_shows_how_far_it_is_and_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    model = EndlessStep(3, "model", [MODEL], "Model")
    async with wizard(monkeypatch, eight(model=model)) as pilot:
        await press(pilot, "enter", "enter")
        await until(pilot, lambda: "26%" in text_of(pilot))
        assert "1.2 GB of 4.7 GB" in text_of(pilot)
        await press(pilot, "b", "x")  # neither leaves it now
        assert wizard_of(pilot).is_working
        assert "is being worked on" in str(app_of(pilot).unfinished.loss())
        await press(pilot, key)
        await until(pilot, lambda: model.cancelled == 1)
        await rest(pilot)
        assert "Stopped. What was downloaded stays here" in panel_text(pilot, "#step")
        assert "Which model should this node serve?" in text_of(pilot)


async def test_a_step_that_fails_shows_its_fix_and_the_rest_goes_on_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with wizard(monkeypatch, eight(identity=BROKEN)) as pilot:
        await press(pilot, "enter")
        assert "FAILED" in text_of(pilot)
        assert "The fix: curl http://127.0.0.1:8787/api/health" in text_of(pilot)
        await press(pilot, "enter")  # tried again, in vain
        assert "6/8 Identity" in text_of(pilot)
        await press(pilot, "x")
        assert "Setup complete, without: Identity." in text_of(pilot)


async def test_a_step_that_failed_may_choose_again(monkeypatch: pytest.MonkeyPatch) -> None:
    again = failed("Ollama does not answer", "ollama serve")
    again = Finding(again.state, again.summary, hint=again.hint, question=ENGINE.question)
    steps = eight(engine=[ENGINE, again, FINE])
    async with wizard(monkeypatch, steps) as pilot:
        await press(pilot, "enter", "j", "enter")
        assert "The fix: ollama serve" in text_of(pilot)
        await press(pilot, "k", "enter")
        assert steps[1].answers == ["ollama", "llamacpp"]
        assert "Setup complete" in text_of(pilot)


async def test_what_cannot_be_told_is_a_warning_and_enter_looks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = unknown("the control plane cannot be reached", "infernet register, when it can be")
    async with wizard(monkeypatch, eight(registration=[lost, FINE])) as pilot:
        await press(pilot, "enter")
        assert "unclear" in text_of(pilot)
        await press(pilot, "enter")
        assert "Setup complete" in text_of(pilot)


async def test_any_step_can_be_opened_from_the_checklist_and_only_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = eight(daemon=[FINE, Finding(State.TODO, "daemon not running"), FINE])
    async with wizard(monkeypatch, steps) as pilot:
        await press(pilot, "enter")
        assert "Setup complete" in text_of(pilot)
        wizard_of(pilot).query_one("#steps").focus()
        await press(pilot, "G", "enter")
        assert "daemon not running" in text_of(pilot)
        assert steps[7].answers == []
        await press(pilot, "enter")
        assert steps[7].answers == [None]
        await pilot.click("#steps", offset=(5, 2))
        await rest(pilot)
        assert "2/8 Engine" in text_of(pilot)


async def test_back_and_skip_work_by_palette_and_by_mouse(monkeypatch: pytest.MonkeyPatch) -> None:
    async with wizard(monkeypatch, eight(engine=ENGINE, model=MODEL)) as pilot:
        await press(pilot, "enter")
        await command(pilot, "setup: back")
        assert "1/8 Runtime" in text_of(pilot)
        await command(pilot, "setup: continue")
        await command(pilot, "setup: skip")
        assert "3/8 Model" in text_of(pilot)
        foot = text_of(pilot).splitlines()[-1]
        await pilot.click("KeyBar", offset=(foot.index("Skip"), 0))
        await rest(pilot)
        assert "Setup complete, without: Engine, Model." in text_of(pilot)
        await pilot.click("KeyBar", offset=(foot.index("Back"), 0))
        await rest(pilot)
        assert "8/8 Daemon" in text_of(pilot)
        await pilot.click("KeyBar", offset=(foot.index("Continue"), 0))
        await rest(pilot)
        assert "Setup complete" in text_of(pilot)


async def test_after_setup_enter_asks_a_first_question(monkeypatch: pytest.MonkeyPatch) -> None:
    async with wizard(monkeypatch, eight()) as pilot:
        await press(pilot, "enter")
        assert 'infernet "what is 2+2?"' in text_of(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: app_of(pilot).current_mode == "chat")


async def test_setup_goes_on_where_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    state = SetupState()
    state.mark("runtime", Mark.DONE)
    state.mark("engine", Mark.SKIPPED)
    async with wizard(monkeypatch, eight(model=MODEL)) as pilot:
        assert "3/8 Model" in text_of(pilot)
        assert "skipped" in text_of(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app_of(pilot).current_mode == "home")
        await pilot.pause()
        assert "Setup stopped at step 3, Model" in text_of(pilot)


async def test_what_was_answered_can_be_answered_anew(tmp_path: Path) -> None:
    """With the real steps: the engine is chosen, and chosen again."""
    from infernet_tui.node.options import NodeOptions
    from infernet_tui.session import NodeSession

    async with cockpit(screen="setup", session=NodeSession(NodeOptions)) as pilot:
        await rest(pilot)
        await press(pilot, "enter", "enter")
        assert "3/8 Model" in text_of(pilot)
        await press(pilot, "b", "e")
        assert "now: llamacpp" in panel_text(pilot, "#step")
        assert "> llama.cpp, built in" in text_of(pilot)
        assert not is_set_up()


async def test_a_name_that_would_be_an_escape_sequence_is_harmless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evil = "[@click=app.quit]x[/] \x1b]52;c;ZXZpbA==\x07 [/]"
    question = Choice("Which?", (Option("a", evil, note=evil), Option("b", "b")), "b")
    finding = Finding(State.TODO, evil, evil, evil, question)
    async with wizard(monkeypatch, eight(model=finding)) as pilot:
        await press(pilot, "enter")
        assert "3/8 Model" in text_of(pilot)
        assert "\x1b" not in text_of(pilot)


async def test_read_only_looks_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = eight(engine=ENGINE)
    async with wizard(monkeypatch, steps, read_only=True) as pilot:
        await press(pilot, "enter")
        assert "1/8 Runtime" in text_of(pilot)
        assert "Read-only" in app_of(pilot).notices.newest[0].text
        assert steps[1].answers == []


async def test_the_demo_is_a_tour_that_writes_nothing(tmp_path: Path) -> None:
    async with cockpit("busy", screen="setup") as pilot:
        await rest(pilot)
        for _ in range(12):
            if "Setup complete" in text_of(pilot):
                break
            assert wizard_of(pilot).flow is not None
            await press(pilot, "enter")
        assert "Setup complete" in text_of(pilot)
    assert not (tmp_path / "config" / "infernet" / "config.json").exists()
    assert not (tmp_path / "config" / "infernet" / "setup.json").exists()


async def test_nothing_is_cut_off_at_80x24_while_a_name_is_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with wizard(monkeypatch, eight(identity=NAME)) as pilot:
        await press(pilot, "enter")
        rows = text_of(pilot).splitlines()
        assert "provider@rig" in text_of(pilot)
        assert "Continue (enter)" in rows[-2]
        assert "enter Continue" in rows[-1]
