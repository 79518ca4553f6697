"""Writes what happens to live jobs: at most 250 ms or 64 events late, one commit for all of them.

`mark` is cheap and synchronous; a single task gathers every marked job into one transaction. A
final state is acknowledged only after its commit. When the disk is full nothing is lost: the jobs
stay marked and are written when there is space again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

import orjson

from infernet_server.errors import ApiError
from infernet_server.services.live import Attempt, LiveJob
from infernet_server.storage import jobs as sql
from infernet_server.storage.engine import Database
from infernet_server.timestamps import micros

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.25
FLUSH_EVENTS = 64
RETRY_SECONDS = 1.0


class ProgressWriter:
    """Owns the path from live jobs to the database."""

    def __init__(
        self,
        database: Database,
        on_stored: Callable[[LiveJob, Attempt], None],
        on_final: Callable[[LiveJob], None],
    ) -> None:
        self._database = database
        self._on_stored = on_stored
        self._on_final = on_final
        self._dirty: dict[str, LiveJob] = {}
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._is_urgent = False

    def mark(self, job: LiveJob, *, urgent: bool = False) -> None:
        """Have the job written soon; at once when `urgent` (a state changed) or events pile up."""
        if not job.is_stored:
            return  # written as soon as the row itself is there
        if not job.is_dirty:
            job.is_dirty = True
            self._dirty[job.id] = job
        if urgent or len(job.log.events) - job.stored_events >= FLUSH_EVENTS:
            self._is_urgent = True
            self._wake.set()
        elif not self._wake.is_set() and len(self._dirty) == 1:
            self._wake.set()

    async def run(self) -> None:
        """Write until `close`, then once more."""
        while not self._closing.is_set():
            await self._wake.wait()
            if not self._is_urgent:
                await self._pause()
            if not await self.flush():
                await self._rest()
        await self.flush()  # what was marked during the last write

    def close(self) -> None:
        """Have `run` write what is marked and return. It must not be cancelled: a write under way
        would be stored without being settled here."""
        self._closing.set()
        self._wake.set()

    async def flush(self) -> bool:
        """Write every marked job now; False when the database would not, and they stay marked."""
        async with self._one_at_a_time:
            self._wake.clear()
            self._is_urgent = False
            dirty, self._dirty = self._dirty, {}
            try:
                await self._write(list(dirty.values()))
            except ApiError as error:
                log.warning("cannot store %d jobs' progress: %s", len(dirty), error.message)
                for job_id, job in dirty.items():
                    job.is_dirty = True
                    self._dirty.setdefault(job_id, job)
                return False
            return True

    async def _write(self, jobs: list[LiveJob]) -> None:
        if not jobs:
            return
        try:
            progress, stored = _gather(jobs)
            await self._database.write(sql.store_progress, progress)
        except ApiError:
            raise
        except Exception:  # boundary: one job's broken row must not stop everybody's
            if len(jobs) == 1:
                log.exception("job %s cannot be stored", jobs[0].id)
                return
            for job in jobs:
                await self._write([job])
            return
        for snapshot in stored:
            self._settle(snapshot)

    async def _pause(self) -> None:
        """Let events gather, unless something urgent comes."""
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0 if self._closing.is_set() else FLUSH_SECONDS):
                await self._wake.wait()

    async def _rest(self) -> None:
        """Before the next try."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_SECONDS):
                await self._closing.wait()
        self._is_urgent = True
        self._wake.set()

    def _settle(self, snapshot: "_Snapshot") -> None:
        job = snapshot.job
        job.stored_events = snapshot.event_count
        del job.retired[: snapshot.retired_count]
        if snapshot.attempt is not None:
            snapshot.attempt.stored_seq = max(snapshot.attempt.stored_seq, snapshot.last_seq)
            snapshot.attempt.is_inserted = True
            self._on_stored(job, snapshot.attempt)
        if snapshot.is_final:
            self._on_final(job)
        elif len(job.log.events) > job.stored_events or job.is_final:
            self.mark(job, urgent=job.is_final)


class _Snapshot:
    """What of a job is in the transaction under way."""

    __slots__ = ("attempt", "event_count", "is_final", "job", "last_seq", "retired_count")

    def __init__(self, job: LiveJob) -> None:
        self.job = job
        self.attempt = job.attempt
        self.event_count = len(job.log.events)
        self.last_seq = job.attempt.last_seq if job.attempt and not job.held else 0
        self.retired_count = len(job.retired)
        self.is_final = job.is_final


def _gather(jobs: list[LiveJob]) -> tuple[sql.Progress, list[_Snapshot]]:
    progress = sql.Progress()
    snapshots = []
    for job in jobs:
        job.is_dirty = False
        snapshot = _Snapshot(job)
        snapshots.append(snapshot)
        if snapshot.event_count > job.stored_events:
            progress.events.append(_events_row(job))
        for attempt in (*job.retired, *([job.attempt] if job.attempt else [])):
            if not attempt.is_inserted:
                progress.attempts_new.append(attempt_row(job, attempt))
            progress.attempts_changed.append(_attempt_changes(job, attempt))
        progress.jobs_changed.append(_job_changes(job))
        if snapshot.is_final and job.payment is not None:
            progress.payments.append(job.payment)
    return progress, snapshots


def _events_row(job: LiveJob) -> dict[str, object]:
    new = job.log.events[job.stored_events :]
    return {
        "job_id": job.id,
        "first_id": job.stored_events + 1,
        "last_id": job.stored_events + len(new),
        "events": orjson.dumps(new),
    }


def attempt_row(job: LiveJob, attempt: Attempt) -> dict[str, object]:
    """A new row of `attempts`."""
    return {
        "job_id": job.id,
        "number": attempt.number,
        "provider_id": attempt.provider_id,
        "state": attempt.state,
        "last_seq": 0,
        "tokens": 0,
        "decision": attempt.decision,
        "error": None,
        "started_at": micros(attempt.started_at),
        "finished_at": None,
    }


def _attempt_changes(job: LiveJob, attempt: Attempt) -> dict[str, object]:
    # Events that are held back are not on disk, so they are not counted as stored either.
    return {
        "b_job_id": job.id,
        "b_number": attempt.number,
        "b_state": attempt.state,
        "b_last_seq": 0 if job.held else attempt.last_seq,
        "b_tokens": attempt.tokens,
        "b_error": attempt.error,
        "b_finished_at": micros(attempt.finished_at) if attempt.finished_at else None,
    }


_JOB_COLUMNS = (
    "id",
    "status",
    "provider_id",
    "attempt",
    "result",
    "usage",
    "error",
    "updated_at",
    "assigned_at",
    "completed_at",
)


def _job_changes(job: LiveJob) -> dict[str, object]:
    return {f"b_{column}": job.row[column] for column in _JOB_COLUMNS}
