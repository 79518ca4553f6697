"""Sentences that say why a job was given to a node, from the control plane's stored decisions.

Pure. The document is the answer of `jobs/{id}/explain`; names in it are others' words, so whoever
shows the sentences sanitises them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NAMED_CANDIDATES = 5
"""How many of the others are named; the rest is counted by reason."""

_STATES = {
    "assigned": "it has not begun yet",
    "running": "it runs now",
    "completed": "it was completed",
    "failed": "it failed",
    "lost": "the node was lost",
    "cancelled": "it was cancelled",
    "declined": "the node gave it back",
}


def sentences(explained: Mapping[str, Any]) -> list[str]:
    """Why this node and why not the others, one try after the other."""
    return [line for attempt in _objects(explained.get("attempts")) for line in _attempt(attempt)]


def _attempt(attempt: Mapping[str, Any]) -> Iterator[str]:
    number, who = attempt.get("number"), _who(attempt)
    state = _STATES.get(str(attempt.get("state")), str(attempt.get("state")))
    tokens = attempt.get("tokens") or 0
    yield f"Attempt {number} went to {who}; {state}, after {tokens} tokens."
    decision = attempt.get("decision")
    if not isinstance(decision, Mapping):
        yield f"Why attempt {number} went there was not kept."
        return
    candidates = _objects(decision.get("candidates"))
    chosen_id = decision.get("provider_id")
    chosen = next((c for c in candidates if chosen_id and c.get("provider_id") == chosen_id), None)
    others = [c for c in candidates if c is not chosen]
    free = [c for c in others if not c.get("reasons")]
    yield _draw(decision, chosen, free)
    yield from (_free(candidate) for candidate in free[:NAMED_CANDIDATES])
    refused = [c for c in others if c.get("reasons")]
    yield from (_refused(candidate) for candidate in refused[:NAMED_CANDIDATES])
    yield from _uncounted(decision, refused[:NAMED_CANDIDATES])


def _draw(
    decision: Mapping[str, Any],
    chosen: Mapping[str, Any] | None,
    free: Sequence[Mapping[str, Any]],
) -> str:
    count = decision.get("free") or 0
    if chosen is None:
        return "No node was free."
    score = _number(chosen.get("score"))
    if count <= 1:
        return f"It was the only free node that serves the model (score {score:g})."
    total = score + sum(_number(candidate.get("score")) for candidate in free)
    is_whole = len(free) + 1 >= count
    chance = f", a chance of {100 * score / total:.0f} %" if is_whole and total > 0 else ""
    return (
        f"It was drawn among {count} free nodes, in proportion to their scores; "
        f"its own is {score:g}{chance}."
    )


def _free(candidate: Mapping[str, Any]) -> str:
    score = _number(candidate.get("score"))
    return f"{_who(candidate)} was free too, with a score of {score:g}."


def _refused(candidate: Mapping[str, Any]) -> str:
    reasons = ", ".join(str(reason) for reason in candidate.get("reasons") or ())
    return f"{_who(candidate)} was not considered: {reasons}."


def _uncounted(decision: Mapping[str, Any], named: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The nodes that were rejected and not named, by reason."""
    rejected = decision.get("rejected")
    for reason, count in rejected.items() if isinstance(rejected, Mapping) else ():
        told = sum(reason in (candidate.get("reasons") or ()) for candidate in named)
        if (left := int(_number(count)) - told) > 0:
            more = "more " if told else ""
            nodes = "node was" if left == 1 else "nodes were"
            yield f"{left} {more}{nodes} not considered: {reason}."


def _who(node: Mapping[str, Any]) -> str:
    if node.get("is_self"):
        return "this node"
    name, node_id = node.get("name"), node.get("node_id")
    if name and node_id and name != node_id:
        return f"{name} ({node_id})"
    return str(name or node_id or "a node that is not known any more")


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else 0.0  # type: ignore[arg-type]  # just looked at
