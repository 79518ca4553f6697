"""`Cockpit`: the application. Owns the theme, the screens, the store and the way to the node.

It does no work of its own: screens draw from the store, the feed fills the store, `NodeControl`
asks before the node is touched, actions say what a key means.
"""

import asyncio
import signal
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import App
from textual.filter import NoColor
from textual.screen import ModalScreen, Screen

from infernet_tui import paths, table_memory
from infernet_tui import store as topics
from infernet_tui.actions import ACTIONS, BY_ID, Level, UserAction
from infernet_tui.alerts import Alert, most_urgent
from infernet_tui.appearance import Appearance
from infernet_tui.checkup import Checkup
from infernet_tui.config import TuiConfig
from infernet_tui.errors import ConfigError, InfernetError
from infernet_tui.feed import BLURRED_SECONDS, Feed
from infernet_tui.node_control import NodeControl
from infernet_tui.notices import Notices, Severity
from infernet_tui.safe_text import SafeText
from infernet_tui.screens import registry
from infernet_tui.screens.base import CockpitScreen, as_binding
from infernet_tui.session import Session
from infernet_tui.store import Store, Topic
from infernet_tui.table_memory import TableMemory
from infernet_tui.theming import LoadedThemes
from infernet_tui.toasts import Toasts
from infernet_tui.unfinished import Unfinished
from infernet_tui.widgets.table import Table

Result = TypeVar("Result")
TYPE_AHEAD_SECONDS = 0.3
"""Keys meant for what was there before a dialog opened are not meant for the dialog."""
TICK_SECONDS = 1.1
"""A little longer than between two states of the node: as long as they come, they are the tick."""
DRAW_TOGETHER_SECONDS = 0.1
MAX_COMMANDS = 200


