"""Changing a setting, or a key, from within the application: ask, judge, write, apply, offer undo.

What is written goes through `config.update`, in a thread; a demo's settings are never written.
"""

import asyncio
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from infernet_tui import config, key_map
from infernet_tui.actions import UserAction
from infernet_tui.config import Config, TuiConfig
from infernet_tui.errors import InfernetError
from infernet_tui.screens.dialogs import AskText, Choice, PickOne, Verdict
from infernet_tui.screens.press_key import PressKey
from infernet_tui.settings import Setting, value_of
from infernet_tui.theming import initial_glyphs
from infernet_tui.widgets.chrome import key_name
from infernet_tui.widgets.lines import Lines, line
from infernet_tui.widgets.panel import Panel

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

THEME = "tui.theme"


class SettingEditor:
    """The flows around one application's settings. `changed` is told after each of them."""

    def __init__(self, cockpit: "Cockpit", changed: Callable[[], Awaitable[None]]) -> None:
        self._cockpit, self._changed = cockpit, changed

    # --- settings ---------------------------------------------------------------------------

    async def ask(self, wanted: Setting, found: Config, effect: str) -> None:
        """Ask for a value, and set it."""
        if wanted.key == THEME:
            await self._cockpit.appearance.choose()
            await self._changed()
            return
        now = wanted.in_file(found.raw)
        text = await self._cockpit.ask(
            self._choices(wanted, now) if wanted.choices else self._field(wanted, now, found)
        )
        if text is not None and text != ("" if now is None else str(now)):
            await self.set(wanted, text, found, effect)

    def _choices(self, wanted: Setting, now: Any) -> PickOne:
        default = f"the default: {wanted.default}" if wanted.default else "nothing in the file"
        choices = [Choice("", "not set", default)]
        choices += [Choice(each, each, "now" if each == now else "") for each in wanted.choices]
        words = [line((wanted.about, "muted"))]
        return PickOne(wanted.key, choices, "" if now is None else str(now), words=words)

    def _field(self, wanted: Setting, now: Any, found: Config) -> AskText:
        def judge(text: str) -> Verdict | None:
            try:
                value_of(wanted, text.strip(), found)
            except InfernetError as error:
                return in_short(error), "error"
            return None

        return AskText(
            wanted.key,
            [line((wanted.about, "muted"))],
            initial="" if now is None else str(now),
            placeholder="" if wanted.default is None else f"default {wanted.default}",
            verb="Keep",
            judge=judge,
        )

    async def set(self, wanted: Setting, text: str, found: Config, effect: str) -> None:
        """Set what was typed; empty text removes it from the file.

        Raises:
            InfernetError: it is not allowed, or the file cannot be written.
        """
        if wanted.key == THEME:
            await self._cockpit.appearance.choose(text or TuiConfig().theme)
            await self._changed()
            return
        value, before = value_of(wanted, text, found), wanted.in_file(found.raw)
        await self._write(wanted, value)

        async def back() -> None:
            await self._write(wanted, before)

        shown = "not set" if value is None else str(value)
        self._cockpit.can_undo(f"{wanted.key}: {shown} ({effect})", back)

    async def _write(self, wanted: Setting, value: Any) -> None:
        found = await asyncio.to_thread(config.update, {wanted.section: {wanted.name: value}})
        typed = shlex.quote("" if value is None else str(value))
        self._cockpit.log_command(f"infernet config set {wanted.key} {typed}")
        if wanted.section == "tui":
            self._apply(wanted.name, found.tui)
        await self._changed()

    def _apply(self, name: str, tui: TuiConfig) -> None:
        """What can take effect at once does."""
        cockpit = self._cockpit
        cockpit.settings = replace(cockpit.settings, **{name: getattr(tui, name)})
        if name == "refresh_ms":
            cockpit.refresh_seconds = tui.refresh_ms / 1000
        elif name == "glyphs":
            terminal = sys.__stderr__  # while Textual runs, the other one is its own
            cockpit.glyphs = initial_glyphs(tui.glyphs, terminal.encoding if terminal else None)
            for widget in cockpit.screen_stack[0].query(Lines):
                widget.redraw() if isinstance(widget, Panel) else widget.repaint()
        elif name == "keys":
            cockpit.set_keymap(dict(tui.keys))
            cockpit.redraw_chrome()

    # --- keys -------------------------------------------------------------------------------

    async def remap(self, action: type[UserAction]) -> None:
        """Ask for an action's new key."""
        custom = self._cockpit.settings.keys
        words = [
            line("Press the new key for “", (action.palette, "title"), "”."),
            line(
                (f"It has {key_name(self._cockpit.key_of(action))} now. esc keeps that.", "muted")
            ),
        ]
        key = await self._cockpit.ask(
            PressKey("New key", words, lambda key: key_map.problem_with(action, key, custom))
        )
        if key is not None:
            new = None if key == action.key else key
            await self.set_keys({action.id: new}, f"{key_name(key)} is “{action.palette}”")

    async def set_keys(self, changes: Mapping[str, str | None], label: str) -> None:
        """Change keys; None gives an action its own key back."""
        before = self._cockpit.settings.keys
        await self._write_keys(changes)

        async def back() -> None:
            await self._write_keys({name: before.get(name) for name in changes})

        self._cockpit.can_undo(label, back)

    async def _write_keys(self, changes: Mapping[str, str | None]) -> None:
        found = await asyncio.to_thread(config.update, {"tui": {"keys": changes}})
        self._apply("keys", found.tui)
        await self._changed()


def in_short(error: InfernetError) -> str:
    """What is wrong, without the file that everybody knows it is about."""
    return error.message.rpartition("config.json: ")[2]
