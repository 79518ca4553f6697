"""What every screen offers, by key, by palette and by mouse."""

import csv
import json
from pathlib import Path

import pytest

from infernet_tui import config, paths
from infernet_tui.app import Cockpit
from infernet_tui.demo import DemoNode
from infernet_tui.errors import InfernetError
from infernet_tui.screens.dialogs import PickOne, ShowLines
from infernet_tui.screens.palette import CommandPalette
from infernet_tui.screens.registry import SCREENS
from infernet_tui.widgets.table import Table, TableState
from tests.support.cockpit import NOON, AttachedSession, app_of, cockpit, settled, text_of, until

KEYS = {
    "home": "1", "models": "2", "jobs": "3", "gpu": "4", "peers": "5", "earn": "6", "chat": "7",
    "talk": "8", "logs": "9", "doctor": "0", "settings": "comma", "setup": "f2",
}  # fmt: skip


@pytest.mark.parametrize("screen", SCREENS)
async def test_a_key_opens_the_screen_and_it_draws_itself(screen: str) -> None:
    async with cockpit("busy") as pilot:
        await pilot.press(KEYS[screen])
        await until(pilot, lambda: app_of(pilot).current_mode == screen)
        await settled(pilot)
        rows = text_of(pilot).splitlines()
        assert rows[0].startswith(" infernet  SERVING")
        assert "1Home 2Models 3Jobs" in rows[1]
        assert "? Help" in rows[-1]


async def test_a_tab_is_clicked() -> None:
    async with cockpit("busy") as pilot:
        await pilot.click("TabBar", offset=(18, 0))
        await until(pilot, lambda: app_of(pilot).current_mode == "jobs")


async def test_the_palette_goes_where_its_words_say_and_filters() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, CommandPalette))
        await pilot.press(*"jobs /FAIL", "enter")
        await until(pilot, lambda: app_of(pilot).current_mode == "jobs")
        await settled(pilot)
        screen = app_of(pilot).cockpit_screen
        assert screen is not None
        assert screen.table is not None
        assert screen.table.state.filter == "FAIL"
        assert {job.word for job in screen.table.view} == {"FAIL"}


async def test_what_cannot_be_done_stays_in_the_palette_with_the_reason() -> None:
    async with cockpit("idle") as pilot:
        await pilot.press("colon", *"undo")
        await until(pilot, lambda: "nothing to undo" in text_of(pilot))


async def test_a_dialog_ignores_keys_that_were_typed_before_it_could_be_seen() -> None:
    now = [100.0]
    async with cockpit("busy", type_ahead_seconds=0.3, timer=lambda: now[0]) as pilot:
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, CommandPalette))
        await pilot.press("x")
        now[0] += 0.4
        await pilot.press("j")
        assert "j" in text_of(pilot).splitlines()[4]
        palette = app_of(pilot).screen
        assert palette.query_one("Input").value == "j"  # type: ignore[attr-defined]


async def test_escape_never_quits() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("escape", "escape", "escape")
        assert app_of(pilot).is_running


async def test_help_names_this_screens_keys_first_and_the_twins() -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, ShowLines))
        await until(pilot, lambda: "infernet route explain" in text_of(pilot))
        shown = text_of(pilot)
        assert shown.index("On this screen (jobs)") < shown.index("Cancel the marked jobs")


async def test_a_theme_is_tried_on_kept_remembered_and_undone() -> None:
    attached = AttachedSession(DemoNode(clock=lambda: NOON))
    async with cockpit(session=attached) as pilot:
        app = app_of(pilot)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(app.screen, PickOne))
        await pilot.press("down")
        await until(pilot, lambda: app.theme == "light")
        await pilot.press("enter")
        await until(pilot, lambda: config.load().tui.theme == "light")
        await pilot.press("U")
        await until(pilot, lambda: config.load().tui.theme == "dark")
        assert app.theme == "dark"


async def test_a_theme_that_is_only_tried_on_is_given_back() -> None:
    async with cockpit("busy") as pilot:
        app = app_of(pilot)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(app.screen, PickOne))
        await pilot.press("down", "down")
        await until(pilot, lambda: app.theme != "dark")
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == "dark")
        assert not paths.config_file().exists()


async def test_a_theme_file_is_taken_up_when_it_is_saved_and_a_wrong_one_is_named() -> None:
    async with cockpit("busy") as pilot:
        app = app_of(pilot)
        folder = paths.config_dir() / "themes"
        folder.mkdir(parents=True)
        watching = app.run_worker(app.appearance.watch(0.01))
        await pilot.pause(0.05)
        (folder / "mine.toml").write_text('extends = "dark"\nok = "#00ff00"\n')
        (folder / "bad.toml").write_text('extends = "dark"\nokk = "#00ff00"\n')
        await until(pilot, lambda: "mine" in app.appearance.names)
        await until(pilot, lambda: any("bad.toml" in each.words for each in app.notices.newest))
        assert any("okk" in each.words for each in app.notices.newest)
        watching.cancel()


