"""Models: the table, whether one fits, pulls, use, load, delete, a test prompt."""

import pytest
from textual.pilot import Pilot

from infernet_tui.screens.dialogs import AskText, Confirm, ShowLines
from infernet_tui.screens.model_test import TestPrompt
from infernet_tui.screens.models import ModelsScreen
from tests.support.cockpit import app_of, cockpit, panel_text, text_of, until
from tests.support.gated import Gate, gated_session

HALF = 30
"""Of the demo's sixty steps of a pull."""


def models_screen(pilot: Pilot[int]) -> ModelsScreen:
    screen = app_of(pilot).cockpit_screen
    assert isinstance(screen, ModelsScreen)
    return screen


def state_of(pilot: Pilot[int], name: str) -> str:
    """The words of a row after its name."""
    row = next(row for row in text_of(pilot).splitlines() if f" {name} " in row)
    return " ".join(row.split(name, 1)[1].split())


async def do(pilot: Pilot[int], how: str, key: str, label: str, command: str) -> None:
    """Run an action by its key, through the palette, or with the mouse in the footer."""
    if how == "key":
        await pilot.press(key)
    elif how == "palette":
        await pilot.press("colon", *command, "enter")
    else:
        row = text_of(pilot).splitlines()[-1]
        assert f"{key} {label}" in row
        await pilot.click("KeyBar", offset=(row.index(f"{key} {label}"), 0))


HOW = pytest.mark.parametrize("how", ["key", "palette", "mouse"])


async def test_rows_say_what_each_model_is_to_this_node() -> None:
    async with cockpit("busy", screen="models") as pilot:
        assert state_of(pilot, "qwen2.5:14b").startswith("ACTIVE loaded 9.0 GB")
        assert state_of(pilot, "mistral-small:24b").startswith("on disk 14.3 GB")
        assert state_of(pilot, "deepseek-r1:671b").startswith("to pull 404 GB")
        assert "CPU only" in state_of(pilot, "deepseek-r1:671b")
        arithmetic = panel_text(pilot, "#detail")
        assert "9.0 GB weights + 1.6 GB KV cache" in arithmetic


@HOW
async def test_use_is_done_at_once_and_can_be_undone(how: str) -> None:
    async with cockpit("busy", screen="models") as pilot:
        await pilot.press("down")
        await do(pilot, how, "u", "Use", "model use llama3.1:8b")
        await until(pilot, lambda: state_of(pilot, "llama3.1:8b").startswith("ACTIVE"))
        assert app_of(pilot).commands[0][1] == "infernet model use llama3.1:8b"
        await pilot.press("U")
        await until(pilot, lambda: state_of(pilot, "qwen2.5:14b").startswith("ACTIVE"))


@HOW
async def test_load_brings_into_memory_and_unload_frees_it(how: str) -> None:
    async with cockpit("busy", screen="models") as pilot:
        await pilot.press("down", "down", "down")
        await do(pilot, how, "L", "Load", "model load mistral-small:24b")
        await until(pilot, lambda: state_of(pilot, "mistral-small:24b").startswith("loaded"))
        await do(pilot, how, "L", "Load", "model load mistral-small:24b")
        await until(pilot, lambda: state_of(pilot, "mistral-small:24b").startswith("on disk"))
        assert app_of(pilot).commands[0][1] == "infernet model unload mistral-small:24b"


@HOW
async def test_delete_says_what_is_freed_and_is_not_confirmed_by_its_own_key(how: str) -> None:
    async with cockpit("busy", screen="models") as pilot:
        await pilot.press("down")
        await do(pilot, how, "d", "Delete", "model remove llama3.1:8b")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        assert "Frees 4.9 GB of disk" in text_of(pilot)
        assert "infernet model remove llama3.1:8b" in text_of(pilot)
        await pilot.press("d")
        assert isinstance(app_of(pilot).screen, Confirm)
        await pilot.press("y")
        await until(pilot, lambda: "llama3.1:8b" not in panel_text(pilot, "#models"))
        assert not isinstance(app_of(pilot).screen, Confirm)


async def test_without_models_it_says_which_to_pull() -> None:
    async with cockpit("idle", screen="models") as pilot:
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        await pilot.press("y")
        words = "No models on disk. Press a, or: `infernet model pull qwen2.5:3b`"
        await until(pilot, lambda: words in text_of(pilot))
        assert state_of(pilot, "qwen2.5:3b").startswith("recommended")


@HOW
async def test_the_fit_report_adds_up_line_by_line(how: str) -> None:
    async with cockpit("busy", screen="models") as pilot:
        await do(pilot, how, "i", "Fit", "model: does it")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, ShowLines))
        await until(pilot, lambda: "What it needs" in text_of(pilot))
        for words in ("weights", "KV cache", "for 8,192 tokens", "needed", "11.2 GB", "343.6 GB"):
            assert words in text_of(pilot).replace("344 GB", "343.6 GB")


