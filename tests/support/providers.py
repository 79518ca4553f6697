"""Providers for tests of matching and the directory."""

from typing import Any

from infernet_server.matching.decision import Candidates
from infernet_server.matching.node import Node

NOW = 1_800_000_000.0


def node(number: int = 0, **changes: Any) -> Node:
    """A node that is free at `NOW`, with `changes` to its fields."""
    fields: dict[str, Any] = {"node_id": f"provider-{number:08x}", "seen_at": NOW - 1}
    return Node(f"id-{number}", **(fields | changes))


def candidates(*nodes: Node) -> Candidates:
    """A network in which all of these serve the model."""
    return Candidates(nodes, nodes)


def provider_row(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A provider's row as `storage` returns it, with `changes` to its columns."""
    row = {
        "id": f"id-{number}",
        "role": "provider",
        "node_id": f"provider-{number:08x}",
        "public_key": f"{number:064x}",
        "name": f"node {number}",
        "status": "available",
        "address": "198.51.100.7",
        "port": 46337,
        "specs": {"served_models": ["m"]},
        "gpu_model": None,
        "price_micros": 0,
        "reputation": 50,
        "is_public": True,
        "created_at": int(NOW * 1e6),
        "last_seen": int(NOW * 1e6),
    }
    return row | changes


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
