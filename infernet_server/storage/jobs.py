"""SQL for jobs, attempts and their event log. Plain functions of a `Connection`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from infernet_server.hub import Event
from infernet_server.storage.rows import Row, fetch_all, fetch_one
from infernet_server.storage.tables import attempts, job_events, jobs, payments

UNFINISHED = ("pending", "assigned", "running")
LISTED_WINDOW = 10_000


@dataclass(slots=True)
class Progress:
    """What changed in many jobs since the last write, stored in one transaction.

    Every list holds rows of parameters for one statement.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    """Rows of `job_events`."""
    attempts_new: list[dict[str, Any]] = field(default_factory=list)
    attempts_changed: list[dict[str, Any]] = field(default_factory=list)
    """Keys `b_job_id`, `b_number`, then every changeable column."""
    jobs_changed: list[dict[str, Any]] = field(default_factory=list)
    """Key `b_id`, then every changeable column."""
    payments: list[dict[str, Any]] = field(default_factory=list)


_insert_job = insert(jobs)
_insert_attempt = insert(attempts)
_insert_events = insert(job_events)
_insert_payment = insert(payments)
_update_attempt = (
    update(attempts)
    .where(attempts.c.job_id == bindparam("b_job_id"), attempts.c.number == bindparam("b_number"))
    .values(
        state=bindparam("b_state"),
        last_seq=bindparam("b_last_seq"),
        tokens=bindparam("b_tokens"),
        error=bindparam("b_error"),
        finished_at=bindparam("b_finished_at"),
    )
)
# A finished job stays final, whoever writes: the guard is in the statement.
_update_job = (
    update(jobs)
    .where(jobs.c.id == bindparam("b_id"), jobs.c.completed_at.is_(None))
    .values(
        status=bindparam("b_status"),
        provider_id=bindparam("b_provider_id"),
        attempt=bindparam("b_attempt"),
        result=bindparam("b_result", type_=jobs.c.result.type),
        usage=bindparam("b_usage", type_=jobs.c.usage.type),
        error=bindparam("b_error"),
        updated_at=bindparam("b_updated_at"),
        assigned_at=bindparam("b_assigned_at"),
        completed_at=bindparam("b_completed_at"),
    )
)


def insert_jobs(connection: Connection, new: Sequence[tuple[Row, Row | None]]) -> None:
    """Store jobs, each with its first attempt if it has one."""
    connection.execute(_insert_job, [dict(job) for job, _ in new])
    first_attempts = [dict(attempt) for _, attempt in new if attempt is not None]
    if first_attempts:
        connection.execute(_insert_attempt, first_attempts)


def store_progress(connection: Connection, progress: Progress) -> None:
    """Store everything in `progress`, or nothing."""
    for statement, rows in (
        (_insert_attempt, progress.attempts_new),
        (_insert_events, progress.events),
        (_update_attempt, progress.attempts_changed),
        (_update_job, progress.jobs_changed),
        (_insert_payment, progress.payments),
    ):
        if rows:
            connection.execute(statement, rows)


def find(connection: Connection, job_id: str) -> Row | None:
    """One job's row."""
    return fetch_one(connection, select(jobs).where(jobs.c.id == job_id))


def find_by_idempotency_key(connection: Connection, key: str) -> Row | None:
    """The job that this hashed key made."""
    query = select(jobs).where(jobs.c.idempotency_key == key)
    return fetch_one(connection, query)


def unfinished(connection: Connection) -> list[Row]:
    """Jobs to go on with after a restart, oldest first."""
    query = select(jobs).where(jobs.c.status.in_(UNFINISHED)).order_by(jobs.c.created_at)
    return fetch_all(connection, query)


def attempts_of(connection: Connection, job_id: str) -> list[Row]:
    """Every try of a job, first to last."""
    query = select(attempts).where(attempts.c.job_id == job_id).order_by(attempts.c.number)
    return fetch_all(connection, query)


def events_of(connection: Connection, job_id: str) -> list[Event]:
    """The stored log of a job, in order."""
    query = (
        select(job_events.c.events)
        .where(job_events.c.job_id == job_id)
        .order_by(job_events.c.first_id)
    )
    return [
        (kind, data)
        for (encoded,) in connection.execute(query)
        for kind, data in orjson.loads(encoded)
    ]


def forget_prompts(connection: Connection, completed_before: int, limit: int) -> int:
    """Drop prompts, answers and logs of jobs completed before then; how many were found.

    The rows stay: they are what was done and what is owed, without what was said. What has no
    `request_digest` any more was forgotten before.
    """
    query = (
        select(jobs.c.id)
        .where(jobs.c.completed_at < completed_before, jobs.c.request_digest.is_not(None))
        .limit(limit)
    )
    ids = [row.id for row in connection.execute(query)]
    if ids:
        connection.execute(delete(job_events).where(job_events.c.job_id.in_(ids)))
        connection.execute(
            update(jobs)
            .where(jobs.c.id.in_(ids))
            .values(
                title="",
                input_spec={},
                result=None,
                error=None,
                request_digest=None,
                idempotency_key=None,
            )
        )
        # An engine's error may quote the prompt.
        connection.execute(update(attempts).where(attempts.c.job_id.in_(ids)).values(error=None))
    return len(ids)


def listed(connection: Connection, status: str | None, limit: int) -> list[Row]:
    """The newest jobs without anything private, of one status if asked for.

    A status is looked for among the newest `LISTED_WINDOW` jobs, so that a rare one costs no scan.
    """
    columns = (jobs.c.status, jobs.c.model_name, jobs.c.payment_offer_micros, jobs.c.created_at)
    newest = select(*columns).order_by(jobs.c.created_at.desc())
    if status is None:
        return fetch_all(connection, newest.limit(limit))
    window = newest.limit(LISTED_WINDOW).subquery()
    query = (
        select(window)
        .where(window.c.status == status)
        .order_by(window.c.created_at.desc())
        .limit(limit)
    )
    return fetch_all(connection, query)


def count_since(connection: Connection, created_after: int, highest: int) -> int:
    """How many jobs were made after then; counting ends at `highest`: it never takes long."""
    recent = select(jobs.c.created_at).where(jobs.c.created_at > created_after).limit(highest)
    query = select(func.count()).select_from(recent.subquery())
    return int(connection.execute(query).scalar_one())
