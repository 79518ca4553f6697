"""What can be done with another node."""

from typing import TYPE_CHECKING, cast

from infernet_tui.actions.base import Level, UserAction
from infernet_tui.errors import InfernetError
from infernet_tui.screens import wording

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen
    from infernet_tui.screens.peers import PeersScreen


class PeerAction(UserAction):
    """Is about the peer under the cursor."""

    screens, in_footer = ("peers",), True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be one."""
        peers = cast("PeersScreen", screen)
        return None if peers.current_peer else "There is no peer under the cursor."


class OtherPeerAction(PeerAction):
    """Makes no sense with this node itself."""

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """It must be another."""
        if problem := super().why_not(screen):
            return problem
        peer = cast("PeersScreen", screen).current_peer
        return "That is this node itself." if peer and peer.is_self else None

    @classmethod
    def aim(cls, screen: "CockpitScreen", words: str) -> None:
        """Take the peer that `words` name, if they name one.

        Raises:
            InfernetError: there is no such peer, or it cannot be done with that one.
        """
        if not words:
            return
        left = cast("PeersScreen", screen).aim_at(words, by_name=True)
        if problem := f"No peer in the list is “{left[:40]}”." if left else cls.why_not(screen):
            raise InfernetError(problem)


class OpenPeer(PeerAction):
    """Show all that is known of the peer."""

    id, key, label, palette = "peers.open", "enter", "Open", "Peers: open"
    twin = "infernet peers --json"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        await cast("PeersScreen", screen).open_peer()


class PingPeer(OtherPeerAction):
    """Ask the peer's P2P port whether it answers, and how fast."""

    id, key, label, palette = "peers.ping", "P", "Ping", "Peers: ping"
    twin = "infernet peers ping"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """It must say where it is, and a node must run to ask it."""
        if problem := super().why_not(screen):
            return problem
        peer = cast("PeersScreen", screen).current_peer
        if peer is not None and not peer.multiaddr:
            return f"{peer.name} advertises no address: it takes jobs, but no connections."
        if not screen.cockpit.is_connected:
            return wording.NO_NODE
        return None

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask."""
        self.aim(screen, words)
        await cast("PeersScreen", screen).ping_peer()


class AliasPeer(PeerAction):
    """Give the peer a name that only you see; U undoes it."""

    id, key, label, palette = "peers.alias", "a", "Alias", "Peers: alias"
    twin, level = "infernet peers alias", Level.REVERSIBLE

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask for it, or take the words."""
        peers = cast("PeersScreen", screen)
        await peers.name_peer(peers.aim_at(words))


class BlockPeer(OtherPeerAction):
    """Hide the peer from the list and later from Talk, or show it again (asks first)."""

    id, key, label, palette = "peers.block", "b", "Block", "Peers: block or unblock"
    twin, level = "infernet peers block", Level.HARD

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask, then do it."""
        self.aim(screen, words)
        await cast("PeersScreen", screen).block_peer()


class MessagePeer(OtherPeerAction):
    """Write to the peer's operator."""

    id, key, label, palette = "peers.message", "m", "Message", "Peers: message"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """Talk must be there."""
        from infernet_tui.screens.peer_words import TALK

        return super().why_not(screen) or TALK


class ShowBlocked(UserAction):
    """Show the blocked peers too, or hide them again."""

    id, key, label, palette = "peers.blocked", "B", "Blocked", "Peers: show the blocked"
    screens = ("peers",)

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be some."""
        peers = cast("PeersScreen", screen)
        return None if peers.shows_blocked or peers.count_blocked() else "No peer is blocked."

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        cast("PeersScreen", screen).toggle_blocked()


ACTIONS: tuple[type[UserAction], ...] = (
    OpenPeer, PingPeer, AliasPeer, BlockPeer, MessagePeer, ShowBlocked,
)  # fmt: skip
