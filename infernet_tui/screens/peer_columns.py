"""The columns of the table of peers."""

from collections.abc import Callable

from infernet_tui.screens import wording
from infernet_tui.screens.peer_words import Peer, fabric, gpus, models
from infernet_tui.widgets.lines import Span, fit
from infernet_tui.widgets.table import Column


def columns(clock: Callable[[], float]) -> list[Column[Peer]]:
    """The columns; the narrow ones first to stay."""

    def cell(text: Callable[[Peer], str], role: str = "text") -> Callable[[Peer], Span]:
        return lambda peer: Span(text(peer), "stale" if peer.is_stale else role)

    def seen(peer: Peer) -> str:
        return "-" if peer.last_seen is None else wording.duration(clock() - peer.last_seen)

    return [
        Column[Peer]("alias", "", 1, _alias_mark, lambda peer: peer.alias),
        Column[Peer]("name", "NAME", 16, _name, lambda peer: peer.name),
        Column[Peer]("gpu", "GPU", 18, cell(gpus), lambda peer: gpus(peer)),
        Column[Peer](
            "models", "MODELS", 0, cell(models), lambda peer: " ".join(peer.served_models),
        ),
        Column[Peer]("fabric", "FABRIC", 9, cell(fabric, "muted"), fabric, rank=1),
        Column[Peer](
            "seen", "SEEN", 7, cell(seen), lambda peer: _age(peer, clock()), right=True,
        ),
        Column[Peer]("ping", "PING", 9, _ping, lambda peer: _round_trip(peer), right=True, rank=2),
        Column[Peer](
            "address", "ADDRESS", 29, cell(lambda peer: peer.multiaddr or "-", "muted"),
            lambda peer: peer.multiaddr, rank=2,
        ),
        Column[Peer](
            "source", "SOURCE", 13, cell(lambda peer: peer.source, "muted"),
            lambda peer: peer.source, rank=2,
        ),
        Column[Peer](
            "key", "KEY", 13, cell(lambda peer: wording.short_key(peer.pubkey), "muted"),
            lambda peer: peer.pubkey, rank=2,
        ),
    ]  # fmt: skip


def text_of(peer: Peer) -> str:
    """What the filter looks in."""
    state = "blocked" if peer.is_blocked else ""
    words = (state, peer.name, peer.own_name or "", peer.pubkey, gpus(peer), *peer.served_models,
             fabric(peer), peer.multiaddr or "", peer.source)  # fmt: skip
    return " ".join(words)


def _alias_mark(peer: Peer) -> Span:
    """Outside the name, where no stranger can write one."""
    return Span("~" if peer.alias else "", "accent")


def _name(peer: Peer) -> Span:
    role = "stale" if peer.is_stale else "accent" if peer.alias else "text"
    if peer.is_blocked:
        return Span(f"blocked {peer.name}", "warn")
    return Span(f"{fit(peer.name, 9).rstrip()} (here)" if peer.is_self else peer.name, role)


def _ping(peer: Peer) -> Span:
    found = peer.ping
    if found is None:
        return Span("")
    words = "no" if found.round_trip_ms is None and found.role == "error" else found.words
    return Span(words, found.role)


def _age(peer: Peer, now: float) -> float | None:
    return None if peer.last_seen is None else now - peer.last_seen


def _round_trip(peer: Peer) -> int | None:
    return peer.ping.round_trip_ms if peer.ping else None