async def test_the_filter_follows_each_key_and_escape_gives_it_up() -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        screen = app_of(pilot).cockpit_screen
        assert screen is not None
        table = screen.table
        assert table is not None
        everything = len(table.view)
        await pilot.press("slash", *"FAIL")
        await until(pilot, lambda: 0 < len(table.view) < everything)
        await pilot.press("enter")
        assert table.has_focus
        assert table.state.filter == "FAIL"
        await pilot.press("slash", "escape")
        assert table.state.filter == ""
        assert len(table.view) == everything


async def test_filter_sort_and_columns_are_remembered_across_runs() -> None:
    attached = AttachedSession(DemoNode(clock=lambda: NOON, seed=1))
    async with cockpit(screen="jobs", session=attached) as pilot:
        await pilot.press("slash", *"done", "enter", "w", "S")
        state = paths.config_dir() / "tui-state.json"
        await until(pilot, lambda: state.exists() and '"wide": true' in state.read_text())
        await until(pilot, lambda: '"reverse": true' in state.read_text())
    attached = AttachedSession(DemoNode(clock=lambda: NOON, seed=1))
    async with cockpit(session=attached) as pilot:
        await pilot.press("3")
        await settled(pilot)
        screen = app_of(pilot).cockpit_screen
        assert screen is not None
        assert screen.table is not None
        assert (screen.table.state.filter, screen.table.state.wide) == ("done", True)


async def test_homes_columns_are_remembered_across_runs_and_layouts() -> None:
    state = paths.config_dir() / "tui-state.json"
    state.parent.mkdir(parents=True)
    state.write_text('{"tables": {"home/jobs": {"filter": "FAIL", "wide": true}}}')
    attached = AttachedSession(DemoNode(clock=lambda: NOON, seed=1))
    async with cockpit(session=attached) as pilot:
        home = app_of(pilot).cockpit_screen
        assert home is not None
        await until(pilot, lambda: home.query_one("#jobs", Table).state.filter == "FAIL")
        await pilot.resize_terminal(160, 50)
        await until(pilot, lambda: "GPU history" in text_of(pilot))
        assert home.query_one("#jobs", Table).state == TableState(filter="FAIL", wide=True)


@pytest.mark.parametrize("read_only", [True, False])
async def test_a_demo_or_a_read_only_window_writes_no_choices(read_only: bool) -> None:
    session = AttachedSession(DemoNode(clock=lambda: NOON)) if read_only else None
    async with cockpit(screen="jobs", session=session, read_only=read_only) as pilot:
        app = app_of(pilot)
        await until(pilot, lambda: app.table_memory.is_loaded or app.is_demo)
        await pilot.press("w")
        if writing := [each for each in app.workers if each.group == "tables"]:
            await app.workers.wait_for_complete(writing)
        assert not app.table_memory.is_empty
        assert not (paths.config_dir() / "tui-state.json").exists()


async def test_a_choice_that_cannot_be_kept_is_said() -> None:
    attached = AttachedSession(DemoNode(clock=lambda: NOON, seed=1))
    async with cockpit(screen="jobs", session=attached) as pilot:
        app = app_of(pilot)
        await until(pilot, lambda: app.table_memory.is_loaded)
        (paths.config_dir() / "tui-state.json").mkdir(parents=True)
        await pilot.press("w")
        await until(pilot, lambda: app.notices.newest and app.notices.newest[0].severity == "error")


async def test_escape_clears_a_tables_filter() -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        screen = app_of(pilot).cockpit_screen
        assert screen is not None
        assert screen.table is not None
        await pilot.press("slash", *"nothing like it", "enter")
        await until(pilot, lambda: "esc clears the filter" in text_of(pilot))
        await pilot.press("escape")
        assert screen.table.state.filter == ""
        assert screen.table.view


async def test_the_sort_menu_sorts_and_a_heading_does_too() -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, PickOne))
        screen = app_of(pilot).cockpit_screen
        assert screen is not None
        table = screen.table
        assert table is not None
        await pilot.press("end", "up", "up", "enter")
        await until(pilot, lambda: table.state.sort is not None)
        table.sort_by("tokens")
        tokens = [job.tokens for job in table.view]
        assert tokens == sorted(tokens)


