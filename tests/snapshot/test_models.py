"""Models, as it looks."""

from collections.abc import Callable

from infernet_tui.screens.dialogs import AskText, Confirm
from tests.support.cockpit import app_of, cockpit, settled, text_of, until
from tests.support.gated import Gate, gated_session

Look = Callable[..., None]


async def test_busy_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="models") as pilot:
        assert "ACTIVE loaded" in text_of(pilot)
        look(pilot)


async def test_pulling_at_120x40(look: Look) -> None:
    gate = Gate()
    size = (120, 40)
    async with cockpit(screen="models", session=gated_session(gate), size=size) as pilot:
        await pilot.press("colon", *"model pull qwen2.5:72b", "enter")
        gate.step(25)
        await until(pilot, lambda: "41%" in text_of(pilot))
        await pilot.press("colon", *"model pull qwen2.5:3b", "enter")
        gate.step(10)
        # The two take turns at the gate.
        await until(pilot, lambda: "pulling 50%" in text_of(pilot))
        await until(pilot, lambda: "pulling 8%" in text_of(pilot))
        app_of(pilot).clear_notifications()
        await settled(pilot)
        assert text_of(pilot).count("pulling") == 2
        look(pilot)


async def test_no_models_at_80x24(look: Look) -> None:
    async with cockpit("idle", screen="models") as pilot:
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: "No models on disk. Press a, or:" in text_of(pilot))
        app_of(pilot).clear_notifications()
        await settled(pilot)
        look(pilot)


async def test_choosing_what_to_pull_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="models") as pilot:
        await pilot.press("G", "a")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, AskText))
        await until(pilot, lambda: "404 GB, CPU only" in text_of(pilot))
        look(pilot)


async def test_room_for_the_report_at_160x50(look: Look) -> None:
    async with cockpit("busy", (160, 50), screen="models") as pilot:
        assert "What it needs" in text_of(pilot)
        look(pilot)
