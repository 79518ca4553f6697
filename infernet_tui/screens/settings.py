"""Settings: every setting with its value and source, every key, and who this node is.

Two tables share the place: the settings, and (`K`) the keys. The pane below explains the row under
the cursor.
"""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from infernet_tui import config, paths
from infernet_tui.actions import BY_ID
from infernet_tui.config import Config, TuiConfig
from infernet_tui.errors import ConfigError, InfernetError, UsageError
from infernet_tui.screens import settings_words
from infernet_tui.screens.base import CockpitScreen
from infernet_tui.screens.dialogs import AskText, Confirm, ShowLines, Verdict
from infernet_tui.screens.settings_words import KeyRow, SettingRow
from infernet_tui.setting_editor import SettingEditor, in_short
from infernet_tui.settings import Setting, resolved, setting, value_of
from infernet_tui.store import CONNECTION, Topic
from infernet_tui.text import marked
from infernet_tui.theming import load_themes
from infernet_tui.widgets.lines import line
from infernet_tui.widgets.panel import Panel
from infernet_tui.widgets.table import Table

DEMO = "This is the demo: nothing is changed. For your own settings: infernet tui"
BACKUP = 'install -m 600 "$(infernet config path)" identity-backup.json'


class SettingsScreen(CockpitScreen):
    """The tables, a pane, and where there is room the identity beside them."""

    NAME = "settings"
    BINDINGS = [Binding("escape", "show_settings", show=False)]  # noqa: RUF012
    DEFAULT_CSS = """
    SettingsScreen #main { width: 1fr; }
    SettingsScreen Table { height: 1fr; }
    SettingsScreen #detail { height: 7; }
    SettingsScreen.-tall #detail { height: 9; }
    SettingsScreen #identity { display: none; width: 38; height: 1fr; }
    SettingsScreen.-m #identity, SettingsScreen.-l #identity { display: block; }
    SettingsScreen #keys { display: none; }
    SettingsScreen.-keys #keys { display: block; }
    SettingsScreen.-keys #settings { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.found = Config()
        """The configuration as it was read last."""
        self._npub: str | None = None
        self._theme_problems: tuple[str, ...] = ()
        self._editor: SettingEditor | None = None

    def compose_body(self) -> ComposeResult:
        """Two tables of which one is shown, the pane, the identity."""
        words = settings_words
        settings = Table(
            "Settings", words.setting_columns(), _id, id="settings", text=words.setting_text,
            empty="reading config.json…",
        )  # fmt: skip
        keys = Table("Keys", words.key_columns(), _id, id="keys")
        for table in (settings, keys):
            self.cockpit.table_memory.recall(f"settings/{table.id}", table.state)
        with Horizontal():
            with Vertical(id="main"):
                yield settings
                yield keys
                yield Panel("What it is", id="detail", focusable=True)
            yield Panel("Identity", id="identity", focusable=True)

    def on_mount(self) -> None:
        """The settings have the keys."""
        self.query_one("#settings").focus()

    @property
    def shows_keys(self) -> bool:
        """Whether the keys are shown in place of the settings."""
        return self.has_class("-keys")

    @property
    def table(self) -> Table[Any]:
        """The one that is shown."""
        return self.query_one("#keys" if self.shows_keys else "#settings", Table)

    @property
    def is_demo(self) -> bool:
        """Whether nothing may be written."""
        return self.cockpit.session.mode == "demo"

    @property
    def editor(self) -> SettingEditor:
        """What changes things."""
        if self._editor is None:
            self._editor = SettingEditor(self.cockpit, self.load)
        return self._editor

    # --- what is shown ----------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        """Somebody may have changed the file meanwhile."""
        super().on_screen_resume()
        self.refetch()

    def refetch(self) -> None:
        """Read the file again."""
        self.run_worker(self.load(), exit_on_error=False)

    async def load(self) -> None:
        """Read the configuration, in a thread, and show it."""
        try:
            self.found = await self._read()
        except InfernetError as error:
            table = self.query_one("#settings", Table)
            table.empty = "\n".join(filter(None, (error.message, error.hint)))
            table.set_rows([])
            return
        self._npub = await asyncio.to_thread(_npub_of, self.found)
        self._theme_problems = (await asyncio.to_thread(load_themes)).problems
        self.show()

    async def _read(self) -> Config:
        if not self.is_demo:
            return await asyncio.to_thread(config.load)
        from infernet_tui.demo.settings import demo_config

        node, tui, usual = self.cockpit.store.node, self.cockpit.settings, asdict(TuiConfig())
        engine = {"backend": node.engine, "model": node.model} if node else {}
        changed = {name: value for name, value in asdict(tui).items() if value != usual[name]}
        return demo_config(await self.cockpit.request("node.info"), engine, changed)

    def show(self) -> None:
        """Rows of both tables, and who we are."""
        if not self.is_mounted:
            return
        values = resolved(self.found, {}) if self.is_demo else resolved(self.found)
        note = "made up (demo)" if self.is_demo else ""
        self.query_one("#settings", Table).set_rows(settings_words.setting_rows(values), note=note)
        rows = settings_words.key_rows(self.cockpit.settings.keys)
        conflicts = sum(row.note.startswith("conflict") for row in rows)
        note = f"conflicts: {conflicts}" if conflicts else "no conflicts"
        self.query_one("#keys", Table).set_rows(rows, note=note)
        identity = self.query_one("#identity", Panel)
        identity.fill(settings_words.identity_lines(self.identity_facts(), identity.columns))

    def identity_facts(self) -> list[tuple[str, str]]:
        """Name, role, node id, keys."""
        return settings_words.identity_facts(self.found.raw.get("node") or {}, self._npub)

    @on(Table.CursorMoved)
    def _moved(self) -> None:
        self._explain()

    def draw(self, topics: frozenset[Topic]) -> None:
        """Only a demo's settings come from its node; another width folds the words anew."""
        if self.is_demo and CONNECTION in topics and not self.found.raw:
            self.refetch()
        self._explain()

    def _explain(self) -> None:
        pane, row, words = self.query_one("#detail", Panel), self.table.current, settings_words
        pane.top = 0
        if isinstance(row, KeyRow):
            pane.title = row.name
            pane.fill(words.key_detail(row, BY_ID.get(row.id), pane.columns))
        elif isinstance(row, SettingRow):
            wanted = setting(row.id)
            problems = self._theme_problems if wanted.key == "tui.theme" else ()
            pane.title = row.id
            pane.fill(words.setting_detail(wanted, row, pane.columns, problems))
        else:
            pane.fill([line((" No row under the cursor.", "muted"))])

    # --- what actions ask for ---------------------------------------------------------------

    def toggle_keys(self) -> None:
        """The keys, or the settings again."""
        self.set_class(not self.shows_keys, "-keys")
        self.table.focus()
        self._explain()

    def action_show_settings(self) -> None:
        """Back from the keys."""
        if self.shows_keys and self.maximized is None and not self.table.state.filter:
            self.toggle_keys()
        else:
            self.action_step_back()

    @property
    def current_setting(self) -> Setting | None:
        """The setting under the cursor, while the settings are shown."""
        row = self.table.current
        return setting(row.id) if isinstance(row, SettingRow) else None

    def why_fixed(self) -> str | None:
        """Why what is under the cursor cannot be changed here."""
        if self.is_demo:
            return DEMO
        wanted = self.current_setting
        if wanted is None:
            return None if self.table.current is not None else "There is no row under the cursor."
        if wanted.key == "tui.keys" or not wanted.managed_by:
            return None
        secret = " It is a secret, and is neither shown nor typed here." if wanted.is_secret else ""
        return f"`{wanted.key}` is written by: {wanted.managed_by}.{secret}"

    @on(Table.Opened)
    def _opened(self) -> None:
        self.cockpit.run_user_action("settings.edit")

    async def edit(self) -> None:
        """Change the setting or the key under the cursor."""
        row, wanted = self.table.current, self.current_setting
        if wanted is not None and wanted.key == "tui.keys":
            self.toggle_keys()
        elif wanted is not None:
            await self.editor.ask(wanted, self.found, settings_words.effect_of(wanted))
        elif isinstance(row, KeyRow) and (action := BY_ID.get(row.id)) is not None:
            await self.editor.remap(action)

    async def set_by_name(self, words: str) -> None:
        """Set what is named, as `infernet config set` does.

        Raises:
            InfernetError: there is no such setting, or the value is not allowed.
        """
        if not words:
            example = [line(("As after `infernet config set`: tui.glyphs ascii", "muted"))]
            dialog = AskText("Setting and value", example, verb="Keep", judge=self._judged)
            answer = await self.cockpit.ask(dialog)
            words = answer or ""
        if words:
            wanted, text = _named(words)
            effect = settings_words.effect_of(wanted)
            await self.editor.set(wanted, text, self.found, effect)

    def _judged(self, words: str) -> Verdict | None:
        try:
            wanted, text = _named(words)
            value_of(wanted, text, self.found)
        except InfernetError as error:
            hint = f" {error.hint}" if isinstance(error, UsageError) and error.hint else ""
            return in_short(error) + hint, "error"
        return None

    async def reset(self) -> None:
        """Give the setting or the key under the cursor its default back."""
        row, wanted = self.table.current, self.current_setting
        if wanted is not None:
            if wanted.in_file(self.found.raw) is None:
                self.cockpit.toast(f"{wanted.key} is not set in config.json.")
            elif wanted.key == "tui.keys":
                await self.reset_keys()
            else:
                effect = settings_words.effect_of(wanted)
                await self.editor.set(wanted, "", self.found, effect)
        elif isinstance(row, KeyRow):
            names = [name for name in self.cockpit.settings.keys if _shown(name) == row.id]
            if names:
                await self.editor.set_keys({names[0]: None}, f"“{row.name}” has its own key again")
            else:
                self.cockpit.toast(f"“{row.name}” has its own key already.")

    async def reset_keys(self) -> None:
        """Give every action its own key back."""
        changes: dict[str, str | None] = dict.fromkeys(self.cockpit.settings.keys)
        await self.editor.set_keys(changes, "Every action has its own key again")

    async def show_identity(self) -> None:
        """Who this node is; where the panel shows that already, copy the npub."""
        if self.query_one("#identity").display:
            self._copy_npub()
            return
        lines = settings_words.identity_lines(self.identity_facts(), 72)[:-2]
        title = "Identity · y copies the npub · esc closes"
        await self.cockpit.ask(ShowLines(title, lines, copies=self._npub))

    def _copy_npub(self) -> None:
        if self._npub:
            self.cockpit.copy(self._npub, "the npub")

    def cell_to_copy(self) -> tuple[str, str] | None:
        """The value under the cursor (a secret is `[redacted]` long before), or the npub."""
        if self.focused is not None and self.focused.id == "identity" and self._npub:
            return self._npub, "the npub"
        row = self.table.current
        if isinstance(row, KeyRow):
            return row.id, "the action's id"
        return (row.value or "", row.id) if isinstance(row, SettingRow) else None

    async def back_up(self) -> None:
        """Ask, then copy config.json to where only this person can read it.

        Raises:
            ConfigError: it cannot be read, or the copy not be written.
        """
        question = Confirm(
            "Back up this node's identity?",
            [
                "A copy of config.json is written that only you can read (0600).",
                "It holds the private key: who has it is this node.",
            ],
            BACKUP,
            verb="Back up",
            trigger="b",
        )
        if not await self.cockpit.ask(question):
            return
        path = await asyncio.to_thread(self._copy_config)
        self.cockpit.log_command(BACKUP)
        words = [
            line(" Written, readable by you alone:"),
            *(line((" " + str(path)[at : at + 72], "key")) for at in range(0, len(str(path)), 72)),
            line(""),
            line(" Move it to another disk: a backup beside the original is none."),
        ]
        await self.cockpit.ask(ShowLines("Backed up · y copies the path", words, copies=str(path)))

    def _copy_config(self) -> Path:
        try:
            text = paths.config_file().read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"Cannot read {paths.config_file()}: {error}") from None
        return self.cockpit.write_private("identity-backup.json", text)


def _id(row: SettingRow | KeyRow) -> str:
    return row.id


def _named(words: str) -> tuple[Setting, str]:
    """`tui.glyphs ascii` → the setting, and the text.

    Raises:
        UsageError: there is no such setting.
    """
    key, _, text = words.strip().partition(" ")
    return setting(key), text.strip().strip("\"'")


def _shown(action_id: str) -> str:
    return action_id if action_id in BY_ID else marked(action_id, 60)


def _npub_of(found: Config) -> str | None:
    """The public key as people pass it on."""
    from infernet_protocol.keys import is_public_hex, npub

    node = found.raw.get("node")
    key = node.get("publicKey") if isinstance(node, dict) else None
    return npub(key) if isinstance(key, str) and is_public_hex(key) else None
