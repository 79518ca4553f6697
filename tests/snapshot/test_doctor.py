"""The doctor, as it looks."""

from collections.abc import Callable

from tests.support.cockpit import cockpit, text_of
from tests.support.doctor_findings import ended, examined_as

Look = Callable[..., None]


async def test_not_run_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="doctor") as pilot:
        assert "none has run yet" in text_of(pilot)
        look(pilot)


async def test_some_failed_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="doctor", timer=lambda: 5.0) as pilot:
        examined_as(pilot)
        await pilot.press("R")
        await ended(pilot)
        await pilot.press("down")
        await pilot.pause()
        assert "0Doctor!2" in text_of(pilot)
        look(pilot)
