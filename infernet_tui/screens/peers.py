"""Peers: the other nodes of the network, where we know them from, and what a person calls them."""

import asyncio
import shlex
from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from infernet_tui import aliases as alias_file
from infernet_tui.actions.peers import AliasPeer, PingPeer
from infernet_tui.aliases import Aliases
from infernet_tui.errors import InfernetError
from infernet_tui.screens import peer_columns, peer_words, wording
from infernet_tui.screens.base import CockpitScreen
from infernet_tui.screens.dialogs import AskText, Confirm, ShowLines, Verdict
from infernet_tui.screens.peer_words import ASKING_PEER, Peer, Ping
from infernet_tui.store import PEERS, Topic
from infernet_tui.views.peer import PeersView
from infernet_tui.widgets.lines import Lines, line
from infernet_tui.widgets.panel import Panel
from infernet_tui.widgets.table import Table

REFRESH_SECONDS = 15.0
PING_SECONDS = 12.0
"""The node gives up after 5 s, and says so."""
AGE_SECONDS = 5
"""How often the ages are painted anew."""
NO_ALIAS = "-"


class PeersScreen(CockpitScreen):
    """The table; beside it, where there is room, the peer under the cursor."""

    NAME = "peers"
    TOPICS = {PEERS: REFRESH_SECONDS}  # noqa: RUF012
    DEFAULT_CSS = """
    PeersScreen #columns { height: 1fr; }
    PeersScreen #peers { width: 1fr; height: 1fr; }
    PeersScreen #detail { display: none; width: 52; }
    PeersScreen.-l #detail { display: block; }
    PeersScreen #sources { height: 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.shows_blocked = False
        self._aliases = Aliases()
        self._pings: dict[str, Ping] = {}
        self._known: PeersView | None = None
        """The newest answer that named anybody."""

    def compose_body(self) -> ComposeResult:
        """A table, a pane, and where the rows come from."""
        clock = self.cockpit.store.clock
        table = Table(
            "Peers", peer_columns.columns(clock), _key, id="peers", text=peer_columns.text_of
        )
        self.cockpit.table_memory.recall("peers/peers", table.state)
        with Horizontal(id="columns"):
            yield table
            yield Panel("Peer", id="detail", focusable=True)
        yield Lines(id="sources")

    def on_mount(self) -> None:
        """The table has the keys; the aliases are read beside that."""
        self.query_one("#peers").focus()
        self.run_worker(self._load_aliases(), exit_on_error=False)

    async def _load_aliases(self) -> None:
        try:
            self._aliases = await asyncio.to_thread(alias_file.load)
        except InfernetError as error:
            self.cockpit.show_error(error)
        self._draw_rows()

    @property
    def peers(self) -> Table[Peer]:
        """The table."""
        return self.query_one("#peers", Table)

    @property
    def current_peer(self) -> Peer | None:
        """The peer under the cursor."""
        return self.peers.current

    # --- drawing ----------------------------------------------------------------------------

    def draw(self, topics: frozenset[Topic]) -> None:
        """Rows and sources."""
        if topics & {PEERS, "connection"}:
            self._draw_rows()

    def tick(self) -> None:
        """Peers were seen longer ago."""
        if int(self.cockpit.store.clock()) % AGE_SECONDS == 0:
            self.peers.redraw()
        if not self.cockpit.is_connected:
            self._draw_rows()

    def _draw_rows(self) -> None:
        store, table = self.cockpit.store, self.peers
        found = store.peers
        if found is not None and (found.peers or self._known is None):
            self._known = found
        shown = self._known if self._lost_sources(found) else found
        is_stale = shown is not found or not self.cockpit.is_connected
        rows = [
            peer_words.peer_of(each, self._aliases, self._pings, is_stale=is_stale)
            for each in (shown.peers if shown else ())
        ]
        hidden = sum(row.is_blocked for row in rows)
        visible = [row for row in rows if self.shows_blocked or not row.is_blocked]
        if all(row.is_self for row in visible):
            visible = []  # oneself is no company: the words for an empty list say more
        table.empty = self._empty_words(found, hidden)
        table.set_rows(visible, note=self._note(hidden, is_stale=is_stale and bool(rows)))
        sources = self.query_one("#sources", Lines)
        sources.show(peer_words.source_lines(found, self.size.width))

    def _lost_sources(self, found: PeersView | None) -> bool:
        """Whether nobody is listed only because a source does not answer."""
        return (
            found is not None
            and not found.peers
            and any(source.state == "failed" for source in found.sources)
        )

    def _empty_words(self, found: PeersView | None, hidden: int) -> str:
        if found is not None:
            return peer_words.empty_words(found, hidden)
        if not self.cockpit.is_connected:
            return wording.NO_NODE
        problem = self.cockpit.store.problems.get(PEERS)
        return f"{problem}\nTry again: r, or: `infernet peers`" if problem else peer_words.ASKING

    def _note(self, hidden: int, *, is_stale: bool) -> str:
        asking = sum(ping.is_waiting for ping in self._pings.values())
        parts = [f"asking {wording.count_of(asking, 'peer')}"] if asking else []
        if hidden:
            parts.append(f"{hidden} blocked, {'shown' if self.shows_blocked else 'hidden'} · B")
        if is_stale:
            age = self.cockpit.store.age(PEERS)
            parts.append(f"stale {wording.duration(age)}" if age else "stale")
        return " · ".join(parts)

    @on(Table.CursorMoved, "#peers")
    def _moved(self) -> None:
        pane, peer = self.query_one("#detail", Panel), self.current_peer
        if not pane.display:
            return
        if peer is None:
            pane.fill([line((" No peer under the cursor.", "muted"))])
        else:
            now = self.cockpit.store.clock()
            pane.fill(peer_words.detail_lines(peer, now, pane.columns), info=peer.name[:24])

    @on(Table.Opened, "#peers")
    def _opened(self) -> None:
        self.cockpit.run_user_action("peers.open")

    # --- what actions ask for ---------------------------------------------------------------

    async def open_peer(self) -> None:
        """All about the peer under the cursor: in the pane, or in a dialog where there is none."""
        pane, peer = self.query_one("#detail", Panel), self.current_peer
        if peer is None:
            return
        if pane.display:
            pane.focus()
            return
        lines = peer_words.detail_lines(peer, self.cockpit.store.clock(), 70)
        await self.cockpit.ask(
            ShowLines(
                f"{peer.name[:40]} · esc closes · y copies the key", lines, copies=peer.pubkey
            )
        )

    def aim_at(self, words: str, *, by_name: bool = False) -> str:
        """Put the cursor on the peer that the first word names; what follows it."""
        first, _, rest = words.strip().partition(" ")
        for peer in self.peers.view:
            names = (peer.pubkey, peer.multiaddr, *((peer.name, peer.own_name) if by_name else ()))
            if first and first in names:
                self.peers.select(peer.pubkey)
                return rest.strip()
        return words.strip()

    async def ping_peer(self) -> None:
        """Ask its P2P port whether it is there.

        Raises:
            InfernetError: it does not answer.
        """
        peer = self.current_peer
        if peer is None:
            return
        self.cockpit.log_command(f"{PingPeer.twin} {peer.multiaddr}")
        self._set_ping(peer, Ping(None, ASKING_PEER, "info"))
        address = {"multiaddr": peer.multiaddr}
        try:
            pong = await self.cockpit.request("peer.ping", address, seconds=PING_SECONDS)
        except InfernetError as error:
            self._set_ping(peer, Ping(None, error.message, "error"))
            raise
        milliseconds = round(pong.get("round_trip_ms") or 0)
        words = wording.milliseconds(milliseconds)
        self._set_ping(peer, Ping(milliseconds, words, "ok"))
        self.cockpit.toast(f"{peer.name} answered in {words}.")

    def _set_ping(self, peer: Peer, ping: Ping) -> None:
        self._pings[peer.pubkey] = ping
        self._draw_rows()

    async def name_peer(self, words: str) -> None:
        """Give the peer under the cursor an alias, or take it away."""
        peer = self.current_peer
        if peer is None:
            return
        alias = words or await self._ask_alias(peer)
        if alias is None:
            return
        if problem := self._problem_with(alias, peer):
            raise InfernetError(problem)
        before = peer.alias
        await self._save_alias(peer, None if alias == NO_ALIAS else alias)
        label = (
            f"{peer.own_name or wording.short_key(peer.pubkey)} has no alias any more"
            if alias == NO_ALIAS
            else f"{peer.own_name or wording.short_key(peer.pubkey)} is now {alias}"
        )
        self.cockpit.can_undo(label, lambda: self._save_alias(peer, before))

    async def _ask_alias(self, peer: Peer) -> str | None:
        def judge(text: str) -> Verdict | None:
            problem = self._problem_with(text.strip(), peer)
            return (problem, "error") if problem else None

        words = [
            line("Only you see it, on this machine, in place of the name that the node chose."),
            line(("A single - takes an alias away.", "muted")),
        ]
        title = f"Alias of {peer.own_name or wording.short_key(peer.pubkey)}"
        return await self.cockpit.ask(
            AskText(title, words, initial=peer.alias or "", verb="Save", judge=judge)
        )

    def _problem_with(self, alias: str, peer: Peer) -> str | None:
        return alias_file.problem_with(alias, peer.pubkey, self._aliases)

    async def _save_alias(self, peer: Peer, alias: str | None) -> None:
        await self._change_aliases(lambda known: known.named(peer.pubkey, alias))
        name = f" {shlex.quote(alias)}" if alias else ""
        self.cockpit.log_command(f"{AliasPeer.twin} {peer.pubkey}{name}")
        self._draw_rows()

    async def _change_aliases(self, edit: Callable[[Aliases], Aliases]) -> None:
        """In the file; of the demo's nodes only until it ends."""
        if self.cockpit.is_demo:
            self._aliases = edit(self._aliases)
        else:
            self._aliases = await asyncio.to_thread(alias_file.change, edit)

    async def block_peer(self) -> None:
        """Hide the peer under the cursor, or show it again."""
        peer = self.current_peer
        if peer is None or not await self.cockpit.ask(_block_question(peer)):
            return
        is_blocked = not peer.is_blocked
        await self._change_aliases(lambda known: known.blocking(peer.pubkey, is_blocked))
        word = "blocked" if is_blocked else "unblocked"
        self.cockpit.log_command(f"{_block_command(peer)} --yes")
        self.cockpit.toast(f"{peer.name} is {word}.")
        self._draw_rows()

    def toggle_blocked(self) -> None:
        """Show the blocked peers too, or hide them again."""
        self.shows_blocked = not self.shows_blocked
        self._draw_rows()

    def count_blocked(self) -> int:
        """How many of the listed peers are blocked."""
        known = self._known.peers if self._known else ()
        return sum(peer.pubkey in self._aliases.blocked for peer in known)

    def cell_to_copy(self) -> tuple[str, str] | None:
        """The public key."""
        peer = self.current_peer
        return (peer.pubkey, "the public key") if peer else None


def _block_question(peer: Peer) -> Confirm:
    if peer.is_blocked:
        title, verb = f"Unblock {peer.name[:40]}?", "Unblock"
        words = ["It is listed here again, and may write to you once Talk is set up."]
    else:
        title, verb = f"Block {peer.name[:40]}?", "Block"
        words = [
            "It is hidden from this list, and later from Talk. B shows blocked peers.",
            "It changes no matching: the control plane may still give you its jobs,",
            "and give it yours.",
        ]
    return Confirm(title, words, _block_command(peer), verb=verb, trigger="b")


def _block_command(peer: Peer) -> str:
    return f"infernet peers {'unblock' if peer.is_blocked else 'block'} {peer.pubkey}"


def _key(peer: Peer) -> str:
    return peer.pubkey
