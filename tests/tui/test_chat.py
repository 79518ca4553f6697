"""Chat: asking, the answer as it comes, stopping, the model, the route, drafts."""

import signal
from contextlib import nullcontext
from pathlib import Path

import pytest
from textual.pilot import Pilot

from infernet_tui.demo.strangers import ESCAPES
from infernet_tui.errors import InfernetError
from infernet_tui.external_editor import editor
from infernet_tui.screens.chat import ChatScreen
from infernet_tui.screens.chat_options import ChatOptions
from infernet_tui.screens.dialogs import Confirm, PickOne
from tests.support.cockpit import app_of, cockpit, panel_text, text_of, until
from tests.support.gated import Gate, gated_session
from tests.tui.test_models import do

HOW = pytest.mark.parametrize("how", ["key", "palette", "mouse"])


def chat_screen(pilot: Pilot[int]) -> ChatScreen:
    screen = app_of(pilot).cockpit_screen
    assert isinstance(screen, ChatScreen)
    return screen


def state(pilot: Pilot[int]) -> str | None:
    last = chat_screen(pilot).talk.last
    return last.state if last else None


async def test_an_answer_comes_with_who_gave_it_and_what_it_took() -> None:
    async with cockpit("busy", screen="chat") as pilot:
        words = "Ask anything. Model qwen2.5:14b on this node, price $0. m changes it."
        assert words in text_of(pilot)
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: state(pilot) == "done")
        said = panel_text(pilot, "#transcript")
        assert " > hello" in said
        assert "1. meta says who answers," in said
        assert "rig-01 · qwen2.5:14b · first token 310 ms · 84.0 tok/s" in said
        assert "tokens · $0" in said
        assert chat_screen(pilot).composer.text == ""


@pytest.mark.parametrize("newline", ["alt+enter", "ctrl+j", "backslash,enter"])
async def test_a_message_may_have_several_lines(newline: str) -> None:
    async with cockpit("busy", screen="chat") as pilot:
        await pilot.press("a", *newline.split(","), "b")
        assert chat_screen(pilot).composer.text == "a\nb"
        await pilot.press("enter")
        await until(pilot, lambda: state(pilot) == "done")
        last = chat_screen(pilot).talk.last
        assert last is not None
        assert last.question == "a\nb"


@HOW
async def test_send(how: str) -> None:
    async with cockpit("busy", screen="chat") as pilot:
        await pilot.press(*"hello")
        if how == "palette":
            await pilot.press("ctrl+p", *"chat: send", "enter")
        else:
            await do(pilot, how, "enter", "Send", "")
        await until(pilot, lambda: state(pilot) == "done")


@pytest.mark.parametrize("how", ["escape", "ctrl+c", "palette"])
async def test_stopping_keeps_what_came_and_lets_the_node_go(how: str) -> None:
    gate = Gate()
    async with cockpit(screen="chat", session=gated_session(gate)) as pilot:
        await pilot.press("ctrl+n", *"hello", "enter")
        gate.step(3)
        await until(pilot, lambda: "This is the demo" in panel_text(pilot, "#transcript"))
        assert app_of(pilot).unfinished.loss() == "An answer is coming in Chat; quitting stops it."
        if how == "palette":
            await pilot.press("ctrl+p", *"chat: stop", "enter")
        else:
            await pilot.press(how)
        await until(pilot, lambda: state(pilot) == "stopped")
        await until(pilot, lambda: "stopped" in panel_text(pilot, "#transcript"))
        assert chat_screen(pilot).composer.has_focus
        jobs = (await app_of(pilot).request("jobs", {"limit": 1}))["jobs"]
        assert (jobs[0]["state"], jobs[0]["error"]) != ("running", None)


@HOW
async def test_again_takes_the_place_of_the_last_answer(how: str) -> None:
    async with cockpit("busy", screen="chat") as pilot:
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: state(pilot) == "done")
        first = chat_screen(pilot).talk.last
        if how == "palette":
            await pilot.press("ctrl+p", *"regenerate", "enter")
        elif how == "key":
            await pilot.press("ctrl+r")
        else:
            await do(pilot, how, "^r", "Again", "")
        await until(pilot, lambda: chat_screen(pilot).talk.last is not first)
        await until(pilot, lambda: state(pilot) == "done")
        assert len(chat_screen(pilot).talk.turns) == 1


