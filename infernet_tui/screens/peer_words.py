"""Peers in words: the table's columns, one peer with all that is known, where they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import chop_cells

from infernet_tui.aliases import Aliases
from infernet_tui.screens import wording
from infernet_tui.views.peer import PeersView, PeerView, SourceView
from infernet_tui.widgets.lines import Line, Span, fit, line, width_of

FABRICS = {"nvlink": "NVLink", "xgmi": "xGMI", "infiniband": "IB", "efa": "EFA"}
ASKING = "asking the node for its peers"
ASKING_PEER = "asking"
COMES = "Nostr and DHT find peers without a control plane; a later version looks there."
TALK = "Talk is not set up yet: direct messages between operators come with a later version."
NOBODY = (
    "No peers seen. The control plane lists nobody but this node.\n"
    "Others appear within 30 s of their first heartbeat.\n"
    "Is this the right control plane? `infernet doctor`"
)
UNREACHED = (
    "No peers seen. The control plane did not answer:\n{problem}\nFind out why: `infernet doctor`"
)
ALL_BLOCKED = "All {count} peers are blocked. B shows them."


@dataclass(frozen=True, slots=True)
class Ping:
    """What a ping came to."""

    round_trip_ms: int | None
    words: str
    role: str

    @property
    def is_waiting(self) -> bool:
        """Whether the answer is still to come."""
        return self.words == ASKING_PEER


@dataclass(frozen=True, slots=True)
class Peer:
    """One row: what the network says, and what this person calls it."""

    pubkey: str
    name: str
    """The alias, else its own name, else the beginning of its key."""
    own_name: str | None
    alias: str | None
    is_blocked: bool
    is_self: bool
    is_stale: bool
    """Whether its source has stopped answering."""
    gpu_model: str | None
    gpu_count: int
    served_models: tuple[str, ...]
    fabrics: tuple[str, ...]
    multiaddr: str | None
    last_seen: float | None
    source: str
    ping: Ping | None


def peer_of(
    found: PeerView, aliases: Aliases, pings: Mapping[str, Ping], *, is_stale: bool
) -> Peer:
    """The row of a peer."""
    alias = aliases.names.get(found.pubkey)
    return Peer(
        pubkey=found.pubkey,
        name=alias or found.name or wording.short_key(found.pubkey),
        own_name=found.name,
        alias=alias,
        is_blocked=found.pubkey in aliases.blocked,
        is_self=found.is_self,
        is_stale=is_stale,
        gpu_model=found.gpu_model,
        gpu_count=found.gpu_count,
        served_models=found.served_models,
        fabrics=found.fabrics,
        multiaddr=found.multiaddr,
        last_seen=found.last_seen,
        source=found.source,
        ping=pings.get(found.pubkey),
    )


def gpus(peer: Peer) -> str:
    """`4x RTX 4090`, or `CPU`."""
    if not peer.gpu_model:
        return "CPU" if not peer.gpu_count else f"{peer.gpu_count}x GPU"
    model = wording.short_gpu(peer.gpu_model)
    return f"{peer.gpu_count}x {model}" if peer.gpu_count > 1 else model


def models(peer: Peer) -> str:
    """The first model, and how many more."""
    if not peer.served_models:
        return "-"
    first, more = peer.served_models[0], len(peer.served_models) - 1
    return f"{first} +{more}" if more else first


def fabric(peer: Peer) -> str:
    """`NVLink+IB`."""
    return "+".join(FABRICS[name] for name in peer.fabrics if name in FABRICS)


# --- one peer -----------------------------------------------------------------------------------


def detail_lines(peer: Peer, now: float, width: int) -> list[Line]:
    """All that is known, one fact a line."""
    seen = f"{wording.ago(peer.last_seen, now)}, {wording.moment(peer.last_seen)}"
    facts: list[tuple[str, str | Span]] = [
        ("name", peer.own_name or Span("it gave none", "muted")),
        ("alias", peer.alias or Span("none; a gives it one", "muted")),
        ("public key", peer.pubkey),
        ("npub", _npub(peer.pubkey)),
        ("address", peer.multiaddr or Span("it advertises none", "muted")),
        ("last seen", seen),
        ("GPU", gpus(peer)),
        ("fabric", fabric(peer) or Span("none advertised", "muted")),
        ("heard from", peer.source),
        ("ping", Span(peer.ping.words, peer.ping.role) if peer.ping else Span("P asks", "muted")),
    ]
    if peer.is_self:
        facts.insert(0, ("this is", "this node itself"))
    if peer.is_blocked:
        facts.insert(0, ("blocked", Span("hidden from your list; b unblocks", "warn")))
    lines = [each for name, value in facts for each in _fact(name, value, width)]
    lines += [line(""), line((" Serves", "title"))]
    lines += [line(f"   {model}") for model in peer.served_models]
    return lines if peer.served_models else [*lines, line(("   no model", "muted"))]


def _npub(public_key: str) -> str | Span:
    from infernet_protocol.keys import npub

    try:
        return npub(public_key)
    except ValueError:
        return Span("not a key", "warn")


def _fact(name: str, value: str | Span, width: int) -> list[Line]:
    """A fact, its value on as many lines as it needs."""
    span = value if isinstance(value, Span) else Span(value)
    head, room = f" {name:<11} ", max(12, width - 14)
    if width_of([span]) <= room:
        return [line((head, "muted"), span)]
    return [
        line((head if not number else " " * len(head), "muted"), Span(piece, span.role))
        for number, piece in enumerate(chop_cells(span.text, room))
    ]


# --- where they come from -----------------------------------------------------------------------

STATES = {"ok": ("ok", "ok"), "failed": ("FAILED", "error")}


def source_lines(found: PeersView | None, width: int) -> list[Line]:
    """One line for all sources, and one for what is wrong or what comes."""
    if found is None:
        return [line((f" {ASKING}", "muted")), line("")]
    spans: list[Span] = [Span(" ")]
    for number, source in enumerate(found.sources):
        spans += [Span(" · ", "muted") if number else Span(""), *_source(source)]
    failed = [source for source in found.sources if source.state == "failed"]
    if failed:
        detail = failed[0].detail or "no reason given"
        return [tuple(spans), line((fit(f" {detail} · r tries again", width), "error"))]
    return [tuple(spans), line((f" {COMES}", "muted"))]


def _source(source: SourceView) -> Sequence[Span]:
    words, role = STATES.get(source.state, ("not set up yet", "muted"))
    count = Span(f" {source.count:,}") if source.state == "ok" else Span("")
    return Span(f"{source.name} ", "muted"), Span(words, role), count


def empty_words(found: PeersView, blocked: int) -> str:
    """Why there are no rows, and what to do."""
    failed = next((source for source in found.sources if source.state == "failed"), None)
    if failed is not None:
        return UNREACHED.format(problem=failed.detail or "no reason given")
    return ALL_BLOCKED.format(count=blocked) if blocked else NOBODY
