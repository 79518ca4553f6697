"""Talk, as it looks."""

from collections.abc import Callable

from tests.support.cockpit import cockpit, text_of

Look = Callable[..., None]


async def test_not_set_up_at_80x24(look: Look) -> None:
    async with cockpit("busy", screen="talk") as pilot:
        assert "Talk is not set up yet." in text_of(pilot)
        look(pilot)
