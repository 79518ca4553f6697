"""Jobs, as they look."""

from collections.abc import Callable

from infernet_tui.screens.dialogs import Confirm
from tests.support.cockpit import app_of, cockpit, text_of, until

Look = Callable[..., None]


async def test_busy_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        assert "following" in text_of(pilot)
        look(pilot)


async def test_busy_with_detail_at_120x40(look: Look) -> None:
    async with cockpit("busy", (120, 40), screen="jobs") as pilot:
        await pilot.press("down", "down", "down")
        await until(pilot, lambda: "What happened" in text_of(pilot))
        look(pilot)


async def test_failures_only_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.press("slash", *"FAIL", "enter")
        assert "/FAIL" in text_of(pilot)
        look(pilot)


async def test_one_job_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: "What happened" in text_of(pilot))
        look(pilot)


async def test_cancel_question_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        await until(pilot, lambda: "Cancel the job (y)" in text_of(pilot))
        look(pilot)
