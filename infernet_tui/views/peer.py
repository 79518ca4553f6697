"""Other nodes, and where we know them from."""

from dataclasses import dataclass

from infernet_tui.views.reader import Reader


@dataclass(frozen=True, slots=True)
class PeerView:
    """One node of the network."""

    pubkey: str
    name: str | None
    multiaddr: str | None
    last_seen: float | None
    served_models: tuple[str, ...]
    gpu_model: str | None
    gpu_count: int
    fabrics: tuple[str, ...]
    source: str
    is_self: bool

    @classmethod
    def parse(cls, peer: Reader) -> "PeerView":
        """Read one row."""
        fabric = peer.part("interconnects")
        return cls(
            pubkey=peer.text("pubkey") or "",
            name=peer.text("name"),
            multiaddr=peer.text("multiaddr"),
            last_seen=peer.time("last_seen"),
            served_models=peer.texts("served_models"),
            gpu_model=peer.text("gpu_model"),
            gpu_count=peer.integer("gpu_count") or 0,
            fabrics=tuple(
                name for name in ("nvlink", "xgmi", "infiniband", "efa") if fabric.flag(name)
            ),
            source=peer.text("source") or "?",
            is_self=bool(peer.flag("is_self")),
        )


@dataclass(frozen=True, slots=True)
class SourceView:
    """One way of finding peers."""

    name: str
    state: str
    """ok, failed or not_set_up."""
    count: int
    detail: str | None


@dataclass(frozen=True, slots=True)
class PeersView:
    """Everybody we know of."""

    peers: tuple[PeerView, ...]
    sources: tuple[SourceView, ...]

    @classmethod
    def parse(cls, raw: object) -> "PeersView":
        """Read the answer of `peers`."""
        top = Reader(raw)
        return cls(
            peers=tuple(PeerView.parse(peer) for peer in top.parts("peers")),
            sources=tuple(
                SourceView(
                    each.text("name") or "?",
                    each.text("state") or "failed",
                    each.integer("count") or 0,
                    each.text("detail"),
                )
                for each in top.parts("sources")
            ),
        )
