"""What the demo node says about its jobs: pages of them, the events of one, giving one back."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import islice
from typing import Any

from infernet_protocol.ipc import event, success
from infernet_tui.demo.ledger import MAX_JOBS, DemoJob, Outcome
from infernet_tui.demo.world import NODE_NAME, World
from infernet_tui.errors import InfernetError
from infernet_tui.exit_codes import ExitCode
from infernet_tui.node.times import iso_millis

MAX_PAGE = 1000
FOLLOW_PAUSE_SECONDS = 0.5
TOKEN_EVENT_SECONDS = 4.0
"""How far the lines about tokens are apart."""
ACKNOWLEDGED_AFTER_SECONDS = 0.08


class UnknownJob(InfernetError):
    """This node knows no such job."""

    exit_code = ExitCode.NOT_FOUND
    code = "job_not_found"


class JobEnded(InfernetError):
    """The job has ended already."""

    code = "job_ended"


def page(world: World, payload: dict[str, Any]) -> dict[str, Any]:
    """`jobs`: newest first, all or those in one state."""
    now, ledger = world.now(), world.ledger
    limit = min(MAX_PAGE, max(1, int(payload.get("limit") or 100)))
    before, state = payload.get("before"), payload.get("state")
    newest = ledger.newest(MAX_JOBS, None if before is None else int(before))
    wanted = (job for job in newest if state in (None, job.state_at(now)))
    found = list(islice(wanted, limit + 1))
    return {
        "jobs": [job.as_json(now) for job in found[:limit]],
        "total": len(ledger.jobs),
        "counts": dict(ledger.counts),
        "next": found[limit - 1].sequence if len(found) > limit else None,
    }


def find(world: World, payload: dict[str, Any]) -> DemoJob:
    """The job that a message names.

    Raises:
        UnknownJob: it is unknown or forgotten.
    """
    world.now()
    job = world.ledger.find(str(payload.get("id")))
    if job is None:
        raise UnknownJob(f"No job {str(payload.get('id'))[:40]} here.", hint="infernet jobs")
    return job


def timeline(world: World, payload: dict[str, Any]) -> dict[str, Any]:
    """`job`: the job and what happened to it."""
    job = find(world, payload)
    now = world.now()
    return {"job": job.as_json(now), "events": [*_events(world, job, now)]}


def _events(world: World, job: DemoJob, now: float) -> list[dict[str, str]]:
    speed = f"{job.tokens_per_second:.0f} tok/s"
    where = f"attempt {job.attempt}, {job.prompt_tokens} prompt tokens"
    happened = [(job.started_at, "started", where)]
    if job.first_token_at <= min(now, job.ends_at):
        happened.append((job.first_token_at, "meta", f"{NODE_NAME}, {job.model}"))
        at = job.first_token_at
        while (at := at + TOKEN_EVENT_SECONDS) < min(now, job.ends_at):
            happened.append((at, "tokens", f"{job.tokens_at(at)} tokens, {speed}"))
    if job.ends_at <= now:
        kinds = {"completed": "done", "failed": "error", "cancelled": "cancelled"}
        tokens = f"{job.tokens_at(now)} tokens, {speed}, stop"
        happened.append((job.ends_at, kinds[job.outcome], job.error or tokens))
    acknowledged_at = job.ends_at + ACKNOWLEDGED_AFTER_SECONDS
    if acknowledged_at <= now:
        happened.append((acknowledged_at, "acknowledged", "the control plane has it all"))
    return [{"at": iso_millis(at), "kind": kind, "detail": text} for at, kind, text in happened]


async def follow(world: World, payload: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """`job.follow`: again after each change, until it has ended and is acknowledged."""
    seen = timeline(world, payload)
    yield success(seen)
    while seen["events"][-1]["kind"] != "acknowledged":
        await world.pause(FOLLOW_PAUSE_SECONDS)
        newer = timeline(world, payload)
        if newer != seen:
            seen = newer
            yield event("job", seen)


def cancel(world: World, payload: dict[str, Any]) -> dict[str, Any]:
    """`job.cancel`.

    Raises:
        JobEnded: too late.
    """
    job = find(world, payload)
    now = world.now()
    if job.ends_at <= now:
        raise JobEnded(f"Job {job.id} has ended already.", hint=f"infernet jobs {job.id}")
    end(world, job, "cancelled by the operator")
    return {"id": job.id, "cancelled": True}


def end(world: World, job: DemoJob, error: str | None) -> None:
    """End a running job now: well, or cancelled for a reason."""
    outcome: Outcome = "completed" if error is None else "cancelled"
    ended = replace(job, ends_at=world.clock(), outcome=outcome, error=error)
    world.ledger.replace(ended)
    world.now()
    world.changes.touch()
