"""Peers, as they look."""

from collections.abc import Callable

from infernet_tui import aliases
from infernet_tui.demo import DemoNode
from infernet_tui.demo.neighbours import neighbours
from tests.support.cockpit import NOON, cockpit, text_of
from tests.support.driving import seen

Look = Callable[..., None]


async def test_busy_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="peers") as pilot:
        assert "control plane ok 24" in text_of(pilot)
        look(pilot)


async def test_busy_at_160x50_with_an_alias_and_the_detail(look: Look) -> None:
    friend = neighbours(DemoNode(clock=lambda: NOON, seed=1).world)[16]
    aliases.change(lambda known: known.named(friend.pubkey, "old friend"))
    async with cockpit("busy", (160, 50), screen="peers") as pilot:
        await seen(pilot, "old friend")
        await pilot.press("j")
        look(pilot)


async def test_nobody_at_80x24(look: Look) -> None:
    async with cockpit("idle", screen="peers") as pilot:
        assert "No peers seen." in text_of(pilot)
        look(pilot)


async def test_no_control_plane_at_120x40(look: Look) -> None:
    async with cockpit("trouble", (120, 40), screen="peers") as pilot:
        assert "control plane FAILED" in text_of(pilot)
        look(pilot)