@HOW
async def test_pulls_run_at_once_and_go_on_when_the_screen_is_left(how: str) -> None:
    gate = Gate()
    async with cockpit(screen="models", session=gated_session(gate)) as pilot:
        app, screen = app_of(pilot), models_screen(pilot)
        await do(pilot, how, "a", "Pull", "model pull qwen2.5:3b")
        if how != "palette":
            await until(pilot, lambda: isinstance(app.screen, AskText))
            await pilot.press("ctrl+u", *"qwen2.5:3b", "enter")
        await pilot.press("colon", *"model pull qwen2.5:0.5b", "enter")
        await until(pilot, lambda: len(screen.pulls.running) == 2)
        gate.step(HALF)
        await until(pilot, lambda: any(pull.fraction for pull in screen.pulls.running))
        assert "pulling" in state_of(pilot, "qwen2.5:0.5b")
        assert "qwen2.5:0.5b" in panel_text(pilot, "#pulls")
        assert "left" in panel_text(pilot, "#pulls")
        assert "Being pulled: " in (app.unfinished.loss() or "")
        await pilot.press("1")
        await until(pilot, lambda: app.current_mode == "home")
        gate.open()
        await until(pilot, lambda: not screen.pulls.running)
        assert app.unfinished.loss() is None
        await until(pilot, lambda: any("is here" in each.text for each in app.notices.newest))
        await pilot.press("2")
        await until(pilot, lambda: app.current_mode == "models")
        await until(pilot, lambda: "on disk" in state_of(pilot, "qwen2.5:3b"))


@pytest.mark.parametrize("how", ["x", "ctrl+c", "palette"])
async def test_a_stopped_pull_keeps_what_came(how: str) -> None:
    gate = Gate()
    async with cockpit(screen="models", session=gated_session(gate)) as pilot:
        screen = models_screen(pilot)
        await pilot.press("colon", *"model pull qwen2.5:3b", "enter")
        gate.step(HALF)
        await until(pilot, lambda: "50%" in text_of(pilot))
        if how == "palette":
            await pilot.press("colon", *"model: stop", "enter")
        else:
            await pilot.press(how)
        await until(pilot, lambda: not screen.pulls.running)
        await until(pilot, lambda: "to pull" in state_of(pilot, "qwen2.5:3b"))
        await pilot.press("colon", *"model pull qwen2.5:3b", "enter")
        gate.step(1)
        await until(pilot, lambda: "51%" in text_of(pilot))


async def test_a_pull_that_fails_says_why() -> None:
    async with cockpit("busy", screen="models") as pilot:
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, AskText))
        await pilot.press("ctrl+u", *"no such model", "enter")
        await until(pilot, lambda: "No model “no such model” in the registry." in text_of(pilot))


async def test_enter_on_an_available_model_asks_for_it_with_its_verdict() -> None:
    async with cockpit("busy", screen="models") as pilot:
        await pilot.press("G", "enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, AskText))
        await until(pilot, lambda: "404 GB, CPU only" in text_of(pilot))
        await pilot.press("escape")
        assert models_screen(pilot).pulls.running == ()


@HOW
async def test_a_test_prompt_streams_the_answer_and_its_speed(how: str) -> None:
    gate = Gate()
    size = (120, 40) if how == "mouse" else (80, 24)
    async with cockpit(screen="models", session=gated_session(gate), size=size) as pilot:
        await do(pilot, how, "T", "Test", "model: test")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, TestPrompt))
        await until(pilot, lambda: "reads the question" in text_of(pilot))
        gate.step(3)
        await until(pilot, lambda: "This is the demo" in text_of(pilot))
        gate.open()
        await until(pilot, lambda: "first token 310 ms · 84.0 tok/s" in text_of(pilot))
        await pilot.press("escape")
        assert not isinstance(app_of(pilot).screen, TestPrompt)


async def test_what_is_not_on_disk_says_why_it_cannot_be_used() -> None:
    async with cockpit("busy", screen="models") as pilot:
        await pilot.press("G", "u")
        await until(pilot, lambda: "not on disk. a pulls it." in text_of(pilot))


async def test_a_lost_node_leaves_the_models_dimmed_and_dated() -> None:
    async with cockpit("busy", screen="models") as pilot:
        app = app_of(pilot)
        app.session.is_wanted = False
        app.feed.client = None
        models_screen(pilot).redraw()
        await until(pilot, lambda: "stale 0 s" in text_of(pilot))
        roles = {span.role for span in models_screen(pilot).table_of_models.body[3]}
        assert "stale" in roles