async def test_rows_are_exported_to_files_that_only_this_person_can_read() -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.press("X")
        folder = paths.config_dir() / "exports"
        await until(pilot, lambda: folder.is_dir() and len(list(folder.iterdir())) == 2)
        files = {path.suffix: path for path in folder.iterdir()}
        rows = json.loads(files[".json"].read_text())
        assert len(rows) > 1000
        assert len(list(csv.DictReader(files[".csv"].read_text().splitlines()))) == len(rows)
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
        assert len({path.stem for path in folder.iterdir()}) == 1


async def test_copying_a_row_gives_its_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.press("Y")
        await until(pilot, lambda: app_of(pilot).clipboard)
        assert json.loads(app_of(pilot).clipboard)["sequence"] > 0
        await until(pilot, lambda: "terminal (OSC 52)" in app_of(pilot).notices.newest[0].words)


async def test_pausing_holds_the_display_and_says_so() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("p")
        await until(pilot, lambda: "PAUSED" in text_of(pilot))
        await pilot.press("p")
        await until(pilot, lambda: "PAUSED" not in text_of(pilot))


async def test_zoom_gives_one_pane_the_screen() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("z")
        await until(pilot, lambda: "┌ Node" not in text_of(pilot))
        await pilot.press("z")
        await until(pilot, lambda: "┌ Node" in text_of(pilot))


async def test_read_only_hides_what_changes_something() -> None:
    async with cockpit("busy", read_only=True) as pilot:
        await pilot.press("t")
        await until(pilot, lambda: "Read-only" in text_of(pilot))
        assert "READ-ONLY" in text_of(pilot).splitlines()[0]


async def test_a_small_terminal_gets_a_card_and_nothing_is_lost_on_growing_back() -> None:
    async with cockpit("busy") as pilot:
        await pilot.resize_terminal(50, 12)
        await until(pilot, lambda: "60x15 needed, have 50x12" in text_of(pilot))
        assert "┌" not in text_of(pilot)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "┌ Node" in text_of(pilot))


async def test_a_storm_of_resizes_ends_in_the_right_picture() -> None:
    async with cockpit("busy") as pilot:
        for step in range(40):
            await pilot.resize_terminal(40 + step * 3, 10 + step)
        await pilot.resize_terminal(160, 50)
        await until(pilot, lambda: "GPU history" in text_of(pilot))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "GPU history" not in text_of(pilot))
        assert all(len(row) == 80 for row in text_of(pilot).splitlines())


async def test_a_remapped_key_works_and_is_shown() -> None:
    settings = config.TuiConfig(keys={"go.jobs": "J"})
    async with cockpit("busy", settings=settings) as pilot:
        await pilot.press("3")
        await pilot.pause()
        assert app_of(pilot).current_mode == "home"
        await pilot.press("J")
        await until(pilot, lambda: app_of(pilot).current_mode == "jobs")


async def test_the_same_notice_again_counts_up_instead_of_piling_up() -> None:
    async with cockpit("busy") as pilot:
        app = app_of(pilot)
        for _ in range(12):
            app.toast("it happened")
        assert len(app.notices.newest) == 1
        assert app.notices.newest[0].text == "it happened ×12"
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: "it happened ×12" in text_of(pilot))


async def test_toasts_are_few_and_an_error_stays_until_escape() -> None:
    async with cockpit("busy") as pilot:
        app = app_of(pilot)
        app.show_error(InfernetError("it broke", hint="mend it"))
        for words in ("one", "two", "three", "three"):
            app.toast(words)
        assert app.toasts.words == ["it broke\nnext: mend it", "two", "three ×2"]
        await pilot.press("escape")
        assert app.toasts.words == []


async def test_a_picture_of_the_screen_is_saved() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("f12")
        folder: Path = paths.config_dir() / "exports"
        await until(pilot, lambda: folder.is_dir() and list(folder.glob("*-screen.svg")))


async def test_ctrl_c_says_how_to_quit_and_twice_quits() -> None:
    async with cockpit("busy") as pilot:
        app = app_of(pilot)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "q quits" in text_of(pilot))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app.return_value is not None or not app.is_running)


async def test_the_command_log_names_what_would_have_done_the_same() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("t")
        await until(pilot, lambda: "Stop the node?" in text_of(pilot))
        await pilot.press("y")
        await until(pilot, lambda: not app_of(pilot).is_connected)
        await pilot.press("C")
        await until(pilot, lambda: "infernet stop" in text_of(pilot))


@pytest.mark.parametrize(("bell", "rings"), [("on", 1), ("off", 0)])
async def test_a_warning_rings_the_bell_if_that_is_wanted(
    bell: str, rings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[None] = []
    monkeypatch.setattr(Cockpit, "bell", lambda _self: rung.append(None))
    async with cockpit("busy", settings=config.TuiConfig(bell=bell)) as pilot:
        app_of(pilot).toast("just so you know")
        app_of(pilot).toast("look at this", "warning")
        assert len(rung) == rings
