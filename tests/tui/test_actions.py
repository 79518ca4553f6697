"""The registry of actions keeps what it promises: a key, a palette entry, a help line, a twin."""

import subprocess
import sys
from collections import Counter

import click
import pytest

from infernet_tui.actions import ACTIONS, Level, UserAction, actions_of
from infernet_tui.cli.run import root_group
from infernet_tui.screens.registry import SCREENS
from infernet_tui.widgets.chrome import key_name

MOVING_KEYS = {
    "j",
    "k",
    "h",
    "l",
    "g",
    "G",
    "space",
    "tab",
    "escape",
    "up",
    "down",
    "left",
    "right",
}


def keys_of(action: type[UserAction]) -> list[str]:
    return action.key.split(",")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_an_action_says_everything_about_itself_in_one_place(action: type[UserAction]) -> None:
    assert action.id.count(".") == 1
    assert action.key
    assert action.label
    assert ": " in action.palette or action.palette.startswith("Quit")
    assert action.help().endswith((".", ")"))
    assert len(action.help()) <= 100
    assert set(action.screens) <= set(SCREENS)


@pytest.mark.parametrize(
    "action", [each for each in ACTIONS if each.twin], ids=lambda action: action.id
)
def test_a_twin_is_a_command_that_exists(action: type[UserAction]) -> None:
    assert action.twin is not None
    for command_line in action.twin.split(" && "):
        program, *words = command_line.split()
        assert program == "infernet"
        command: click.Command | None = root_group()
        for word in words:
            if word.startswith("-") or not isinstance(command, click.Group):
                break
            command = command.get_command(click.Context(command), word)
            assert command is not None, f"there is no `{command_line}`"


@pytest.mark.parametrize(
    "action", [each for each in ACTIONS if each.level is not Level.NONE], ids=lambda each: each.id
)
def test_what_changes_something_can_be_done_by_command_too(action: type[UserAction]) -> None:
    assert action.twin


@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_means_two_things_on_a_screen(screen: str) -> None:
    uses = Counter(key for action in actions_of(screen) for key in keys_of(action))
    assert [key for key, count in uses.items() if count > 1] == []
    assert not MOVING_KEYS & {key for action in actions_of(screen) for key in keys_of(action)}


def test_ids_and_palette_entries_are_unique() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert len({action.palette for action in ACTIONS}) == len(ACTIONS)


@pytest.mark.parametrize("screen", SCREENS)
def test_the_footer_of_a_screen_fits_an_80_column_terminal(screen: str) -> None:
    shown = [action for action in actions_of(screen) if action.in_footer]
    width = sum(len(key_name(action.key)) + len(action.label) + 3 for action in shown)
    assert width <= 100, "too much for the footer: the rest belongs in the help"


def test_headless_code_loads_no_screen() -> None:
    program = (
        "import infernet_tui.cli.run, infernet_tui.session, infernet_tui.store, infernet_tui.feed,"
        " infernet_tui.views.node, infernet_tui.demo, sys; print(*sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in result.stdout.split()}
    assert not {"textual", "rich"} & loaded
