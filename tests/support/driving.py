"""What a person does with the application, in a test: types a command, clicks the last row."""

from typing import TypeVar

from textual.pilot import Pilot
from textual.widgets import Input

from infernet_tui.screens.base import CockpitScreen
from tests.support.cockpit import app_of, text_of, until

Kind = TypeVar("Kind", bound=CockpitScreen)


def screen_of(pilot: Pilot[int], kind: type[Kind]) -> Kind:
    """The screen below any dialog."""
    screen = app_of(pilot).cockpit_screen
    assert isinstance(screen, kind)
    return screen


async def seen(pilot: Pilot[int], words: str) -> None:
    """Wait until these words stand somewhere."""
    await until(pilot, lambda: words in text_of(pilot))


async def write(pilot: Pilot[int], text: str) -> None:
    """Fill the field of the dialog."""
    app_of(pilot).screen.query_one(Input).value = text
    await pilot.pause()


async def command(pilot: Pilot[int], words: str) -> None:
    """Type a command in the palette."""
    await pilot.press("colon")
    await seen(pilot, "enter runs it")
    await write(pilot, words)
    await pilot.press("enter")
    await pilot.pause()


async def click_footer(pilot: Pilot[int], label: str) -> None:
    """Click an entry of the last row."""
    row = app_of(pilot).size.height - 1
    await pilot.click(offset=(text_of(pilot).splitlines()[row].index(label), row))
    await pilot.pause()
