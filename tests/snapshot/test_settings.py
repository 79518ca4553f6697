"""Settings, as they look."""

from collections.abc import Callable

from textual.pilot import Pilot

from infernet_tui.config import TuiConfig
from infernet_tui.screens.settings import SettingsScreen
from tests.support.cockpit import app_of, cockpit, text_of, until

Look = Callable[..., None]


async def read(pilot: Pilot[int]) -> SettingsScreen:
    """Wait until the settings are there."""
    screen = app_of(pilot).cockpit_screen
    assert isinstance(screen, SettingsScreen)
    await until(pilot, lambda: screen.table.view and "npub1" in str(screen.identity_facts()))
    await pilot.pause()
    return screen


async def test_normal_at_80x24(look: Look) -> None:
    async with cockpit(screen="settings") as pilot:
        (await read(pilot)).table.select("tui.glyphs")
        await pilot.pause()
        assert "infernet config set tui.glyphs" in text_of(pilot)
        look(pilot)


async def test_normal_at_120x40(look: Look) -> None:
    async with cockpit(screen="settings", size=(120, 40)) as pilot:
        await read(pilot)
        assert "copies the npub" in text_of(pilot)
        look(pilot)


KEYS = TuiConfig(keys={"view.zoom": "q", "jobs.cancel": "f8"})


async def test_keys_at_80x24(look: Look) -> None:
    async with cockpit(screen="settings", settings=KEYS) as pilot:
        screen = await read(pilot)
        await pilot.press("K")
        screen.table.select("view.zoom")
        await pilot.pause()
        assert "conflict: also “Quit”" in text_of(pilot)
        look(pilot)


async def test_keys_at_120x40(look: Look) -> None:
    async with cockpit(screen="settings", settings=KEYS, size=(120, 40)) as pilot:
        await read(pilot)
        await pilot.press("K")
        await pilot.pause()
        assert "conflicts: 2" in text_of(pilot)
        look(pilot)
