"""Jobs of the running node as the command line prints them: rows, sentences, machine fields."""

import re
from collections.abc import Mapping
from typing import Any

import click

from infernet_protocol.ipc import IpcCommand
from infernet_tui.errors import InfernetError
from infernet_tui.node.client import request_once
from infernet_tui.text import one_line

HEADERS = ("STARTED", "STATE", "JOB", "MODEL", "TOKENS", "TOK/S", "FIRST MS", "PAYS", "ERROR")
COMPLETION_SECONDS = 0.1
COMPLETED_JOBS = 50
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def machine_job(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job with the keys of `--json`: snake case, all of them."""
    return {_CAPITAL.sub("_", key).lower(): value for key, value in job.items()}


def cells(job: Mapping[str, Any]) -> tuple[object, ...]:
    """One row under `HEADERS`."""
    offer = job.get("paymentOffer")
    return (
        clock(job.get("startedAt")),
        job.get("state"),
        job.get("id"),
        job.get("model"),
        job.get("tokens"),
        job.get("tokensPerSecond"),
        job.get("firstTokenMs"),
        f"${offer:g}" if isinstance(offer, int | float) else None,
        job.get("error"),
    )


def clock(time: object) -> str:
    """`10:41:58Z` of an ISO-8601 time."""
    return f"{time[11:19]}Z" if isinstance(time, str) else ""


def sentence(job: Mapping[str, Any]) -> str:
    """What has become of a job, in one line."""
    who = f"job {job.get('id')}, attempt {job.get('attempt')}"
    model, tokens = job.get("model") or "unknown model", job.get("tokens")
    speed = job.get("tokensPerSecond")
    pace = f"{tokens} tokens" + (f", {speed:g} tok/s" if isinstance(speed, int | float) else "")
    state = job.get("state")
    when = clock(job.get("startedAt") if state == "running" else job.get("finishedAt"))
    what = {
        "running": f"{who} started with {model}",
        "completed": f"{who} completed: {pace}",
        "failed": f"{who} failed after {tokens} tokens: {job.get('error')}",
        "cancelled": f"{who} was cancelled after {tokens} tokens: {job.get('error')}",
    }.get(str(state), f"{who} is {state}")
    return one_line(f"{when} {what}")


def complete_job_id(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of the newest jobs, asked of the running node alone and only for a moment."""
    try:
        page = request_once(
            IpcCommand.JOBS, {"limit": COMPLETED_JOBS}, timeout_seconds=COMPLETION_SECONDS
        )
        ids = [str(job["id"]) for job in page["jobs"]]
    except (InfernetError, KeyError, TypeError):
        return []
    return [job_id for job_id in ids if job_id.startswith(incomplete)]
