"""`jobs`, `job`, `job.follow`, `job.cancel`, `job.explain`: what this node runs and ran.

No prompt and no answer text is ever shown here; tokens are counted.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from infernet_protocol import endpoints
from infernet_protocol.ipc import event, success
from infernet_tui.errors import InfernetError, NotFound, NotSupported
from infernet_tui.exit_codes import ExitCode
from infernet_tui.explanation import sentences
from infernet_tui.missing_routes import told_apart
from infernet_tui.node.job_records import STATES, JobRecord
from infernet_tui.node.verbs.payload import Payload

if TYPE_CHECKING:
    from infernet_tui.node.node import Node

MAX_PAGE = 1000
DEFAULT_PAGE = 100
FOLLOW_PAUSE_SECONDS = 0.2
BUSY_PAUSE_SECONDS = 1.0
"""While a job runs: how often its counters are told at least."""


class UnknownJob(InfernetError):
    """This node knows no such job."""

    exit_code = ExitCode.NOT_FOUND
    code = "job_not_found"


class JobEnded(InfernetError):
    """The job has ended already."""

    code = "job_ended"


async def jobs(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """A page of jobs, newest first."""
    asked = Payload(payload)
    limit = asked.integer("limit", DEFAULT_PAGE, 1, MAX_PAGE)
    before = asked.optional_integer("before", 1, 2**53)
    state = asked.choice("state", None, STATES)
    records, now = node.stats.records, time.monotonic()
    wanted = (r for r in records.newest(before=before) if state in (None, r.state))
    page = list(islice(wanted, limit + 1))
    yield success(
        {
            "jobs": [record.as_json(now) for record in page[:limit]],
            "total": len(records),
            "counts": {name: records.counts[name] for name in STATES},
            "next": page[limit - 1].sequence if len(page) > limit else None,
        }
    )


async def job(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """One job and what happened to it."""
    yield success(_whole(_found(node, Payload(payload).text("id"))))


async def follow(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """The same, again after each change, until it has ended and that is acknowledged.

    Also over once this attempt is not the newest one that is kept: nothing more is told of it.
    """
    record = _found(node, Payload(payload).text("id"))
    version = node.changes.version
    shown = _whole(record)
    yield success(shown)
    while record.state == "running" or (not record.is_settled and _is_kept(node, record)):
        await asyncio.sleep(FOLLOW_PAUSE_SECONDS)
        await _changed(node, version, is_running=record.state == "running")
        version = node.changes.version
        now_shown = _whole(record)
        if now_shown != shown:
            shown = now_shown
            yield event("job", shown)


async def cancel(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Stop a job here and give it back: the control plane may try another node."""
    record = _found(node, Payload(payload).text("id"))
    key = (record.job_id, record.attempt)
    if record.state == "cancelled":
        yield success({"id": record.job_id, "cancelled": False})
        return
    if record.state != "running" or key not in node.jobs.runs:
        raise JobEnded(f"Job {record.job_id} has ended already: {record.state}.")
    node.jobs.give_back(key, "cancelled by the node's operator")
    yield success({"id": record.job_id, "cancelled": True})


async def explain(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Why the control plane gave the job to this node, and not to others."""
    job_id = Payload(payload).text("id")
    quoted = quote(job_id, safe="")
    path = endpoints.JOB_EXPLAIN.format(job_id=quoted)
    try:
        explained = await node.control_plane.call(path, {})
    except NotFound as error:
        is_plain = quoted == job_id  # else it may be the id that leads to no route
        if is_plain and isinstance(told := told_apart(error), NotSupported):
            raise told from None
        raise UnknownJob(
            f"The control plane explains no job {job_id[:64]!r} to this node.",
            hint="a job is explained to the nodes that tried it: infernet jobs",
        ) from None
    yield success(dict(explained) | {"sentences": sentences(explained)})


def _found(node: "Node", job_id: str) -> JobRecord:
    record = node.stats.records.find(job_id)
    if record is None:
        raise UnknownJob(f"This node knows no job {job_id[:64]!r}.", hint="infernet jobs")
    return record


def _is_kept(node: "Node", record: JobRecord) -> bool:
    return node.stats.records.find(record.job_id) is record


def _whole(record: JobRecord) -> dict[str, Any]:
    return {"job": record.as_json(time.monotonic()), "events": record.notes_as_json()}


async def _changed(node: "Node", version: int, *, is_running: bool) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(BUSY_PAUSE_SECONDS if is_running else None):
            await node.changes.beyond(version)
