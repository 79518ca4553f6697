"""Help and palette, as they look."""

from collections.abc import Callable

from infernet_tui.screens.dialogs import ShowLines
from infernet_tui.screens.palette import CommandPalette
from tests.support.cockpit import app_of, cockpit, text_of, until

Look = Callable[..., None]


async def test_help_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, ShowLines))
        await until(pilot, lambda: "On this screen (jobs)" in text_of(pilot))
        look(pilot)


async def test_palette_at_80x24(look: Look) -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("colon", *"job")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, CommandPalette))
        await until(pilot, lambda: "Jobs: cancel" in text_of(pilot))
        look(pilot)
