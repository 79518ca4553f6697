"""Settings: what is set takes effect, can be undone, and a demo changes nothing."""

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from textual.pilot import Pilot

from infernet_tui import config, paths
from infernet_tui.demo import DemoNode
from infernet_tui.identity import new_identity
from infernet_tui.screens.settings import SettingsScreen
from infernet_tui.session import DemoSession
from tests.support.cockpit import NOON, app_of, cockpit, panel_text, text_of, until


def on_disk() -> dict[str, Any]:
    """What config.json holds."""
    found: dict[str, Any] = json.loads(paths.config_file().read_text())
    return found


@contextlib.asynccontextmanager
async def own_settings(size: tuple[int, int] = (80, 24), **tui: Any) -> AsyncIterator[Pilot[int]]:
    """The screen with this test's config.json, as if attached to a node."""
    node = new_identity("provider", "rig-7")
    changes = {"node": node.to_section(), "controlPlane": {"url": "https://cp.example"}, "tui": tui}
    found = config.update(changes)
    session = DemoSession(DemoNode(clock=lambda: NOON, seed=1))
    session.mode = "attached"
    async with cockpit(session=session, screen="settings", size=size, settings=found.tui) as pilot:
        await until(pilot, lambda: screen_of(pilot).table.view)
        yield pilot


def screen_of(pilot: Pilot[int]) -> SettingsScreen:
    """The settings screen."""
    screen = app_of(pilot).cockpit_screen
    assert isinstance(screen, SettingsScreen)
    return screen


async def on_row(pilot: Pilot[int], key: str) -> None:
    """Put the cursor on a setting, or an action."""
    assert screen_of(pilot).table.select(key)
    await pilot.pause()


async def command(pilot: Pilot[int], words: str) -> None:
    """Choose an action in the palette."""
    await pilot.press("colon", *("space" if char == " " else char for char in words), "enter")
    await pilot.pause()


async def test_a_choice_takes_effect_at_once_is_written_and_can_be_undone() -> None:
    async with own_settings() as pilot:
        await on_row(pilot, "tui.glyphs")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("down", "down", "down", "down", "enter")
        await until(pilot, lambda: app_of(pilot).settings.glyphs == "ascii")
        assert on_disk()["tui"]["glyphs"] == "ascii"
        await until(pilot, lambda: app_of(pilot).undo_label)
        assert app_of(pilot).glyphs == "ascii"
        assert "infernet config set tui.glyphs ascii" in app_of(pilot).commands[0][1]
        await pilot.press("U")
        await until(pilot, lambda: app_of(pilot).settings.glyphs == "auto")
        assert on_disk()["tui"]["glyphs"] is None


async def test_the_theme_is_tried_on_with_the_arrows_and_kept_with_enter() -> None:
    async with own_settings() as pilot:
        app = app_of(pilot)
        await on_row(pilot, "tui.theme")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("down")
        await pilot.pause()
        assert app.theme == "light"
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == "dark")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("down", "enter")
        await until(pilot, lambda: on_disk()["tui"].get("theme") == "light")
        assert app.theme == "light"


async def test_a_wrong_value_is_explained_while_it_is_typed() -> None:
    async with own_settings(refresh_ms=500) as pilot:
        await on_row(pilot, "tui.refresh_ms")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press(*["backspace"] * 3, "7")
        await pilot.pause()
        assert "must be a whole number from 100 to 60000" in text_of(pilot)
        await pilot.press("enter")
        assert on_disk()["tui"]["refresh_ms"] == 500
        await pilot.press("backspace", *"250", "enter")
        await until(pilot, lambda: on_disk()["tui"]["refresh_ms"] == 250)
        await until(pilot, lambda: app_of(pilot).refresh_seconds == 0.25)


async def test_what_the_node_reads_says_that_it_takes_effect_when_the_node_restarts() -> None:
    async with own_settings() as pilot:
        await command(pilot, "config set engine.backend ollama")
        await until(pilot, lambda: "when the node restarts" in text_of(pilot))
        await until(pilot, lambda: on_disk()["engine"]["backend"] == "ollama")
        await command(pilot, "config set engine.backend olama")
        await until(pilot, lambda: "did you mean ollama" in text_of(pilot))
        await pilot.press("e")
        await pilot.pause()
        await pilot.press(*"tui.mouse", "space", *"off", "enter")
        await until(pilot, lambda: on_disk()["tui"].get("mouse") == "off")
        assert "when infernet tui is opened again" in str(app_of(pilot).undo_label)


async def test_a_secret_is_neither_shown_nor_edited_nor_copied() -> None:
    async with own_settings() as pilot:
        secret = on_disk()["node"]["privateKey"]
        await on_row(pilot, "node.privateKey")
        assert "[redacted]" in text_of(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: app_of(pilot).notices.newest)
        assert "infernet init --force. It is a secret" in app_of(pilot).notices.newest[0].text
        await pilot.press("y")
        await until(pilot, lambda: app_of(pilot).clipboard)
        assert app_of(pilot).clipboard == "[redacted]"
        assert secret not in repr([row for row in screen_of(pilot).table.view])


async def test_x_gives_a_setting_its_default_back() -> None:
    async with own_settings(on_quit="stop") as pilot:
        await on_row(pilot, "tui.on_quit")
        await pilot.press("x")
        await until(pilot, lambda: app_of(pilot).settings.on_quit == "ask")
        assert on_disk()["tui"]["on_quit"] is None
        await until(pilot, lambda: app_of(pilot).undo_label)
        await command(pilot, "undo")
        await until(pilot, lambda: app_of(pilot).settings.on_quit == "stop")
        await on_row(pilot, "tui.bell")
        await command(pilot, "settings: back to")
        await until(pilot, lambda: "tui.bell is not set in config.json" in text_of(pilot))


