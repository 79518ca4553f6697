"""What can be done in a chat. In the text field letters are typed; esc leaves it."""

from typing import TYPE_CHECKING, cast

from infernet_tui.actions.base import UserAction

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen
    from infernet_tui.screens.chat import ChatScreen


class Send(UserAction):
    """Send what was typed; outside the text field: go there."""

    id, key, label, palette = "chat.send", "enter", "Send", "Chat: send"
    screens, twin, in_footer = ("chat",), "infernet chat", True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """One question at a time, and somebody to ask."""
        chat = cast("ChatScreen", screen)
        if not chat.composer.has_focus:
            return None
        if chat.talk.is_running:
            return "An answer is coming. esc stops it."
        return None if screen.cockpit.is_connected else "The node is not running: infernet start"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask."""
        cast("ChatScreen", screen).send(words)


class StopAnswer(UserAction):
    """Stop the answer; when none is coming, leave the text field."""

    id, key, label, palette = "chat.stop", "x", "Stop", "Chat: stop the answer"
    screens = ("chat",)  # escape does it too, in the text field and outside it

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Whichever there is."""
        cast("ChatScreen", screen).leave_or_stop()


class ChooseModel(UserAction):
    """Choose the model that is asked: one of this node's, or of the network's."""

    id, key, label, palette = "chat.model", "m", "Model", "Chat: model"
    screens, twin, in_footer = ("chat",), "infernet chat --model", True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Choose the named one, or open the list."""
        await cast("ChatScreen", screen).choose_model(words.strip())


class ToggleRoute(UserAction):
    """Ask the network, or this node's own engine."""

    id, key, label, palette = "chat.route", "ctrl+n", "Route", "Chat: network or this node"
    screens, twin, in_footer = ("chat",), "infernet chat --remote", True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        cast("ChatScreen", screen).toggle_route()


class Retry(UserAction):
    """Ask the last question again; the new answer takes the place of the old one."""

    id, key, label, palette = "chat.retry", "ctrl+r", "Again", "Chat: regenerate"
    screens, in_footer = ("chat",), True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be one that has ended."""
        talk = cast("ChatScreen", screen).talk
        if talk.last is None:
            return "Nothing was asked yet."
        if talk.is_running:
            return "An answer is coming. esc stops it."
        return None if screen.cockpit.is_connected else "The node is not running: infernet start"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask again."""
        cast("ChatScreen", screen).retry()


class Options(UserAction):
    """Set the system prompt and the temperature."""

    id, key, label, palette = "chat.options", "o", "Options", "Chat: system prompt, temperature"
    screens, twin, in_footer = ("chat",), "infernet chat --system", True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open the dialog."""
        await cast("ChatScreen", screen).choose_options()


class NewConversation(UserAction):
    """Begin a new conversation; the model remembers nothing of the old one."""

    id, key, label, palette = "chat.new", "N", "New", "Chat: new conversation"
    screens = ("chat",)

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Forget."""
        cast("ChatScreen", screen).start_anew()


class Edit(UserAction):
    """Write the message in your own editor ($VISUAL or $EDITOR)."""

    id, key, label, palette = "chat.editor", "ctrl+g", "Editor", "Chat: write in $EDITOR"
    screens = ("chat",)

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """One must be set."""
        from infernet_tui.external_editor import editor

        return None if editor() else "No editor is set: export EDITOR=nano"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Step aside, then take the text."""
        from infernet_tui.external_editor import edit

        composer = cast("ChatScreen", screen).composer
        composer.text = (await edit(screen.cockpit, composer.text)).rstrip("\n")
        composer.move_cursor(composer.document.end)
        composer.focus()


ACTIONS: tuple[type[UserAction], ...] = (
    Send, StopAnswer, ChooseModel, ToggleRoute, Retry, Options, NewConversation, Edit,
)  # fmt: skip
