"""Talk says what it is not."""

from infernet_tui.actions import actions_of
from tests.support.cockpit import cockpit, text_of


async def test_talk_says_that_it_is_not_there_and_offers_nothing() -> None:
    async with cockpit("busy", screen="talk") as pilot:
        assert "Talk is not set up yet." in text_of(pilot)
        assert "no relay was contacted" in " ".join(text_of(pilot).replace("║", " ").split())
        own = [each for each in actions_of("talk") if each.screens == ("talk",)]
        assert own == []