async def test_a_new_key_is_pressed_judged_kept_and_works() -> None:
    async with own_settings() as pilot:
        await pilot.press("K")
        await on_row(pilot, "app.command_log")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause()
        assert "That key is “Quit” everywhere" in text_of(pilot)
        await pilot.press("tab")
        await pilot.pause()
        assert "tab moves about" in text_of(pilot)
        await pilot.press("f7")
        await until(pilot, lambda: on_disk()["tui"]["keys"] == {"app.command_log": "f7"})
        await until(pilot, lambda: "changed" in text_of(pilot))
        await pilot.press("C")
        await pilot.pause()
        assert "Command log: the same by hand" not in text_of(pilot)
        await pilot.press("f7")
        await until(pilot, lambda: "Command log: the same by hand" in text_of(pilot))
        await pilot.press("escape")
        await pilot.press("U")
        await until(pilot, lambda: not app_of(pilot).settings.keys)
        await pilot.press("C")
        await until(pilot, lambda: "Command log: the same by hand" in text_of(pilot))


async def test_conflicts_are_words_and_one_or_all_keys_go_back() -> None:
    keys = {"view.zoom": "q", "no.such": "v", "view.wide": "f6"}
    async with own_settings(keys=keys) as pilot:
        await on_row(pilot, "tui.keys")
        await pilot.press("enter")
        await pilot.pause()
        assert "conflicts: 2" in text_of(pilot)  # each of the two
        await on_row(pilot, "view.zoom")
        assert "conflict: also “Quit”" in panel_text(pilot, "#detail")
        await on_row(pilot, "no.such")
        await pilot.press("x")
        await until(pilot, lambda: "no.such" not in app_of(pilot).settings.keys)
        await on_row(pilot, "view.zoom")
        await pilot.press("x")
        await until(pilot, lambda: set(app_of(pilot).settings.keys) == {"view.wide"})
        await until(pilot, lambda: "no conflicts" in text_of(pilot))
        await pilot.press("R")
        await until(pilot, lambda: not app_of(pilot).settings.keys)
        await pilot.press("escape")
        await pilot.pause()
        assert not screen_of(pilot).shows_keys


async def test_the_identity_is_shown_and_its_npub_copied() -> None:
    async with own_settings() as pilot:
        await pilot.press("i")
        await until(pilot, lambda: "rig-7" in text_of(pilot) and "npub1" in text_of(pilot))
        await pilot.press("y")
        await until(pilot, lambda: app_of(pilot).clipboard.startswith("npub1"))
    async with own_settings(size=(120, 40)) as pilot:
        assert "npub1" in panel_text(pilot, "#identity")
        await command(pilot, "identity: copy")
        await until(pilot, lambda: app_of(pilot).clipboard.startswith("npub1"))


async def test_the_identity_is_backed_up_after_a_question_whose_yes_is_not_its_key() -> None:
    async with own_settings() as pilot:
        exports = paths.config_dir() / "exports"
        await pilot.press("b")
        await until(pilot, lambda: "It holds the private key" in text_of(pilot))
        await pilot.press("b", "n")
        await pilot.pause()
        assert not exports.exists()
        await command(pilot, "identity: back up")
        await until(pilot, lambda: "It holds the private key" in text_of(pilot))
        await pilot.press("y")
        await until(pilot, lambda: "Written, readable by you alone" in text_of(pilot))
        (copy,) = exports.glob("*-identity-backup.json")
        assert copy.stat().st_mode & 0o777 == 0o600
        assert json.loads(copy.read_text()) == on_disk()


@pytest.mark.parametrize("keys", [["enter"], ["x"], ["b"], ["e"], ["K", "enter"]])
async def test_a_demo_refuses_with_words_and_writes_nothing(keys: list[str]) -> None:
    async with cockpit(screen="settings") as pilot:
        await until(pilot, lambda: screen_of(pilot).table.view)
        assert "made up (demo)" in text_of(pilot)
        await pilot.press(*keys)
        await until(pilot, lambda: "This is the demo" in text_of(pilot))
        await command(pilot, "config set tui.theme light")
        await until(pilot, lambda: app_of(pilot).theme == "light")
        await until(pilot, lambda: "not saved" in text_of(pilot))
    assert not paths.config_file().exists()


async def test_footer_entries_can_be_clicked_and_rows_filtered() -> None:
    async with own_settings() as pilot:
        bar = "".join(span.text for span in screen_of(pilot).query_one("KeyBar").lines[0])  # type: ignore[attr-defined]
        await pilot.click("KeyBar", offset=(bar.index("Keys"), 0))
        await until(pilot, lambda: screen_of(pilot).shows_keys)
        await pilot.press("slash", *"where:logs", "enter")
        await pilot.pause()
        assert {row.where for row in screen_of(pilot).table.view} == {"logs"}


async def test_a_configuration_that_is_wrong_is_named_with_its_remedy() -> None:
    async with own_settings() as pilot:
        config.write_atomically(paths.config_file(), '{"tui": {"bell": "onn"}}', mode=0o600)
        await pilot.press("r")
        await until(pilot, lambda: "infernet config set tui.bell on" in text_of(pilot))
