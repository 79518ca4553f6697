"""The application in a test: with the demo node and a clock that stands still, so that every run
paints the same; `settled` waits until what the visible screen asks for has come."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from textual.pilot import Pilot

from infernet_tui.app import Cockpit
from infernet_tui.config import TuiConfig
from infernet_tui.demo import DemoNode
from infernet_tui.session import DemoSession, Session
from infernet_tui.theming import load_themes
from infernet_tui.widgets.panel import Panel

NOON = 1_795_000_000.0
"""The moment at which tests look: 2026-11-18T10:26:40Z."""


class AttachedSession(DemoSession):
    """The demo's data as if they were a real node's: what is chosen is remembered on disk."""

    def __init__(self, node: DemoNode) -> None:
        super().__init__(node)
        self.mode = "attached"


@contextlib.asynccontextmanager
async def cockpit(
    scenario: str = "busy",
    size: tuple[int, int] = (80, 24),
    *,
    screen: str = "home",
    session: Session | None = None,
    clock: Callable[[], float] = lambda: NOON,
    type_ahead_seconds: float = 0.0,
    settings: TuiConfig | None = None,
    **options: Any,
) -> AsyncIterator[Pilot[int]]:
    """Run the application without a terminal; the pilot drives it (`pilot.app` is the Cockpit)."""
    session = session or DemoSession(DemoNode(clock=clock, seed=1, scenario=scenario))
    app = Cockpit(
        session,
        themes=load_themes(),
        settings=settings,
        start_screen=screen,
        clock=clock,
        ticks=options.pop("ticks", False),
        **options,
    )
    app.type_ahead_seconds = type_ahead_seconds
    async with app.run_test(size=size, notifications=True) as pilot:
        await settled(pilot)
        yield pilot


async def settled(pilot: Pilot[int]) -> None:
    """Wait until the visible screen has an answer, or a problem, for each topic it shows."""
    app = app_of(pilot)
    is_demo = isinstance(app.session, DemoSession)
    await until(pilot, lambda: app.is_connected or not is_demo)
    screen = app.cockpit_screen
    if screen is not None and app.is_connected:
        store = app.store
        await until(
            pilot,
            lambda: all(
                topic in store.documents or topic in store.problems for topic in screen.topics()
            ),
        )
    await pilot.pause()
    await pilot.pause()


async def until(pilot: Pilot[int], holds: Callable[[], object], steps: int = 2000) -> None:
    """Let the application go on until something holds.

    Raises:
        AssertionError: it does not come about.
    """
    for _ in range(steps):
        if holds():
            return
        await pilot.pause(0.005)
    raise AssertionError("the application did not come to the expected state")


def app_of(pilot: Pilot[int]) -> Cockpit:
    """The application that the pilot drives."""
    app = pilot.app
    assert isinstance(app, Cockpit)
    return app


def text_of(pilot: Pilot[int]) -> str:
    """The whole screen as a person reads it."""
    return "\n".join(
        "".join(segment.text for segment in strip)
        for strip in app_of(pilot).screen._compositor.render_strips()
    )


def panel_text(pilot: Pilot[int], selector: str) -> str:
    """What a panel says, without its frame."""
    panel = app_of(pilot).screen.query_one(selector, Panel)
    return "\n".join("".join(span.text for span in spans) for spans in panel.body)