@HOW
async def test_the_model_is_picked_once_the_field_is_left(how: str) -> None:
    async with cockpit("busy", screen="chat") as pilot:
        await pilot.press("escape")
        await do(pilot, how, "m", "Model", "chat: model")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, PickOne))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: "Model llama3.1:8b on this node" in text_of(pilot))
        await pilot.press("enter", *"hi", "enter")
        await until(pilot, lambda: state(pilot) == "done")
        assert "serves llama3.1:8b" in panel_text(pilot, "#transcript")


@HOW
async def test_the_route_is_the_network_or_this_node(how: str) -> None:
    async with cockpit("busy", screen="chat") as pilot:
        if how == "palette":
            await pilot.press("ctrl+p", *"chat: network", "enter")
        elif how == "key":
            await pilot.press("ctrl+n")
        else:
            await do(pilot, how, "^n", "Route", "")
        await until(pilot, lambda: "to the network  model any" in text_of(pilot))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "to this node (local)  model qwen2.5:14b" in text_of(pilot))


async def test_an_unreachable_network_says_so_and_what_to_do() -> None:
    async with cockpit("trouble", screen="chat") as pilot:
        await pilot.press("ctrl+n", *"hello", "enter")
        await until(pilot, lambda: state(pilot) == "failed")
        await until(pilot, lambda: "connection refused" in panel_text(pilot, "#transcript"))
        assert "next: infernet doctor" in panel_text(pilot, "#transcript")


@HOW
async def test_system_prompt_and_temperature(how: str) -> None:
    async with cockpit("busy", screen="chat") as pilot:
        await pilot.press("escape")
        await do(pilot, how, "o", "Options", "chat: system")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, ChatOptions))
        await pilot.press(*"Be brief.", "enter", *"99", "enter")
        await until(pilot, lambda: "a number from 0 to 10" in text_of(pilot))
        await pilot.press("ctrl+u", *"0.5", "enter")
        await until(pilot, lambda: "temperature 0.5  system set" in text_of(pilot))
        talk = chat_screen(pilot).talk
        assert talk.payload("hi", "local")["messages"][0]["content"] == "Be brief."


async def test_a_new_conversation_can_be_undone() -> None:
    async with cockpit("busy", screen="chat") as pilot:
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: state(pilot) == "done")
        await pilot.press("escape", "N")
        await until(pilot, lambda: "Ask anything." in text_of(pilot))
        await pilot.press("U")
        await until(pilot, lambda: "> hello" in panel_text(pilot, "#transcript"))


async def test_a_draft_outlives_a_visit_elsewhere_and_is_asked_about() -> None:
    async with cockpit("busy", screen="chat") as pilot:
        await pilot.press(*"half a", "escape", "1")
        await until(pilot, lambda: app_of(pilot).current_mode == "home")
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        assert "typed and not sent" in text_of(pilot)
        await pilot.press("n", "7")
        await until(pilot, lambda: app_of(pilot).current_mode == "chat")
        assert chat_screen(pilot).composer.text == "half a"


async def test_words_after_chat_in_the_palette_wait_to_be_sent() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("colon", *"chat what is 2+2?", "enter")
        await until(pilot, lambda: app_of(pilot).current_mode == "chat")
        await until(pilot, lambda: chat_screen(pilot).composer.text == "what is 2+2?")


async def test_an_answer_goes_on_while_another_screen_is_looked_at() -> None:
    gate = Gate()
    async with cockpit(screen="chat", session=gated_session(gate)) as pilot:
        await pilot.press(*"hello", "enter")
        gate.step(3)
        await until(pilot, lambda: state(pilot) == "answering")
        await pilot.press("tab", "1")
        await until(pilot, lambda: app_of(pilot).current_mode == "home")
        gate.open()
        await pilot.press("7")
        await until(pilot, lambda: app_of(pilot).current_mode == "chat")
        await until(pilot, lambda: state(pilot) == "done")
        await until(pilot, lambda: "84.0 tok/s" in panel_text(pilot, "#transcript"))


