"""Logs, as they look."""

from collections.abc import Callable

from infernet_tui.demo import DemoNode
from infernet_tui.screens.logs import LogsScreen
from infernet_tui.session import DemoSession
from tests.support.cockpit import NOON, app_of, cockpit, text_of, until

Look = Callable[..., None]


def lines(pilot: object) -> int:
    """How many lines are known."""
    screen = app_of(pilot).cockpit_screen  # type: ignore[arg-type]
    assert isinstance(screen, LogsScreen)
    return len(screen.view.log_lines)


async def test_busy_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="logs") as pilot:
        await until(pilot, lambda: lines(pilot))
        await pilot.pause()
        assert "following" in text_of(pilot)
        look(pilot)


async def test_filtered_and_wrapped_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="logs") as pilot:
        await until(pilot, lambda: lines(pilot))
        await pilot.press("L", "L", "W", "slash", *"memory", "enter")
        await pilot.pause()
        assert "/memory · warnings and errors" in text_of(pilot)
        look(pilot)


async def test_a_match_among_its_neighbours_at_120x40(look: Look) -> None:
    async with cockpit("trouble", (120, 40), screen="logs") as pilot:
        await until(pilot, lambda: lines(pilot))
        await pilot.press("slash", *"lost", "enter", "n")
        await pilot.pause()
        assert "channel lost" in text_of(pilot)
        look(pilot)


async def test_no_log_at_80x24(look: Look) -> None:
    session = DemoSession(DemoNode(clock=lambda: NOON, seed=1))
    session.mode = "attached"
    async with cockpit(session=session, screen="logs") as pilot:
        await until(pilot, lambda: "No log at" in text_of(pilot))
        await pilot.pause()
        assert "infernet start" in text_of(pilot)
        look(pilot)
