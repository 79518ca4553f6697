"""Logs: reads the file as it grows, and shows of it what is asked for."""

import contextlib
import os
from collections.abc import AsyncIterator

from textual.pilot import Pilot

from infernet_tui import paths
from infernet_tui.demo import DemoNode
from infernet_tui.screens.logs import LogsScreen
from infernet_tui.session import DemoSession
from tests.support.cockpit import NOON, app_of, cockpit, panel_text, text_of, until

START = 1_795_000_000


def record(number: int, level: str = "INFO", text: str = "") -> bytes:
    """Line `number` of a log, a second after the one before."""
    at = f"2026-11-18T{10 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"
    return f"{at} {level:<7} infernet_tui.node.jobs: {text or f'line {number}'}\n".encode()


def write(data: bytes, mode: str = "wb") -> None:
    """Be the node that logs."""
    paths.config_dir().mkdir(parents=True, exist_ok=True)
    with paths.log_file().open(mode) as log:
        log.write(data)


@contextlib.asynccontextmanager
async def own_log(size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
    """The screen with this test's log file, as if attached to a node."""
    session = DemoSession(DemoNode(clock=lambda: NOON, seed=1))
    session.mode = "attached"
    async with cockpit(session=session, screen="logs", size=size) as pilot:
        await until(pilot, lambda: screen_of(pilot)._news is not None)
        await pilot.pause()
        yield pilot


def screen_of(pilot: Pilot[int]) -> LogsScreen:
    """The logs screen."""
    screen = app_of(pilot).cockpit_screen
    assert isinstance(screen, LogsScreen)
    return screen


async def command(pilot: Pilot[int], words: str) -> None:
    """Choose an action in the palette."""
    await pilot.press("colon", *("space" if char == " " else char for char in words), "enter")
    await pilot.pause()


async def seen(pilot: Pilot[int], lines: int) -> None:
    """Look at the file now, and wait until so many lines are known."""
    app_of(pilot).refetch()
    await until(pilot, lambda: len(screen_of(pilot).view.log_lines) == lines)
    await pilot.pause()


async def test_no_log_says_where_it_would_be_and_what_to_do() -> None:
    async with own_log() as pilot:
        assert "No log at ~/config/infernet/daemon.log." in text_of(pilot)
        assert "Start the daemon: `infernet start`" in text_of(pilot)
        write(record(1))
        await seen(pilot, 1)
        assert "line 1" in text_of(pilot)


async def test_a_long_log_opens_at_its_end_and_styles_only_what_is_in_view() -> None:
    write(b"".join(record(number % 20_000) for number in range(50_000)))
    async with own_log() as pilot:
        view = screen_of(pilot).view
        styled: list[bytes] = []
        style = view._style
        view._style = lambda raw: (styled.append(raw), style(raw))[1]
        view.redraw()
        assert len(styled) == view.rows
        assert "line 50,000 of 50,000" in text_of(pilot)
        assert "following" in text_of(pilot)


async def test_moving_up_ends_following_and_counts_what_is_new_below() -> None:
    write(b"".join(record(number) for number in range(100)))
    async with own_log() as pilot:
        await pilot.press("up")
        write(b"".join(record(number) for number in range(100, 240)), "ab")
        await seen(pilot, 240)
        assert "140 new below" in text_of(pilot)
        assert "line 239" not in text_of(pilot)
        await pilot.press("f")
        await pilot.pause()
        assert "line 239" in text_of(pilot)
        assert "new below" not in text_of(pilot)
        await command(pilot, "logs: follow")
        assert not screen_of(pilot).view.is_following
        await pilot.press("G")
        assert screen_of(pilot).view.is_following
        await pilot.click("KeyBar", offset=(3, 0))
        await pilot.pause()
        assert not screen_of(pilot).view.is_following


async def test_the_level_is_stepped_through_or_named() -> None:
    write(record(1) + record(2, "WARNING") + b"  its traceback\n" + record(3, "ERROR"))
    async with own_log() as pilot:
        await pilot.press("L", "L")
        await pilot.pause()
        assert "3 of 4 · warnings and errors" in text_of(pilot)
        assert "its traceback" in text_of(pilot)
        await command(pilot, "logs --level error")
        assert "1 of 4 · errors only" in text_of(pilot)
        await command(pilot, "logs --level loud")
        assert "is no level" in text_of(pilot)


async def test_the_filter_shows_matches_only_and_n_shows_them_among_their_neighbours() -> None:
    texts = ["apple", "pear", "Apple pie", "plum", "apple", "fig"]
    write(b"".join(record(number, text=text) for number, text in enumerate(texts)))
    async with own_log() as pilot:
        await pilot.press("slash", *"apple", "enter")
        await pilot.pause()
        assert "3 of 6 · /apple" in text_of(pilot)
        assert "plum" not in text_of(pilot)
        view = screen_of(pilot).view
        await pilot.press("g", "n")
        await pilot.pause()
        assert "plum" in text_of(pilot)
        assert b"Apple pie" in (view.current or b"")
        await pilot.press("N")
        assert view._cursor == 0
        await pilot.press("N")
        await pilot.pause()
        assert "above this line" in text_of(pilot)
        await pilot.press("escape")
        assert view.state.filter == ""


async def test_without_a_filter_n_goes_to_the_next_warning_or_error() -> None:
    write(b"".join(record(n, "ERROR" if n == 50 else "INFO") for n in range(100)))
    async with own_log() as pilot:
        await pilot.press("g")
        await command(pilot, "logs: next match")
        assert b"line 50" in (screen_of(pilot).view.current or b"")
        await command(pilot, "logs: previous match")
        assert "No warning or error above" in text_of(pilot)


async def test_times_are_absolute_relative_or_off() -> None:
    at = "2026-11-18T11:06:00.000Z"
    write(f"{at} INFO    infernet_tui.node.jobs: hello\n".encode())
    async with own_log() as pilot:
        assert "11:06:00 INFO  node.jobs" in text_of(pilot)
        await pilot.press("t")
        await pilot.pause()
        assert "40 s INFO " in text_of(pilot)
        await command(pilot, "logs: times")
        assert "║>INFO " in text_of(pilot)


async def test_long_lines_are_cut_moved_along_or_wrapped() -> None:
    write(record(1, text="word " * 30 + "finis"))
    async with own_log() as pilot:
        assert "finis" not in text_of(pilot)
        await pilot.press("W")
        await pilot.pause()
        assert "finis" in text_of(pilot)
        await command(pilot, "logs: wrap")
        await pilot.press(*["right"] * 8)
        await pilot.pause()
        assert "finis" in text_of(pilot)


async def test_a_line_opens_in_full_and_is_copied() -> None:
    write(record(1, text="job 3f9a0c12-77aa-4b1e-a000-0123456789ab started"))
    async with own_log() as pilot:
        assert "job 3f9a0c12 started" in text_of(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "0123456789ab" in text_of(pilot))
        await pilot.press("escape")
        await command(pilot, "logs: open")
        await until(pilot, lambda: "0123456789ab" in text_of(pilot))
        await pilot.press("escape", "y")
        await until(pilot, lambda: "Copied the line" in text_of(pilot))
        assert "0123456789ab" in app_of(pilot).clipboard


async def test_what_is_shown_is_saved_where_only_this_person_can_read_it() -> None:
    write(record(1) + record(2, "ERROR", "bad \x1b]52;c;x\x07"))
    async with own_log() as pilot:
        await pilot.press("L", "L", "L", "X")
        await until(pilot, lambda: "Wrote 1 line" in text_of(pilot))
        (saved,) = (paths.config_dir() / "exports").glob("*-logs.txt")
        assert saved.stat().st_mode & 0o777 == 0o600
        text = saved.read_text()
        assert "ERROR" in text
        assert "\x1b" not in text


async def test_a_replaced_an_emptied_and_a_deleted_file_are_told_apart() -> None:
    write(record(1))
    async with own_log() as pilot:
        os.rename(paths.log_file(), paths.log_file().with_suffix(".1"))
        write(record(2))
        await seen(pilot, 3)
        assert "another log file begins here" in text_of(pilot)
        os.unlink(paths.log_file())
        app_of(pilot).refetch()
        await until(pilot, lambda: "(deleted)" in text_of(pilot))
        assert "line 2" in text_of(pilot)
        write(record(3))
        await seen(pilot, 5)
        write(b"x\n")
        await seen(pilot, 1)
        assert "line 3" not in panel_text(pilot, "#log")


async def test_strangers_words_are_marked_and_bytes_that_are_no_text_too() -> None:
    write(
        record(1, text="\x1b]0;owned\x07 [/] \u202egnp [@click=app.quit]x[/]") + b"\xff\xfe\x00\n"
    )
    async with own_log() as pilot:
        shown = panel_text(pilot, "#log")
        assert "�" in shown
        assert "[@click=app.quit]x[/]" in shown
        assert not {"\x1b", "\u202e", "\x07", "\x00"} & set(shown)


async def test_a_demo_shows_a_made_up_log_and_never_this_persons_own() -> None:
    write(record(1, text="my own secret"))
    async with cockpit(screen="logs") as pilot:
        await until(pilot, lambda: len(screen_of(pilot).view.log_lines))
        await pilot.pause()
        assert "made up (demo)" in text_of(pilot)
        assert "my own secret" not in text_of(pilot)
        job = app_of(pilot).store.jobs.newest()[0]
        assert f"job {job.id[:8]}" in text_of(pilot)
