"""Jobs: ten thousand rows, one job in detail, why it came here, cancelling."""

from textual.pilot import Pilot

from infernet_tui.screens.dialogs import Confirm
from infernet_tui.screens.jobs import JobDialog, JobsScreen
from infernet_tui.widgets.panel import Panel
from tests.support.cockpit import app_of, cockpit, text_of, until


def jobs_screen(pilot: Pilot[int]) -> JobsScreen:
    screen = app_of(pilot).cockpit_screen
    assert isinstance(screen, JobsScreen)
    return screen


async def test_enter_shows_a_jobs_figures_events_and_the_reason_for_it() -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, JobDialog))
        panel = app_of(pilot).screen.query_one("#text", Panel)
        await until(pilot, lambda: "Why it came here" in _said(panel))
        said = _said(panel)
        for words in ("state", "first token", "What happened", "went to this node", "free nodes"):
            assert words in said


async def test_a_second_click_on_a_row_opens_it() -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.click("#jobs", offset=(12, 5))
        await pilot.click("#jobs", offset=(12, 5))
        await until(pilot, lambda: isinstance(app_of(pilot).screen, JobDialog))


async def test_a_tall_terminal_shows_the_job_under_the_cursor_in_a_pane() -> None:
    async with cockpit("busy", (160, 50), screen="jobs") as pilot:
        pane = app_of(pilot).screen.query_one("#detail", Panel)
        await until(pilot, lambda: "What happened" in _said(pane))
        first = _said(pane).splitlines()[0]
        await pilot.press("down")
        await until(pilot, lambda: _said(pane).splitlines()[0] != first)


async def test_why_here_by_key_and_by_palette() -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.press("down", "down", "down", "e")
        await until(pilot, lambda: "went to this node" in text_of(pilot))
        await pilot.press("escape", "colon", *"why routed", "enter")
        await until(pilot, lambda: "went to this node" in text_of(pilot))


async def test_cancelling_asks_and_the_key_that_asks_does_not_confirm() -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        running = jobs_screen(pilot).current_job
        assert running is not None
        assert running.is_running
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        await pilot.press("c")
        assert isinstance(app_of(pilot).screen, Confirm)
        await pilot.press("n")
        await until(pilot, lambda: app_of(pilot).screen is jobs_screen(pilot))
        assert not app_of(pilot).commands
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: "infernet jobs cancel" in str(app_of(pilot).commands))
        book = app_of(pilot).store.jobs

        def state() -> str:
            job = book.get(running.key)
            return job.state if job else ""

        await until(pilot, lambda: state() == "cancelled")


async def test_a_job_that_has_ended_cannot_be_cancelled_and_that_is_said() -> None:
    async with cockpit("busy", screen="jobs") as pilot:
        await pilot.press("end", "c")
        await until(pilot, lambda: "has ended" in text_of(pilot))


async def test_the_cursor_stays_on_its_job_while_others_arrive_above() -> None:
    now = [1.795e9]
    async with cockpit("busy", screen="jobs", clock=lambda: now[0]) as pilot:
        screen = jobs_screen(pilot)
        await pilot.press("f", "down", "down", "down")
        job = screen.current_job
        assert job is not None
        before = len(app_of(pilot).store.jobs)
        now[0] += 600
        await until(pilot, lambda: len(app_of(pilot).store.jobs) > before + 5)
        await pilot.pause()
        assert screen.current_job is not None
        assert screen.current_job.key == job.key


async def test_following_keeps_the_cursor_on_the_newest() -> None:
    now = [1.795e9]
    async with cockpit("busy", screen="jobs", clock=lambda: now[0]) as pilot:
        screen = jobs_screen(pilot)
        first = screen.current_job
        now[0] += 600
        await until(pilot, lambda: screen.current_job is not first)
        await until(pilot, lambda: screen.current_job is app_of(pilot).store.jobs.newest()[0])


async def test_ten_thousand_jobs_are_all_there() -> None:
    async with cockpit("large", screen="jobs") as pilot:
        await until(pilot, lambda: len(app_of(pilot).store.jobs) >= 10_000)
        await pilot.press("end")
        await until(pilot, lambda: "10,000 of 10,000" in text_of(pilot))
        await pilot.press("slash", *"FAIL", "enter")
        await until(pilot, lambda: "of 10,000 · /FAIL" in text_of(pilot))


async def test_a_node_without_jobs_says_what_it_serves_and_how_to_try_it() -> None:
    async with cockpit("idle", screen="jobs") as pilot:
        assert "No jobs yet. Serving infernet-nano since" in text_of(pilot)


def _said(panel: Panel) -> str:
    return "\n".join("".join(span.text for span in spans) for spans in panel.body)


async def test_a_hidden_screen_follows_no_job_and_a_visible_one_does_again() -> None:
    async with cockpit("busy", (160, 50), screen="jobs") as pilot:
        app, screen = app_of(pilot), jobs_screen(pilot)

        def followers() -> int:
            return sum(each.group == "detail" and each.is_running for each in app.workers)

        await pilot.press("g")
        pane = screen.query_one("#detail", Panel)
        await until(pilot, lambda: "What happened" in _said(pane))
        await pilot.press("1")
        await until(pilot, lambda: app.current_mode == "home" and not followers())
        pane.fill([])
        await pilot.press("3")
        await until(pilot, lambda: "What happened" in _said(pane))
