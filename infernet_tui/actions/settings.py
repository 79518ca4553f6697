"""What can be done with settings, keys and this node's identity."""

from typing import TYPE_CHECKING, cast

from infernet_tui.actions.base import Level, UserAction

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen
    from infernet_tui.screens.settings import SettingsScreen


class SettingAction(UserAction):
    """Changes something, and can be undone."""

    screens, level = ("settings",), Level.REVERSIBLE

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """Not in a demo."""
        from infernet_tui.screens.settings import DEMO

        return DEMO if cast("SettingsScreen", screen).is_demo else None


class EditSetting(SettingAction):
    """Change the setting, or the key, under the cursor."""

    id, key, label, palette = "settings.edit", "enter", "Change", "Settings: change"
    twin, in_footer = "infernet config set", True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """Some are written by commands."""
        return cast("SettingsScreen", screen).why_fixed()

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask for the value."""
        await cast("SettingsScreen", screen).edit()


class SetByName(SettingAction):
    """Set what you name: key and value, as after `infernet config set`."""

    id, key, label, palette = "settings.set", "e", "Set by name", "Settings: set by name"
    twin = "infernet config set"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Set it."""
        await cast("SettingsScreen", screen).set_by_name(words.strip())


class ResetSetting(SettingAction):
    """Give the setting, or the key, under the cursor its default back."""

    id, key, label, palette = "settings.reset", "x", "Default", "Settings: back to the default"
    twin, in_footer = "infernet config set", True
    why_not = EditSetting.why_not

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Remove it from config.json."""
        await cast("SettingsScreen", screen).reset()


class ShowKeys(UserAction):
    """Show every action with its keys and conflicts, or the settings again."""

    id, key, label, palette = "settings.keys", "K", "Keys", "Settings: keys"
    screens, in_footer = ("settings",), True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        cast("SettingsScreen", screen).toggle_keys()


class ResetKeys(SettingAction):
    """Give every action its own key back."""

    id, key, label, palette = "settings.reset_keys", "R", "Reset keys", "Settings: reset all keys"
    twin = "infernet tui"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be something to take back."""
        if reason := super().why_not(screen):
            return reason
        return None if screen.cockpit.settings.keys else "No key was changed."

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Remove tui.keys."""
        await cast("SettingsScreen", screen).reset_keys()


class ShowIdentity(UserAction):
    """Show this node's name and keys, or copy its npub where they are shown already."""

    id, key, label, palette = "settings.identity", "i", "Identity", "Identity: copy npub"
    twin, in_footer = "infernet config get node.publicKey", True
    screens = ("settings",)

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be one."""
        if cast("SettingsScreen", screen).found.raw.get("node"):
            return None
        return "There is no identity yet: infernet init"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Show or copy."""
        await cast("SettingsScreen", screen).show_identity()


class BackUpIdentity(SettingAction):
    """Write a copy of config.json, private key included, that only you can read (asks first)."""

    id, key, label, palette = "settings.backup", "b", "Back up", "Identity: back up"
    twin, level, in_footer = "infernet config path", Level.HARD, True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be one."""
        return super().why_not(screen) or ShowIdentity.why_not(screen)

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask, then write."""
        await cast("SettingsScreen", screen).back_up()


ACTIONS: tuple[type[UserAction], ...] = (
    SetByName, EditSetting, ResetSetting, ShowKeys, ShowIdentity, BackUpIdentity, ResetKeys,
)  # fmt: skip
