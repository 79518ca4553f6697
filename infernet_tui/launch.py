"""Putting the application together from the configuration and the environment, and running it."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from infernet_tui import config, event_loop
from infernet_tui.config import TuiConfig
from infernet_tui.errors import ConfigError
from infernet_tui.session import NodeSession, Session, is_set_up

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit
    from infernet_tui.node.options import NodeOptions


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says."""

    refresh_ms: int | None = None
    is_demo: bool = False
    demo_scenario: str = "busy"
    """Which of `demo.SCENARIOS` the demo shows."""
    is_read_only: bool = False
    proxy: str | None = None
    no_advertise: bool = False
    no_p2p: bool = False


QUIET_SECONDS = 1.0
"""How long closing may take before it is said what is waited for."""
NOTHING_WISHED = Wishes()


def launch(
    wishes: Wishes = NOTHING_WISHED,
    *,
    session: Session | None = None,
    environ: Mapping[str, str] = os.environ,
) -> int:
    """Run the application until it is left; the exit code."""
    # Before Textual is imported: it reads this once. Motion costs bandwidth and says nothing.
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from infernet_tui.app import Cockpit
    from infernet_tui.theming import initial_glyphs, initial_theme, load_themes

    settings, problem = _settings()
    if wishes.refresh_ms:
        settings = replace(settings, refresh_ms=wishes.refresh_ms)
    is_demo = wishes.is_demo
    used = session or _session(wishes)
    app = Cockpit(
        used,
        themes=load_themes(),
        settings=settings,
        glyphs=initial_glyphs(settings.glyphs, sys.stderr.encoding),
        ascii_only=initial_glyphs("block", sys.stderr.encoding) == "ascii",
        theme=initial_theme(settings.theme, environ),
        start_screen="home" if is_demo or session or problem or not _needs_setup() else "setup",
        read_only=wishes.is_read_only,
    )
    if problem:
        app.notices.add(problem, "error")
        app.store.connection_problem = problem
    return event_loop.run(_run(app, used, mouse=settings.mouse != "off"))


async def _run(app: "Cockpit", session: Session, *, mouse: bool) -> int:
    """Run the application; once the terminal is restored, end what runs in this process."""
    try:
        code = await app.run_async(mouse=mouse)
    finally:
        await _close(session)
    return app.return_code or code or 0


async def _close(session: Session) -> None:
    """End the node of this process; a signal now gives its running jobs back at once."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, session.hurry)
    closing = asyncio.create_task(session.close())
    done, _ = await asyncio.wait({closing}, timeout=QUIET_SECONDS)
    if not done:
        sys.stderr.write("Finishing the running jobs; Ctrl-C gives them back…\n")
    await closing


def _needs_setup() -> bool:
    """Whether this machine was never set up, or setup was left before its last step."""
    from infernet_tui.setup.memory import SetupState

    steps = SetupState().steps
    return not is_set_up() or (bool(steps) and "daemon" not in steps)


def _settings() -> tuple[TuiConfig, str | None]:
    """The settings; a configuration that cannot be read is shown in the application."""
    try:
        return config.load().tui, None
    except ConfigError as error:
        return TuiConfig(), error.message


def _session(wishes: Wishes) -> Session:
    if wishes.is_demo:
        from infernet_tui.demo import DemoNode
        from infernet_tui.session import DemoSession

        return DemoSession(DemoNode(scenario=wishes.demo_scenario))
    return NodeSession(partial(_node_options, wishes), is_wanted=not wishes.is_read_only)


def _node_options(wishes: Wishes) -> "NodeOptions":
    from infernet_tui.node.options import NodeOptions

    return replace(
        NodeOptions.from_environ(os.environ),
        proxy=wishes.proxy,
        no_advertise=wishes.no_advertise,
        no_p2p=wishes.no_p2p,
    )
