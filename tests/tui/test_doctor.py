"""The doctor's screen: each thing that can be done, and that it is done."""

import stat
import threading
from collections.abc import Iterator, Sequence

from infernet_tui import config, paths
from infernet_tui.doctor.outcome import NamedOutcome, fail, warn
from infernet_tui.session import DemoSession
from tests.support.cockpit import app_of, cockpit, text_of, until
from tests.support.doctor_findings import FOUND, ended, examined_as
from tests.support.driving import click_footer, command, seen


async def test_all_checks_run_by_key_palette_and_click_and_the_tab_counts_failures() -> None:
    async with cockpit("busy", screen="doctor") as pilot:
        ran = examined_as(pilot)
        assert text_of(pilot).count("not run") == 7
        await pilot.press("R")
        await seen(pilot, "2 failed · 1 to look at · 1 ok · 2 skipped")
        assert "0Doctor!2" in text_of(pilot)
        await command(pilot, "Doctor: run all")
        await until(pilot, lambda: len(ran) == 12)
        await ended(pilot)
        await click_footer(pilot, "Run all")
        await until(pilot, lambda: len(ran) == 18)


async def test_one_check_runs_with_those_it_builds_on() -> None:
    async with cockpit("busy", screen="doctor") as pilot:
        ran = examined_as(pilot)
        await pilot.press("end", "enter")
        await until(pilot, lambda: ran == ["Control plane", "End-to-end"])
        await ended(pilot)
        await command(pilot, "run this check")
        await until(pilot, lambda: len(ran) == 4)


async def test_a_running_check_says_so_and_no_second_run_begins() -> None:
    async with cockpit("busy", screen="doctor") as pilot:
        may_end = threading.Event()

        def examine(names: Sequence[str]) -> Iterator[NamedOutcome]:
            for name in names:
                assert may_end.wait(20)
                yield NamedOutcome(name, FOUND[name])

        app_of(pilot).checkup.examine = examine
        try:
            await pilot.press("R")
            await seen(pilot, "Local config  running…")
            await pilot.press("R")
            await seen(pilot, "The checks are running")
            await pilot.press("1")
            await until(pilot, lambda: app_of(pilot).current_mode == "home")
        finally:
            may_end.set()
        await seen(pilot, "Doctor: failed: Engine, Control plane.")
        await pilot.press("0")
        await seen(pilot, "2 failed")


async def test_failed_checks_alone_run_again() -> None:
    async with cockpit("busy", screen="doctor") as pilot:
        ran = examined_as(pilot)
        await pilot.press("f")
        await seen(pilot, "No check failed.")
        await pilot.press("R")
        await ended(pilot)
        ran.clear()
        await pilot.press("f")
        await until(pilot, lambda: ran == ["Engine", "Control plane"])


async def test_a_fix_that_is_not_ours_to_run_is_only_shown() -> None:
    async with cockpit("busy", screen="doctor") as pilot:
        examined_as(pilot)
        await pilot.press("F")
        await seen(pilot, "This check has not run yet")
        await pilot.press("R")
        await ended(pilot)
        await pilot.press("down", "down", "F")
        await seen(pilot, "This is for you to run, in another terminal:")
        await pilot.press("y")
        await until(pilot, lambda: app_of(pilot).clipboard == "curl http://127.0.0.1:9/healthz")


async def test_a_fix_on_another_screen_leads_there() -> None:
    async with cockpit("busy", screen="doctor") as pilot:
        examined_as(pilot, FOUND | {"Engine": fail("it stopped", "infernet logs")})
        await pilot.press("R")
        await ended(pilot)
        await pilot.press("down")
        await click_footer(pilot, "Fix")
        await seen(pilot, "This is done on Logs.")
        await pilot.press("y")
        await until(pilot, lambda: app_of(pilot).current_mode == "logs")


async def test_an_open_config_file_is_closed_on_yes_and_looked_at_again() -> None:
    async with cockpit("busy", screen="doctor") as pilot:
        config.update({"node": {"nodeId": "provider-1"}})
        path = paths.config_file()
        path.chmod(0o644)
        found = {"Local config": warn("readable by others", f"chmod 600 {path}")}
        ran = examined_as(pilot, FOUND | found)
        await pilot.press("enter")
        await until(pilot, lambda: len(ran) == 1)
        await ended(pilot)
        app_of(pilot).session.mode = "attached"
        await pilot.press("F")
        await seen(pilot, "afterwards only you can read it")
        await pilot.press("y")
        await until(pilot, lambda: len(ran) == 2)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert app_of(pilot).commands[1][1] == f"chmod 600 {path}"


async def test_the_demo_changes_nothing_on_this_machine() -> None:
    async with cockpit("busy", screen="doctor") as pilot:
        assert isinstance(app_of(pilot).session, DemoSession)
        assert "look at this machine, not at the demo" in text_of(pilot)
        examined_as(pilot)
        await pilot.press("R")
        await ended(pilot)
        await command(pilot, "show the fix")
        await pilot.press("escape", "down", "down", "down", "F")
        await seen(pilot, "The demo changes nothing on this machine.")


async def test_the_report_is_copied_without_secrets() -> None:
    async with cockpit("busy", screen="doctor") as pilot:
        await pilot.press("c")
        await seen(pilot, "No check has run yet: press R.")
        examined_as(pilot, FOUND | {"Engine": fail(f"token Bearer {'x' * 30}")})
        await pilot.press("R")
        await ended(pilot)
        for copied in ("c", "palette", "click"):
            app_of(pilot)._clipboard = ""
            if copied == "palette":
                await command(pilot, "doctor --json")
            elif copied == "click":
                await click_footer(pilot, "Copy report")
            else:
                await pilot.press(copied)
            await until(pilot, lambda: "[FAIL   ] Engine: token [red" in app_of(pilot).clipboard)


async def test_registering_runs_the_command_and_says_why_it_failed() -> None:
    async with cockpit("busy", screen="doctor") as pilot:
        examined_as(pilot, FOUND | {"Local config": fail("not registered", "infernet register")})
        await pilot.press("enter")
        await seen(pilot, "1 failed")
        app_of(pilot).session.mode = "attached"
        await pilot.press("F")
        await seen(pilot, "repeating it is safe")
        await pilot.press("y")
        await seen(pilot, "No infernet config found")
        assert app_of(pilot).commands[0][1] == "infernet register"