class Cockpit(App[int]):
    """The full-screen application."""

    TITLE = "infernet"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "app.tcss"
    MODES: ClassVar[dict[str, Callable[[], Screen[Any]]]] = registry.MODES  # type: ignore[assignment]
    BINDINGS = [as_binding(action) for action in ACTIONS if action.is_everywhere()]  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-xs"), (60, "-s"), (100, "-m"), (150, "-l")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-std"), (40, "-tall")]  # noqa: RUF012

    def __init__(
        self,
        session: Session,
        *,
        themes: LoadedThemes,
        settings: TuiConfig | None = None,
        glyphs: str = "block",
        ascii_only: bool = False,
        theme: str = "dark",
        start_screen: str = "home",
        read_only: bool = False,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        ticks: bool = True,
    ) -> None:
        super().__init__()
        if self.no_color:
            # Textual chose before our theme was there, and would turn colours into greys.
            self._filters[1:] = [NoColor()]
        self._filters.append(SafeText(ascii_only=ascii_only))
        self.session = session
        self.settings = settings or TuiConfig()
        self.glyphs = glyphs
        self.is_read_only = read_only
        self.is_paused = False
        self.refresh_seconds = self.settings.refresh_ms / 1000
        self.store = Store(clock, timer)
        self.feed = Feed(self.store, session, self._news)
        self.notices = Notices(clock)
        self.toasts = Toasts(self)
        self.commands: deque[tuple[float, str]] = deque(maxlen=MAX_COMMANDS)
        """What would have done the same on the command line, newest first."""
        self.node_control = NodeControl(self)
        self.unfinished = Unfinished()
        self.checkup = Checkup(clock, timer, self._checkup_changed)
        self.recent_actions: list[str] = []
        """Ids of what was chosen in the palette, newest first."""
        self.undo_label: str | None = None
        self.setup_note: str | None = None
        """What a visit to the setup wizard left open."""
        self.table_memory = TableMemory()
        self.type_ahead_seconds = TYPE_AHEAD_SECONDS
        self._start_screen, self._ticks = start_screen, ticks
        self._undo: Callable[[], Awaitable[None]] | None = None
        self._dialog_opened_at = float("-inf")
        self._pending: set[Topic] = set()
        self._ticked_at = float("-inf")
        self.appearance = Appearance(self, themes, theme)

    # --- life -------------------------------------------------------------------------------

    async def on_mount(self) -> None:
        """Show the first screen; only then look for a node."""
        self.set_keymap(dict(self.settings.keys))
        self._catch_signals()
        await self.switch_mode(self._start_screen)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.run_worker(self.feed.run(), name="feed", exit_on_error=False)
        self.run_worker(self._load_memory(), exit_on_error=False)
        if self._ticks:
            self.set_interval(TICK_SECONDS, self._tick_alone)
            self.run_worker(self.appearance.watch(), name="themes", exit_on_error=False)
        self.appearance.report_problems()

    async def on_unmount(self) -> None:
        """Stop asking."""
        await self.feed.close()

    def _catch_signals(self) -> None:
        """SIGTERM and SIGHUP end the application as `q` does, with the terminal restored."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number, code in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            loop.add_signal_handler(number, partial(self.exit, code, return_code=code))

    async def _load_memory(self) -> None:
        """Give the tables that are there already what was chosen for them in another run."""
        if self.is_demo:
            return
        found = await asyncio.to_thread(table_memory.read)
        was_chosen = not self.table_memory.is_empty
        self.table_memory.adopt(found)
        if was_chosen:
            self._save_tables()
        for stack in self._screen_stacks.values():
            for screen in stack:
                if isinstance(screen, CockpitScreen):
                    screen.recall_tables()

    def _set_pointer_shape(self, shape: str) -> None:
        """No OSC 22: few terminals know it, and nothing here depends on the pointer."""

    def _fatal_error(self) -> None:
        """Textual would print every local variable, keys and prompts among them."""
        from infernet_tui.cli.crash import Bug

        error = self._exception
        if isinstance(error, Exception):
            bug = Bug.record(error, ["tui"])
            self._exit_renderables.append(Text(f"error: {bug.message}\n  → {bug.hint}"))
        self._return_code = 70
        self._close_messages_no_wait()

    # --- what changed -----------------------------------------------------------------------

    @property
    def palette(self) -> Mapping[str, Style]:
        """The styles of our own lines in the theme that is used now."""
        return self.appearance.palette

    @property
    def cockpit_screen(self) -> CockpitScreen | None:
        """The screen of the current mode, below any dialog."""
        found = self.screen_stack[0] if self.screen_stack else None
        return found if isinstance(found, CockpitScreen) else None

    def _news(self, changed: frozenset[Topic]) -> None:
        """The feed has news: draw them once, after everything else that is due now."""
        if not self._pending:
            if self._ticks and changed == {topics.NODE}:
                # What is asked for together with each state comes a moment after it.
                self.set_timer(DRAW_TOGETHER_SECONDS, self._draw_pending)
            else:
                self.call_later(self._draw_pending)
        self._pending |= changed

    def _draw_pending(self) -> None:
        changed, self._pending = frozenset(self._pending), set()
        screen = self.cockpit_screen
        if self.is_paused or not self.is_running or screen is None or not screen.is_mounted:
            return
        if screen.has_class("-tiny"):
            screen.redraw()
        else:
            screen.draw(changed)
        if self._ticks and topics.NODE in changed:
            self._tick()
        elif changed & {topics.CONNECTION, topics.NODE}:
            screen.draw_chrome()

    def _tick_alone(self) -> None:
        """Nothing came for a second: ages go on."""
        pause = BLURRED_SECONDS + TICK_SECONDS if self.feed.is_blurred else TICK_SECONDS
        if self.store.timer() - self._ticked_at > 0.95 * pause:
            self._tick()

    def _tick(self) -> None:
        self._ticked_at = self.store.timer()
        screen = self.cockpit_screen
        if screen is not None and screen.is_mounted and not self.is_paused:
            screen.draw_chrome()
            if not screen.has_class("-tiny"):
                screen.tick()

    def redraw_chrome(self) -> None:
        """The first and last rows."""
        if (screen := self.cockpit_screen) is not None and screen.is_mounted:
            screen.draw_chrome()

    def refetch(self) -> None:
        """Ask for all of it now, and try a lost node now."""
        self.feed.refetch()
        self.feed.reconnect()
        if (screen := self.cockpit_screen) is not None:
            screen.refetch()

    def on_app_blur(self) -> None:
        """Nobody looks: ask less."""
        self.feed.is_blurred = True

    def on_app_focus(self) -> None:
        """Somebody looks."""
        self.feed.look()

    def toggle_pause(self) -> None:
        """Hold the display still, or go on."""
        self.is_paused = not self.is_paused
        if (screen := self.cockpit_screen) is not None:
            screen.redraw()

    # --- the node ---------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether a node answers."""
        return self.feed.client is not None

    @property
    def is_demo(self) -> bool:
        """Whether all of it is made up: nothing a person has is touched then."""
        return self.session.mode == "demo"

    @property
    def state_word(self) -> str:
        """The node's state in one word, always the same few."""
        node = self.store.node
        if self.is_connected and node is not None:
            return node.state
        if self.session.mode == "starting":
            return "STARTING"
        return "LOST" if node is not None and not self.node_control.was_stopped else "STOPPED"

    @property
    def session_words(self) -> str:
        """Who runs the node."""
        node, mode = self.store.node, self.session.mode
        words = {
            "demo": "DEMO DATA", "attached": "attached", "embedded": "in this window",
            "up": "in this window", "starting": "starting in this window", "none": "no node",
        }[mode]  # fmt: skip
        if mode == "attached" and node is not None and node.pid and self.is_connected:
            words += f" · pid {node.pid}"
        return words

    def alert(self) -> Alert | None:
        """The most urgent thing to know."""
        return most_urgent(self)

    def badge(self, screen: str) -> str:
        """What a tab says beside its name."""
        return self.checkup.badge if screen == "doctor" else ""

    def _checkup_changed(self) -> None:
        """A check of the doctor began or ended."""
        self.redraw_chrome()
        screen = self.cockpit_screen
        if screen is not None and screen.NAME == "doctor" and screen.is_mounted:
            screen.draw(frozenset())

    async def request(self, verb: str, payload: Any = None, *, seconds: float = 15.0) -> Any:
        """Ask the node something.

        Raises:
            InfernetError: there is none, or it says no.
        """
        client = self.feed.client
        if client is None:
            raise InfernetError("The node is not running.", hint="press t, or: infernet start")
        return await client.request(verb, payload, timeout_seconds=seconds)

    def stream(self, verb: str, payload: Any = None) -> AsyncGenerator[tuple[str, Any], None]:
        """Ask the node something that it answers in many parts: event and data of each.

        Raises:
            InfernetError: there is no node, or it says no.
        """
        client = self.feed.client
        if client is None:
            raise InfernetError("The node is not running.", hint="press t, or: infernet start")
        return client.stream(verb, payload)

    # --- doing things -----------------------------------------------------------------------

    def action_user_action(self, action_id: str) -> None:
        """What a key binding calls."""
        self.run_user_action(action_id)

    def run_user_action(self, action_id: str, words: str = "") -> None:
        """Do an action, or say why it cannot be done."""
        action, screen = BY_ID.get(action_id), self.cockpit_screen
        if action is None or screen is None:
            return
        if isinstance(self.screen, ModalScreen) and not action.priority:
            return
        if reason := self.why_not(action, screen):
            self.toast(reason, "warning")
            return
        self.run_worker(self._perform(action, screen, words), exit_on_error=False)

    def why_not(self, action: type[UserAction], screen: CockpitScreen) -> str | None:
        """Why an action cannot be done here and now."""
        if action.screens and screen.NAME not in action.screens:
            return f"This is done on {' or '.join(action.screens)}."
        if self.is_read_only and action.level is not Level.NONE:
            return "Read-only: nothing is changed from here."
        return action.why_not(screen)

    async def _perform(self, action: type[UserAction], screen: CockpitScreen, words: str) -> None:
        try:
            await action().run(screen, words)
        except InfernetError as error:
            self.show_error(error)
        except Exception as error:  # noqa: BLE001 - the boundary of what a key may do
            self._handle_exception(error)

    def key_of(self, action: type[UserAction]) -> str:
        """The key an action has now."""
        return self.settings.keys.get(action.id, action.key)

    async def ask(self, dialog: ModalScreen[Result]) -> Result:
        """Show a dialog and wait for its answer; only from within an action."""
        self._dialog_opened_at = self.store.timer()
        answer = await self.push_screen_wait(dialog)
        return answer

    async def on_event(self, event: events.Event) -> None:
        """Drop keys that were typed before the dialog could be seen."""
        if isinstance(event, events.Key) and isinstance(self.screen, ModalScreen):
            age = self.store.timer() - self._dialog_opened_at
            if age < self.type_ahead_seconds and event.key != "escape":
                return
        await super().on_event(event)

    # --- words to the person ----------------------------------------------------------------

    def toast(self, words: str, severity: Severity = "information") -> None:
        """Say something for a moment; it is kept in the list of notifications."""
        self._show(words, severity)

    def show_error(self, error: InfernetError) -> None:
        """What failed, why, and what to do next."""
        self._show(error.message, "error", error.hint)

    def _show(self, words: str, severity: Severity, hint: str | None = None) -> None:
        self.notices.add(words, severity)
        self.toasts.show(words, severity, hint)
        if self.settings.bell == "on" and severity != "information":
            self.bell()

    def log_command(self, command: str) -> None:
        """Keep the command that does the same, for the command log."""
        self.commands.appendleft((self.store.clock(), command))

    def copy(self, text: str, what: str) -> None:
        """Copy to the terminal's clipboard, and to the desktop's where there is one."""
        self.copy_to_clipboard(text)
        self.run_worker(self._copied(text, what), exit_on_error=False)

    async def _copied(self, text: str, what: str) -> None:
        from infernet_tui.clipboard import hand_to_desktop

        program = await hand_to_desktop(text)
        route = program or "the terminal (OSC 52)"
        shown = text if len(text) <= 40 else f"{text[:39]}…"
        self.toast(f"Copied {what} through {route}: {shown}")

    def write_private(self, name: str, text: str, at: float | None = None) -> Path:
        """Write a file that only this person can read, in the config folder. Blocks.

        `at` is the Unix time in its name; files that belong together have the same.
        """
        from infernet_tui.config import write_atomically

        moment = datetime.fromtimestamp(self.store.clock() if at is None else at, UTC)
        path = paths.config_dir() / "exports" / f"{moment:%Y%m%dT%H%M%S}-{name}"
        write_atomically(path, text, mode=0o600)
        return path

    async def save_setting(self, name: str, value: Any) -> None:
        """Remember a `tui.*` setting."""
        from infernet_tui import config

        self.settings = replace(self.settings, **{name: value})
        if self.session.mode == "demo":
            self.toast("This is the demo: kept until you quit, not saved.")
            return
        self.log_command(f"infernet config set tui.{name} {value}")
        await asyncio.to_thread(config.update, {"tui": {name: value}})

    def remember_table(self, screen: str, table: Table[Any]) -> None:
        """Keep a table's filter, sort and columns; of a demo only until it ends."""
        self.table_memory.remember(f"{screen}/{table.id}", table.state)
        if self.table_memory.is_loaded:
            self._save_tables()

    def _save_tables(self) -> None:
        if self.is_demo or self.is_read_only:
            return
        self.table_memory.prepare()
        self.run_worker(self._write_tables(), group="tables", exclusive=True, exit_on_error=False)

    async def _write_tables(self) -> None:
        try:
            await asyncio.to_thread(self.table_memory.write)
        except ConfigError as error:
            self.show_error(error)

    def can_undo(self, label: str, undo: Callable[[], Awaitable[None]]) -> None:
        """Say that something was done, and that `U` takes it back."""
        self.undo_label, self._undo = label, undo
        self.toast(f"{label} · U undoes it")

    async def undo(self) -> None:
        """Take the last reversible act back."""
        undo, label = self._undo, self.undo_label
        self._undo = self.undo_label = None
        if undo is not None:
            await undo()
            self.toast(f"Undone: {label}")

    # --- going about ------------------------------------------------------------------------

    async def go_to(self, screen: str, *, filter_text: str = "") -> None:
        """Show a screen, maybe with its table filtered."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        await self.switch_mode(screen)
        if filter_text and (shown := self.cockpit_screen) is not None:
            shown.call_after_refresh(shown.open_filter, filter_text)

    async def open_job(self, key: str) -> None:
        """Show a job on its own screen."""
        from infernet_tui.screens.jobs import JobsScreen

        await self.go_to("jobs")
        screen = self.cockpit_screen
        if isinstance(screen, JobsScreen):
            screen.call_after_refresh(screen.open_key, key)

    async def open_palette(self) -> None:
        """Every action, by name."""
        from infernet_tui.screens.palette import CommandPalette

        chosen = await self.ask(CommandPalette(self))
        if chosen is not None:
            self.run_user_action(*chosen)

    def remember_palette(self, action_id: str) -> None:
        """It goes to the top of the palette."""
        others = [name for name in self.recent_actions if name != action_id]
        self.recent_actions = [action_id, *others]
