"""GPU, as it looks."""

from collections.abc import Callable

from tests.support.cockpit import cockpit, text_of
from tests.support.driving import seen

Look = Callable[..., None]


async def test_busy_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="gpu") as pilot:
        assert "utilisation 0-100%" in text_of(pilot)
        look(pilot)


async def test_busy_at_160x50_with_the_matrix_beside_the_list(look: Look) -> None:
    async with cockpit("busy", (160, 50), screen="gpu") as pilot:
        assert "NCCL_IB_DISABLE=0" in text_of(pilot)
        look(pilot)


async def test_no_gpu_at_80x24(look: Look) -> None:
    async with cockpit("idle", screen="gpu") as pilot:
        assert "No GPU found; serving on CPU." in text_of(pilot)
        look(pilot)


async def test_trouble_at_120x40(look: Look) -> None:
    async with cockpit("trouble", (120, 40), screen="gpu") as pilot:
        assert "92C HOT" in text_of(pilot)
        look(pilot)


async def test_matrix_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="gpu") as pilot:
        await pilot.press("m")
        await seen(pilot, "every GPU is linked with every other")
        look(pilot)
