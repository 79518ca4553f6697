"""The node itself: start, stop, drain."""

from typing import TYPE_CHECKING

from infernet_tui.actions.base import Level, UserAction

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen

EVERYWHERE_BUT_LOGS = (
    "home", "models", "jobs", "gpu", "peers", "earn", "talk", "doctor", "settings",
)  # fmt: skip
"""`t` shows times in the log, and is typed in a chat."""


class StartStop(UserAction):
    """Start the node, or stop the one that runs (asks first)."""

    id, key, label = "node.toggle", "t", "Start/stop"
    palette, twin = "Daemon: start or stop", "infernet start"
    screens, level, in_footer = EVERYWHERE_BUT_LOGS, Level.HARD, True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """Not the node of `infernet up`."""
        return screen.cockpit.node_control.why_not

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Whichever makes sense now."""
        if screen.cockpit.is_connected:
            await screen.cockpit.node_control.stop()
        else:
            await screen.cockpit.node_control.start()


class StopNode(UserAction):
    """Stop the node; running jobs get their grace, then go to another node."""

    id, key, label = "node.stop", "ctrl+x", "Stop"
    palette, twin = "Daemon: stop", "infernet stop"
    screens, level = ("home",), Level.HARD

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """One must run, and not be that of `infernet up`."""
        if not screen.cockpit.is_connected:
            return "No node is running."
        return screen.cockpit.node_control.why_not

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask, then stop."""
        await screen.cockpit.node_control.stop()


class Drain(UserAction):
    """Take no new jobs, finish the running ones, then stop (asks first)."""

    id, key, label = "node.drain", "D", "Drain"
    palette, twin = "Daemon: drain", "infernet stop"
    screens, level = ("home", "jobs"), Level.HARD
    why_not = StopNode.why_not

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask, then drain."""
        await screen.cockpit.node_control.drain()


class Restart(UserAction):
    """Stop the node once its jobs are done, and start it again."""

    id, key, label = "node.restart", "ctrl+r", "Restart"
    palette, twin = "Daemon: restart", "infernet stop && infernet start"
    screens, level = ("home",), Level.HARD

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """One in the background may have been started with options that are not known here."""
        if screen.cockpit.session.mode == "attached":
            return "It runs in the background: infernet stop && infernet start, as you started it."
        return StopNode.why_not(screen)

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask, then restart."""
        await screen.cockpit.node_control.restart()


class ShowNpub(UserAction):
    """Show this node's public key, as hex and as npub, and copy it with y."""

    id, key, label = "identity.show", "i", "Identity"
    palette, twin = "Identity: show npub", "infernet config get node.publicKey"
    screens = ("home",)

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        await screen.cockpit.node_control.show_identity()


ACTIONS: tuple[type[UserAction], ...] = (StartStop, Drain, ShowNpub, StopNode, Restart)
