"""Home: the node, its jobs, its machine and its money; and what is shown when it is lost."""

import pytest
from textual.widget import AwaitMount, Widget

from infernet_tui.demo import DemoNode
from infernet_tui.screens.dialogs import Confirm, ShowLines
from infernet_tui.screens.home import HomeScreen
from infernet_tui.session import DemoSession
from tests.support.cockpit import NOON, app_of, cockpit, panel_text, settled, text_of, until


async def test_home_says_what_the_node_is_does_has_and_earns() -> None:
    async with cockpit("busy") as pilot:
        assert "qwen2.5:14b" in panel_text(pilot, "#node")
        assert "46337 open" in panel_text(pilot, "#node")
        assert "3/4 run" in panel_text(pilot, "#now")
        assert "pending" in panel_text(pilot, "#now")
        assert panel_text(pilot, "#gpus").count("W ") == 4
        assert "█" in panel_text(pilot, "#speed")


async def test_a_machine_without_gpu_says_so_and_shows_its_cpu() -> None:
    async with cockpit("idle") as pilot:
        said = panel_text(pilot, "#gpus")
        assert "No GPU found; serving on CPU. Why: `infernet gpu --explain`" in said
        assert "CPU [" in said


async def test_trouble_is_the_first_thing_one_sees_with_the_key_that_helps() -> None:
    async with cockpit("trouble") as pilot:
        notice = text_of(pilot).splitlines()[-2]
        assert notice.startswith(" ! ")
        assert "0 Doctor" in notice


async def test_a_large_terminal_shows_models_peers_earnings_and_gpu_history_too() -> None:
    async with cockpit("busy", (160, 50)) as pilot:
        await until(pilot, lambda: "deepseek" in panel_text(pilot, "#models"))
        await until(pilot, lambda: "attic-17" in panel_text(pilot, "#peers"))
        assert "util" in panel_text(pilot, "#gpu_history")
        await until(pilot, lambda: "█" in panel_text(pilot, "#earnings"))


async def test_a_lost_node_stays_on_the_screen_dimmed_and_comes_back_by_itself() -> None:
    node = DemoNode(clock=lambda: NOON)
    async with cockpit(session=DemoSession(node)) as pilot:
        node.stop()
        await until(pilot, lambda: not app_of(pilot).is_connected)
        await until(pilot, lambda: "stale" in text_of(pilot))
        assert "qwen2.5:14b" in panel_text(pilot, "#node")
        assert {span.role for spans in app_of(pilot).screen.query_one("#node").body  # type: ignore[attr-defined]
                for span in spans} == {"stale"}  # fmt: skip
        node.restart()
        await until(pilot, lambda: app_of(pilot).is_connected)
        await until(pilot, lambda: "stale" not in text_of(pilot))


async def test_stopping_asks_and_a_stopped_node_says_how_to_start_it() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: "STOPPED" in text_of(pilot).splitlines()[0])
        await pilot.press("t")
        await until(pilot, lambda: app_of(pilot).is_connected)


@pytest.mark.parametrize(("key", "words"), [("D", "Drain the node?"), ("ctrl+r", "Restart")])
async def test_draining_and_restarting_ask_first(key: str, words: str) -> None:
    async with cockpit("busy") as pilot:
        await pilot.press(key)
        await until(pilot, lambda: words in text_of(pilot))
        await pilot.press("escape")
        await settled(pilot)
        assert app_of(pilot).is_connected


async def test_draining_through_the_palette_drains() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("colon", *"daemon: drain", "enter")
        await until(pilot, lambda: "Drain the node?" in text_of(pilot))
        await pilot.press("y")
        await until(pilot, lambda: "infernet stop" in str(app_of(pilot).commands))


async def test_the_identity_is_shown_with_its_npub() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, ShowLines))
        await until(pilot, lambda: "npub1" in text_of(pilot))


async def test_opening_a_job_on_home_goes_to_it() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("down", "down", "enter")
        await until(
            pilot, lambda: "Why it came here" in text_of(pilot) or "state" in text_of(pilot)
        )
        assert app_of(pilot).current_mode == "jobs"


async def test_hidden_screens_ask_for_nothing() -> None:
    async with cockpit("busy") as pilot:
        await pilot.press("8")
        await until(pilot, lambda: app_of(pilot).current_mode == "talk")
        await pilot.pause()
        assert app_of(pilot).feed.watched == frozenset()


async def test_news_while_the_layouts_are_exchanged_waits_for_the_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with cockpit("busy") as pilot:
        app = app_of(pilot)
        home = app.cockpit_screen
        assert isinstance(home, HomeScreen)
        body = home.query_one("#body")
        mount = body.mount
        drawn: list[bool] = []

        def news_then_mount(*widgets: Widget) -> AwaitMount:
            home.draw(frozenset({"node", "connection", "hardware", "history"}))
            home.tick()
            drawn.append(True)
            return mount(*widgets)

        monkeypatch.setattr(body, "mount", news_then_mount)
        await pilot.resize_terminal(160, 50)
        await until(pilot, lambda: "GPU history" in text_of(pilot))
        assert drawn
        assert "qwen2.5:14b" in panel_text(pilot, "#node")
