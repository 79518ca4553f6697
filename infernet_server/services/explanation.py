"""Why each try of a job went to its node: the stored decisions, for those who tried.

A node that never had the job learns nothing, not even that it exists.
"""

from collections.abc import Mapping
from typing import Any

from infernet_server.errors import NotFound
from infernet_server.services.container import Services
from infernet_server.services.directory import NodeDirectory

Attempt = dict[str, Any]


async def explained(services: Services, job_id: str, provider_id: str) -> dict[str, Any]:
    """The job's tries, first to last, each with the decision that chose its node.

    Raises:
        NotFound: no such job, or this provider never tried it.
    """
    row = await services.jobs.row(job_id)
    tries = await _attempts(services, job_id)
    if all(attempt["provider_id"] != provider_id for attempt in tries.values()):
        raise NotFound("job not found")
    return {
        "job_id": row["id"],
        "model": row["model_name"],
        "attempts": [
            _view(attempt, provider_id, services.directory) for _, attempt in sorted(tries.items())
        ],
    }


async def _attempts(services: Services, job_id: str) -> dict[int, Attempt]:
    """By number; what is decided and not stored yet counts, too."""
    stored = await services.jobs.attempts(job_id)
    tries: dict[int, Attempt] = {row["number"]: dict(row) for row in stored}
    live = services.dispatcher.live.get(job_id)
    for attempt in [*live.retired, live.attempt] if live else []:
        if attempt is not None:
            tries[attempt.number] = {
                "number": attempt.number,
                "provider_id": attempt.provider_id,
                "state": attempt.state,
                "tokens": attempt.tokens,
                "decision": attempt.decision,
            }
    return tries


def _view(attempt: Mapping[str, Any], caller_id: str, directory: NodeDirectory) -> Attempt:
    provider_id = attempt["provider_id"]
    node = directory.by_provider_id(provider_id) if provider_id else None
    return {
        "number": attempt["number"],
        "provider_id": provider_id,
        "node_id": node.node_id if node else None,
        "name": node.name if node else None,
        "is_self": provider_id == caller_id,
        "state": attempt["state"],
        "tokens": attempt["tokens"],
        "decision": attempt["decision"],
    }
