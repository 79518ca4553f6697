"""Earnings and payout, as they look."""

from collections.abc import Callable

from tests.support.cockpit import cockpit, text_of
from tests.support.driving import command, seen

Look = Callable[..., None]
NEW = "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0g"


async def test_busy_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="earn") as pilot:
        assert "* is the default" in text_of(pilot)
        look(pilot)


async def test_busy_at_120x40(look: Look) -> None:
    async with cockpit("busy", (120, 40), screen="earn") as pilot:
        assert "best 10-30" in text_of(pilot)
        look(pilot)


async def test_empty_at_80x24(look: Look) -> None:
    async with cockpit("empty", screen="earn") as pilot:
        assert "No payout address; earnings are held." in text_of(pilot)
        look(pilot)


async def test_code_in_mono_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="earn", theme="mono") as pilot:
        await pilot.press("down", "enter")
        await seen(pilot, "BTC on bitcoin · y copies it")
        look(pilot)


async def test_difference_of_addresses_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="earn") as pilot:
        await command(pilot, f"payout set BTC mainnet {NEW}")
        await seen(pilot, "at another address?")
        look(pilot)
