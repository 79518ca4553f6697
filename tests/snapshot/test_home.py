"""Home, as it looks: in its states, its sizes and every theme."""

from collections.abc import Callable

import pytest

from infernet_tui.demo import DemoNode
from infernet_tui.session import DemoSession
from tests.support.cockpit import NOON, app_of, cockpit, text_of, until

Look = Callable[..., None]
THEMES = (
    "light", "cvd-dark", "cvd-light", "contrast-dark", "contrast-light", "ansi", "mono",
)  # fmt: skip


async def test_busy_at_80x24(look: Look) -> None:
    async with cockpit("busy") as pilot:
        assert "SERVING" in text_of(pilot)
        look(pilot)


async def test_busy_at_120x40(look: Look) -> None:
    async with cockpit("busy", (120, 40)) as pilot:
        assert "3/4 run" in text_of(pilot)
        look(pilot)


async def test_busy_at_160x50(look: Look) -> None:
    async with cockpit("busy", (160, 50)) as pilot:
        await until(pilot, lambda: "deepseek" in text_of(pilot) and "attic" in text_of(pilot))
        await until(pilot, lambda: "a5af7b12 attempt 1" in text_of(pilot))
        look(pilot)


async def test_idle_at_80x24(look: Look) -> None:
    async with cockpit("idle") as pilot:
        assert "No jobs yet." in text_of(pilot)
        look(pilot)


async def test_trouble_at_80x24(look: Look) -> None:
    async with cockpit("trouble") as pilot:
        assert "OFFLINE" in text_of(pilot)
        look(pilot)


async def test_lost_at_80x24(look: Look) -> None:
    node, now = DemoNode(clock=lambda: NOON), [0.0]
    async with cockpit(session=DemoSession(node), timer=lambda: now[0]) as pilot:
        node.stop()
        await until(pilot, lambda: not app_of(pilot).is_connected)
        now[0] = 14.0
        app_of(pilot).cockpit_screen.redraw()  # type: ignore[union-attr]
        await until(pilot, lambda: "stale 14 s" in text_of(pilot))
        look(pilot)


async def test_too_small_at_50x12(look: Look) -> None:
    async with cockpit("busy", (50, 12)) as pilot:
        assert "60x15 needed" in text_of(pilot)
        look(pilot)


@pytest.mark.parametrize("theme", THEMES)
async def test_theme(theme: str, look: Look) -> None:
    async with cockpit("busy", theme=theme) as pilot:
        assert app_of(pilot).theme == theme
        look(pilot)


async def test_ascii_glyphs_at_80x24(look: Look) -> None:
    async with cockpit("busy", theme="mono", glyphs="ascii") as pilot:
        assert text_of(pilot).replace("·", ".").replace("…", ".").isascii()
        look(pilot)
