"""Chat, as it looks."""

from collections.abc import Callable

from infernet_tui.screens.chat_options import ChatOptions
from tests.support.cockpit import app_of, cockpit, panel_text, settled, text_of, until
from tests.support.gated import Gate, gated_session

Look = Callable[..., None]


async def test_nothing_asked_yet_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="chat") as pilot:
        assert "Ask anything." in text_of(pilot)
        look(pilot)


async def test_an_answer_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="chat") as pilot:
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: "84.0 tok/s" in panel_text(pilot, "#transcript"))
        await settled(pilot)
        assert "1. meta says who answers," in text_of(pilot)
        look(pilot)


async def test_an_answer_that_is_coming_at_120x40(look: Look) -> None:
    gate = Gate()
    async with cockpit(screen="chat", size=(120, 40), session=gated_session(gate)) as pilot:
        await pilot.press(*"hello", "enter")
        gate.step(9)
        await until(pilot, lambda: "measured speed and" in panel_text(pilot, "#transcript"))
        await settled(pilot)
        assert "36 tokens · esc stops" in text_of(pilot)
        look(pilot)


async def test_a_refusal_at_80x24(look: Look) -> None:
    async with cockpit("trouble", screen="chat") as pilot:
        await pilot.press("ctrl+n", *"hello", "enter")
        await until(pilot, lambda: "next: " in panel_text(pilot, "#transcript"))
        await settled(pilot)
        look(pilot)


async def test_how_to_ask_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="chat") as pilot:
        await pilot.press("escape", "o")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, ChatOptions))
        await settled(pilot)
        assert "Keep" in text_of(pilot)
        look(pilot)
