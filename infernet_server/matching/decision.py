"""Choosing a node for a job, with the explanation of the choice.

`choose` is pure: the same job, nodes, time and random numbers give the same decision. A node is
drawn at random in proportion to its weight, so that the best one is not trampled. The cost does not
grow with the network as long as a fair share of its nodes is free.
"""

import heapq
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from infernet_server.matching import filters
from infernet_server.matching.filters import Demand, Reason
from infernet_server.matching.needs import JobNeeds
from infernet_server.matching.node import Node

__all__ = ["Candidate", "Candidates", "Decision", "JobNeeds", "choose"]

CHUNK = 512
"""Nodes looked at in one go. A network up to this size is weighed as a whole."""
ENOUGH = 64
"""In a larger one, looking on (from a random place) ends when this many free nodes were found."""
EXPLAINED = 10
"""How many nodes of each kind (free, rejected) a decision names; the others are counted."""

_weight = attrgetter("weight")


@dataclass(frozen=True, slots=True)
class Candidates:
    """The nodes a job may choose among."""

    serving: Sequence[Node]
    """Those that serve the job's model."""
    everyone: Sequence[Node]
    """All nodes, whatever they serve."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One node as the decision saw it."""

    node: Node
    score: float
    """Its weight in the draw; 0 when rejected."""
    reasons: tuple[Reason, ...] = ()
    """Why it was rejected; empty when it was free."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who gets the job, and why not the others."""

    node: Node | None
    candidates: tuple[Candidate, ...]
    """The chosen node, the best of the other free ones, and some of the rejected ones."""
    free_count: int
    """How many nodes took part in the draw."""
    rejected: Mapping[Reason, int]
    """How many nodes were rejected, by reason; in a large network, of the first `CHUNK` seen."""
    serving_count: int
    """How many nodes serve the model."""
    may_wait: bool
    """Nobody is free now, but somebody who could do it may be soon."""
    has_live_nodes: bool
    """Whether the network has any node at all, whatever it serves."""

    def to_json(self) -> dict[str, Any]:
        """What is stored with the attempt; its size does not grow with the network."""
        return {
            "provider_id": self.node.provider_id if self.node else None,
            "serving": self.serving_count,
            "free": self.free_count,
            "rejected": {reason.value: count for reason, count in self.rejected.items()},
            "candidates": [
                {
                    "provider_id": candidate.node.provider_id,
                    "node_id": candidate.node.node_id,
                    "name": candidate.node.name,
                    "score": round(candidate.score, 1),
                    "reasons": [reason.value for reason in candidate.reasons],
                }
                for candidate in self.candidates
            ],
        }


def choose(needs: JobNeeds, candidates: Candidates, now: float, rng: random.Random) -> Decision:
    """Draw a node for the job among those that may have it."""
    demanded = filters.demands(needs)
    ring = _ring(candidates.serving, rng)
    suited: list[Node] = []
    free: list[Node] = []
    for chunk in _chunks(ring):
        found = filters.suited(chunk, demanded, now)
        suited += found
        free += filters.free(found, now)
        if len(free) >= ENOUGH:
            break
    node = rng.choices(free, weights=list(map(_weight, free)))[0] if free else None
    rejections = _rejections(ring[:CHUNK], demanded, now)
    rejected = Counter(reason for _, reason in rejections)
    if not_serving := len(candidates.everyone) - len(ring):
        rejected[Reason.OTHER_MODELS] = not_serving
    return Decision(
        node=node,
        candidates=(*_best(node, free), *_some(rejections)),
        free_count=len(free),
        rejected=rejected,
        serving_count=len(ring),
        may_wait=not free and any(filters.is_soon_free(n, now) for n in suited),
        has_live_nodes=bool(suited) or filters.is_anybody_there(candidates.everyone, now),
    )


def _ring(nodes: Sequence[Node], rng: random.Random) -> Sequence[Node]:
    """The nodes in their order, of a large network from a random one on."""
    if len(nodes) <= CHUNK:
        return nodes
    start = rng.randrange(len(nodes))
    return [*nodes[start:], *nodes[:start]]


def _chunks(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    return (nodes[at : at + CHUNK] for at in range(0, len(nodes), CHUNK))


def _rejections(
    nodes: Iterable[Node], demanded: Sequence[Demand], now: float
) -> list[tuple[Node, Reason]]:
    reasons = ((node, filters.rejection(node, demanded, now)) for node in nodes)
    return [(node, reason) for node, reason in reasons if reason is not None]


def _best(chosen: Node | None, free: Sequence[Node]) -> list[Candidate]:
    if chosen is None:
        return []
    best = heapq.nlargest(EXPLAINED, free, key=_weight)
    others = [node for node in best if node is not chosen][: EXPLAINED - 1]
    return [Candidate(node, node.weight) for node in (chosen, *others)]


def _some(rejections: Sequence[tuple[Node, Reason]]) -> list[Candidate]:
    return [Candidate(node, 0.0, (reason,)) for node, reason in rejections[:EXPLAINED]]
