"""Why the demo's control plane gave a job to this node and not to another."""

from typing import Any

from infernet_tui.demo.ledger import DemoJob
from infernet_tui.demo.neighbours import Neighbour, neighbours
from infernet_tui.demo.noise import between, noise, pick
from infernet_tui.demo.world import NODE_NAME, World
from infernet_tui.explanation import sentences

_REJECTIONS = (
    "busy",
    "busy",
    "not seen for 2 minutes",
    "costs more than the job pays",
    "offline or draining",
    "out after repeated failures",
)
EXPLAINED = 10
"""How many candidates of each kind a decision names."""


def explain(world: World, job: DemoJob) -> dict[str, Any]:
    """`job.explain`: each attempt with the decision behind it, and the last one in sentences."""
    world.ask_control_plane()
    now = world.now()
    serving = [one for one in neighbours(world) if _serves(one, job)]
    lost = [one for one in serving if one.key % 5 == 1][: job.attempt - 1]
    own = job.as_json(now)
    attempts = [
        _attempt(number, one, _decision(world, job, serving, one, []))
        for number, one in enumerate(lost, 1)
    ]
    attempts.append(
        {
            "number": job.attempt,
            "provider_id": world.row_id,
            "node_id": world.node_id,
            "name": NODE_NAME,
            "is_self": True,
            "state": own["state"],
            "tokens": own["tokens"],
            "decision": _decision(world, job, serving, None, lost),
        }
    )
    document = {"job_id": job.id, "model": job.model, "attempts": attempts}
    return document | {"sentences": sentences(document)}


def _serves(one: Neighbour, job: DemoJob) -> bool:
    return any(job.base_model in model for model in one.models)


def _attempt(number: int, one: Neighbour, decision: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": number,
        "provider_id": one.provider_id,
        "node_id": one.node_id,
        "name": one.name,
        "is_self": False,
        "state": "lost",
        "tokens": 0,
        "decision": decision,
    }


def _decision(
    world: World,
    job: DemoJob,
    serving: list[Neighbour],
    winner: Neighbour | None,
    lost: list[Neighbour],
) -> dict[str, Any]:
    """As the control plane stores it (`matching.Decision.to_json`); no winner is this node."""
    own = _candidate(world.row_id, world.node_id, NODE_NAME, job.tokens_per_second * 61.3, [])
    free, rejected = [] if winner else [own], []
    for one in serving:
        reason = "failed or lost this job before" if one in lost else _reason(world, job, one)
        if one is winner or reason is None:
            weight = between(600, 6200, world.seed, one.key, job.sequence)
            free.append(_candidate(one.provider_id, one.node_id, one.name, weight, []))
        else:
            rejected.append(_candidate(one.provider_id, one.node_id, one.name, 0.0, [reason]))
    counted: dict[str, int] = {}
    for candidate in rejected:
        counted[candidate["reasons"][0]] = counted.get(candidate["reasons"][0], 0) + 1
    others = world.scenario.peer_count - 1 - len(serving)
    return {
        "provider_id": winner.provider_id if winner else world.row_id,
        "serving": len(serving) + 1,
        "free": len(free),
        "rejected": counted | ({"does not serve the model": others} if others else {}),
        "candidates": free[:EXPLAINED] + rejected[:EXPLAINED],
    }


def _reason(world: World, job: DemoJob, one: Neighbour) -> str | None:
    chance = noise(world.seed, one.key, job.sequence, 78)
    return pick(_REJECTIONS, world.seed, one.key, job.sequence, 79) if chance < 0.4 else None


def _candidate(
    provider_id: str, node_id: str, name: str, score: float, reasons: list[str]
) -> dict[str, Any]:
    return {
        "provider_id": provider_id,
        "node_id": node_id,
        "name": name,
        "score": round(score, 1),
        "reasons": reasons,
    }
