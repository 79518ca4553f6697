"""Every action is within reach three ways: by key, by palette and, in the footer, by mouse.

What an action does is tested with its screen; here it is only recorded.
"""

import pytest
from textual.widgets import Input

from infernet_tui.actions import ACTIONS, actions_of
from infernet_tui.app import Cockpit
from infernet_tui.screens.palette import CommandPalette
from infernet_tui.screens.registry import SCREENS
from infernet_tui.widgets.chrome import KeyBar
from infernet_tui.widgets.lines import width_of
from infernet_tui.widgets.table import Table
from tests.support.cockpit import app_of, cockpit, until

Calls = list[str]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Ids of the actions that were asked for; none is carried out but opening the palette."""
    asked: Calls = []
    really = Cockpit.run_user_action

    def record(self: Cockpit, action_id: str, words: str = "") -> None:
        asked.append(action_id)
        if action_id == "app.palette":
            really(self, action_id, words)

    monkeypatch.setattr(Cockpit, "run_user_action", record)
    return asked


@pytest.mark.parametrize("screen", SCREENS)
async def test_each_key_of_a_screen_asks_for_its_action(screen: str, calls: Calls) -> None:
    async with cockpit("busy", screen=screen) as pilot:
        for action in actions_of(screen):
            if action.id == "app.palette":
                continue
            app_of(pilot).screen.set_focus(None)
            calls.clear()
            await pilot.press(action.key.split(",")[0])
            assert calls == [action.id], f"{action.key} on {screen}"


@pytest.mark.parametrize("screen", SCREENS)
async def test_each_entry_of_the_footer_can_be_clicked(screen: str, calls: Calls) -> None:
    async with cockpit("busy", (160, 40), screen=screen) as pilot:
        bar = app_of(pilot).screen.query_one(KeyBar)
        shown = bar.lines[0]
        wanted = {action.id for action in actions_of(screen) if action.in_footer}
        assert {span.action for span in shown if span.action} == wanted
        for place, span in enumerate(shown):
            if span.action and span.action != "app.palette":
                calls.clear()
                await pilot.click(KeyBar, offset=(width_of(shown[:place]), 0))
                assert calls == [span.action]


async def test_the_palette_offers_each_action_and_runs_it(calls: Calls) -> None:
    async with cockpit("busy") as pilot:
        app = app_of(pilot)
        for action in ACTIONS:
            if action.id == "app.palette":
                continue
            await pilot.press("colon")
            await until(pilot, lambda: isinstance(app.screen, CommandPalette))
            app.screen.query_one(Input).value = action.palette
            await pilot.pause()
            assert app.screen.query_one("#entries", Table).select(action.id), action.id
            calls.clear()
            await pilot.press("enter")
            await until(pilot, lambda: not isinstance(app.screen, CommandPalette))
            await until(pilot, lambda: calls)
            assert calls == [action.id]
