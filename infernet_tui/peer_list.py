"""Other nodes, as everything here shows them: rows of `/api/peers`, read leniently. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

SOURCE = "control plane"
MAX_LIMIT = 100
"""As many as a control plane tells at once."""
UNUSED_SOURCES = ("Nostr", "DHT")
"""Ways to find peers that this version does not go."""


def peers_document(
    answer: object, public_key: str | None, problem: str | None = None
) -> dict[str, Any]:
    """The answer of `peers`: who is there, and how each source of that fared."""
    rows = answer.get("data") if isinstance(answer, Mapping) else None
    listed = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    peers = [_peer(row, public_key) for row in listed if isinstance(row.get("pubkey"), str)]
    return {"peers": peers, "sources": list(_sources(len(peers), problem))}


def _peer(row: Mapping[str, Any], public_key: str | None) -> dict[str, Any]:
    models = row.get("served_models")
    count = row.get("gpu_count")
    return {
        "pubkey": row["pubkey"],
        "name": _text(row.get("name")),
        "multiaddr": _text(row.get("multiaddr")),
        "last_seen": _text(row.get("last_seen")),
        "served_models": [name for name in models if isinstance(name, str)]
        if isinstance(models, list)
        else [],
        "gpu_model": _text(row.get("gpu_model")),
        "gpu_count": count if type(count) is int else None,
        "cpu": row.get("cpu"),
        "interconnects": row.get("interconnects"),
        "source": SOURCE,
        "is_self": public_key is not None and row["pubkey"] == public_key,
    }


def _sources(count: int, problem: str | None) -> Iterable[dict[str, Any]]:
    state = "ok" if problem is None else "failed"
    yield {"name": SOURCE, "state": state, "count": count, "detail": problem}
    for name in UNUSED_SOURCES:
        detail = "this version does not look there"
        yield {"name": name, "state": "not_set_up", "count": 0, "detail": detail}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