async def test_y_copies_the_last_answer() -> None:
    async with cockpit("busy", screen="chat") as pilot:
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: state(pilot) == "done")
        await pilot.press("escape", "y")
        await until(pilot, lambda: app_of(pilot).clipboard.startswith("This is the demo"))


async def test_the_editor_writes_the_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "editor"
    program.write_text('#!/bin/sh\nprintf " and edited" >> "$1"\n')
    program.chmod(0o700)
    async with cockpit("busy", screen="chat") as pilot:
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.delenv("EDITOR", raising=False)
        await pilot.press(*"typed", "ctrl+g")
        await until(pilot, lambda: "No editor is set: export EDITOR=nano" in text_of(pilot))
        monkeypatch.setenv("EDITOR", str(program))
        # Without a terminal there is nothing to step aside from.
        monkeypatch.setattr(app_of(pilot), "suspend", nullcontext)
        await pilot.press("ctrl+g")
        await until(pilot, lambda: chat_screen(pilot).composer.text == "typed and edited")


async def test_what_a_hostile_model_says_is_text() -> None:
    async with cockpit("hostile", screen="chat") as pilot:
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: state(pilot) == "done")
        said = panel_text(pilot, "#transcript")
        assert "This is the demo" in said
        assert "\ufffd" in said
        assert all(char.isprintable() or char == "\n" for char in said)
        assert not any(attack in said for attack in ESCAPES)


async def test_a_reader_who_scrolled_up_is_left_there() -> None:
    gate = Gate()
    async with cockpit(screen="chat", size=(60, 16), session=gated_session(gate)) as pilot:
        await pilot.press(*"hello", "enter")
        gate.step(12)
        page = chat_screen(pilot).transcript
        await until(pilot, lambda: page.top > 0)
        await pilot.press("tab", "up", "up")
        before = page.top
        gate.open()
        await until(pilot, lambda: state(pilot) == "done")
        assert page.top == before
        await pilot.press("G")
        assert "84.0 tok/s" in text_of(pilot)


async def test_a_flood_of_tokens_is_painted_a_few_times_only() -> None:
    gate = Gate()
    async with cockpit(screen="chat", session=gated_session(gate)) as pilot:
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: state(pilot) == "asking")
        page = chat_screen(pilot).transcript
        for number in range(1000):
            page.receive(f" word{number}")
        await until(pilot, lambda: "word999" in panel_text(pilot, "#transcript"))
        assert page.flushes <= 2


async def test_a_second_question_is_refused_while_an_answer_comes() -> None:
    gate = Gate()
    async with cockpit(screen="chat", session=gated_session(gate)) as pilot:
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: chat_screen(pilot).talk.is_running)
        screen = chat_screen(pilot)
        with pytest.raises(InfernetError, match="An answer is coming"):
            screen.send("another")
        with pytest.raises(InfernetError, match="An answer is coming"):
            screen.retry()
        assert [turn.question for turn in screen.talk.turns] == ["hello"]


def test_an_editor_with_an_unbalanced_quote_is_none() -> None:
    assert editor({"EDITOR": "vi 'oops"}) is None


async def test_an_interrupt_in_the_editor_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "editor"
    program.write_text('#!/bin/sh\nkill -INT $PPID\nprintf "lived on" > "$1"\n')
    program.chmod(0o700)
    async with cockpit("busy", screen="chat") as pilot:
        before = signal.getsignal(signal.SIGINT)
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.setenv("EDITOR", str(program))
        monkeypatch.setattr(app_of(pilot), "suspend", nullcontext)
        await pilot.press("ctrl+g")
        await until(pilot, lambda: chat_screen(pilot).composer.text == "lived on")
        assert signal.getsignal(signal.SIGINT) is before
