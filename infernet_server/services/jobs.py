"""Jobs as clients see them: submit, look, follow, cancel; and going on after a restart."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from infernet_protocol.errors import ErrorCode
from infernet_protocol.jobs import JobStatus
from infernet_server.errors import ApiError, Conflict, NoProvider, NotFound
from infernet_server.hub import Event, JobLog
from infernet_server.identifiers import new_id
from infernet_server.matching.decision import Decision, JobNeeds
from infernet_server.services.batch import BatchedWrite
from infernet_server.services.dispatch import Dispatcher
from infernet_server.services.live import Attempt, Follower, LiveJob
from infernet_server.services.progress import attempt_row
from infernet_server.settings import Settings
from infernet_server.storage import jobs as sql
from infernet_server.storage.engine import Database
from infernet_server.storage.rows import Row
from infernet_server.timestamps import iso, micros

MAX_BATCH_BYTES = 256 * 1024
"""About the most that is handed to a follower at once: what may wait in a slow client's buffer."""
FORGET_AT_ONCE = 500
"""Jobs whose prompts are dropped in one transaction."""
QUEUE_NOTICE_SECONDS = 1.0
"""How often a waiting stream says its place in the queue."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a client asks for, checked for shape."""

    input_spec: dict[str, Any]
    """`{messages, max_tokens, temperature, …sampling}`."""
    type: str = "chat"
    title: str = ""
    model: str | None = None
    requires: dict[str, Any] | None = None
    payment_coin: str | None = None
    payment_network: str | None = None
    payment_micros: int = 0
    idempotency_key: str | None = None
    """The client's own key; the same key and request is the same job."""
    caller: str = ""
    """Whose key it is: keys of different callers never meet."""
    cancel_on_hangup: bool = False
    holds_output: bool = False


class StreamEvent(NamedTuple):
    """One event of a job's stream. `queue` events have no id and are not part of the log."""

    id: int | None
    kind: str
    data: Mapping[str, Any]


class JobService:
    """The only place that creates jobs."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        dispatcher: Dispatcher,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._database = database
        self._dispatcher = dispatcher
        self._clock = clock
        self._inserts: BatchedWrite[tuple[Row, Row | None]] = BatchedWrite(
            database, sql.insert_jobs
        )
        self._turns: dict[str, asyncio.Event] = {}

    async def submit(self, new: NewJob) -> dict[str, Any]:
        """Store the job, claim a node for it (or have it wait), and return its row.

        The job travels to the node while its row travels to disk; the answer waits for both.

        Raises:
            NoProvider: nobody serves it; no row is left behind.
            Conflict: the idempotency key was used for another request.
            StorageFull: it could not be stored; the node was told to forget it.
        """
        if new.idempotency_key is None:
            return await self._create(new, _digest(new))
        async with self._turn(_key(new)):
            digest = _digest(new)
            return await self._known(new, digest) or await self._create(new, digest)

    @contextlib.asynccontextmanager
    async def _turn(self, key: str) -> AsyncIterator[None]:
        """One request at a time for an idempotency key: the second finds the first one's job."""
        while earlier := self._turns.get(key):
            await earlier.wait()
        self._turns[key] = turn = asyncio.Event()
        try:
            yield
        finally:
            del self._turns[key]
            turn.set()

    async def _create(self, new: NewJob, digest: str) -> dict[str, Any]:
        job = self._make(new, digest)
        decision = self._dispatcher.decide(job)
        if decision.node is None and not decision.may_wait:
            raise _nobody_serves(new.model, decision)
        self._dispatcher.live[job.id] = job
        if decision.node is None or self._dispatcher.has_queue(job.model):
            self._dispatcher.enqueue(job)
        else:
            self._dispatcher.assign(job, decision)
        await self._store(job)
        return job.row

    async def _known(self, new: NewJob, digest: str) -> dict[str, Any] | None:
        row = await self._database.read(sql.find_by_idempotency_key, _key(new))
        if row is None:
            return None
        if row["request_digest"] != digest:
            raise Conflict(
                "this idempotency key was used for a different request",
                hint="use a new key for a new request",
            )
        live = self._dispatcher.live.get(row["id"])
        return live.row if live else dict(row)

    def _make(self, new: NewJob, digest: str) -> LiveJob:
        now = micros(self._clock())
        row = {
            "id": new_id(),
            "type": new.type,
            "title": new.title[:80],
            "status": JobStatus.PENDING.value,
            "source": "p2p",
            "model_name": new.model,
            "input_spec": new.input_spec,
            "requires": new.requires,
            "payment_offer_micros": new.payment_micros,
            "payment_coin": new.payment_coin,
            "payment_network": new.payment_network,
            "idempotency_key": _key(new) if new.idempotency_key is not None else None,
            "request_digest": digest,
            "provider_id": None,
            "attempt": 0,
            "result": None,
            "usage": None,
            "error": None,
            "created_at": now,
            "updated_at": now,
            "assigned_at": None,
            "completed_at": None,
        }
        return LiveJob(
            row=row,
            needs=_needs(row),
            holds_output=new.holds_output,
            cancel_on_hangup=new.cancel_on_hangup,
        )

    async def _store(self, job: LiveJob) -> None:
        attempt = job.attempt
        first = attempt_row(job, attempt) if attempt else None
        try:
            await self._inserts.add((dict(job.row), first))
        except Exception:
            self._dispatcher.cancel(job, "the job could not be stored")
            self._dispatcher.live.pop(job.id, None)
            raise
        job.is_stored = True
        if attempt is not None:
            attempt.is_inserted = True
        # Whatever happened while the row was on its way is written now.
        self._dispatcher.progress.mark(job, urgent=job.is_final)
        self._dispatcher.stored(job)

    async def row(self, job_id: str) -> dict[str, Any]:
        """A job's row, as decided last.

        Raises:
            NotFound: there is no such job.
        """
        if live := self._dispatcher.live.get(job_id):
            return live.row
        row = await self._database.read(sql.find, job_id)
        if row is None:
            raise NotFound("job not found")
        return dict(row)

    async def attempts(self, job_id: str) -> list[Row]:
        """Every stored try of a job, with the decision that chose its node."""
        return await self._database.read(sql.attempts_of, job_id)

    async def cancel(self, job_id: str, reason: str = "cancelled by the client") -> dict[str, Any]:
        """Stop a job; a finished one stays as it is.

        Raises:
            NotFound: there is no such job.
        """
        if live := self._dispatcher.live.get(job_id):
            self._dispatcher.cancel(live, reason)
        return await self.row(job_id)

    async def follow(
        self, job_id: str, after: int = 0, *, idle_seconds: float | None = None
    ) -> AsyncGenerator[list[StreamEvent], None]:
        """Yield the job's events after number `after` as they come, in batches.

        An empty batch means that nothing happened for `idle_seconds`. The last batch ends with the
        `done` or `error` event. Close the iterator (`aclosing`) to stop following.

        Raises:
            NotFound: there is no such job.
        """
        live = self._dispatcher.live.get(job_id)
        if live is None:
            log = JobLog(await self._stored_log(job_id))
            step = log.count_within(MAX_BATCH_BYTES)
            for start in range(after, max(len(log.events), after + 1), step):
                yield _numbered(log.events, start, step)
            return
        follower = Follower(live.log, asyncio.current_task())
        live.followers.add(follower)
        self._dispatcher.followers.add(follower)
        try:
            async for batch in self._tail(live, follower, after, idle_seconds):
                yield batch
        finally:
            live.followers.discard(follower)
            self._dispatcher.followers.discard(follower)
            if live.cancel_on_hangup and not live.followers and not live.is_final:
                self._dispatcher.cancel(live, "the client hung up")

    async def _tail(
        self, job: LiveJob, follower: Follower, position: int, idle_seconds: float | None
    ) -> AsyncGenerator[list[StreamEvent], None]:
        log = job.log
        follower.position = position
        idle = idle_seconds or self._settings.ping_seconds
        last_place: int | None = None
        while True:
            is_waiting = job.attempt is None and not job.is_final
            if not await log.wait(position, QUEUE_NOTICE_SECONDS if is_waiting else idle):
                place = self._dispatcher.queue_position(job) if is_waiting else None
                notice = StreamEvent(None, "queue", {"position": place})
                yield [notice] if place is not None and place != last_place else []
                last_place = place
                continue
            batch = _numbered(log.events, position, log.count_within(MAX_BATCH_BYTES))
            position += len(batch)
            is_whole = position >= len(log.events)
            yield batch
            follower.position = position
            if log.is_closed and is_whole:
                return

    async def _stored_log(self, job_id: str) -> list[Event]:
        row = await self.row(job_id)
        events = await self._database.read(sql.events_of, job_id)
        if JobLog(events).is_closed:
            return events
        return [*events, _terminal_event(row)]

    async def recover(self) -> None:
        """Take up every unfinished job again: what was accepted before a crash is not lost."""
        now = self._clock()
        for row in await self._database.read(sql.unfinished):
            job = LiveJob(row=dict(row), needs=_needs(row), is_stored=True)
            job.log = JobLog(await self._database.read(sql.events_of, job.id))
            job.stored_events = len(job.log.events)
            job.holds_output = holds_output(job.row["input_spec"])
            self._dispatcher.live[job.id] = job
            await self._recover_attempts(job, now)
            if job.attempt is None:
                self._dispatcher.enqueue(job)

    async def _recover_attempts(self, job: LiveJob, now: float) -> None:
        for row in await self._database.read(sql.attempts_of, job.id):
            if row["state"] not in ("assigned", "running"):
                job.failed_providers.add(row["provider_id"])
                continue
            job.attempt = Attempt(
                number=row["number"],
                provider_id=row["provider_id"],
                started_at=row["started_at"] / 1e6,
                # The outage was ours: the node gets time to come back (it may wait 30 s between
                # two tries).
                lease_until=now + self._settings.poll_pickup_seconds,
                handed_out=row["state"] == "running",
                state=row["state"],
                last_seq=row["last_seq"],
                stored_seq=row["last_seq"],
                tokens=row["tokens"],
                decision=row["decision"],
                is_inserted=True,
            )
            self._dispatcher.resumed(job)

    async def forget_old_prompts(self) -> None:
        """Drop what was said in jobs that were completed long enough ago."""
        keep_seconds = self._settings.retain_prompts_hours * 3600
        before = micros(self._clock() - keep_seconds)
        # A bite at a time: other writes get their turn.
        while await self._database.write(sql.forget_prompts, before, FORGET_AT_ONCE):
            pass


def holds_output(input_spec: Mapping[str, Any]) -> bool:
    """Whether the answer must arrive whole: tool calls or a JSON format (never spliced)."""
    response_format = input_spec.get("response_format")
    wants_json = isinstance(response_format, dict) and response_format.get("type") != "text"
    return bool(input_spec.get("tools")) or wants_json


def wire_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A job's row as the stream's `job` event shows it (`wire.md` §5)."""
    return {
        "id": row["id"],
        "title": row["title"],
        "status": row["status"],
        "payment_offer": row["payment_offer_micros"] / 1e6 if row["payment_offer_micros"] else 0,
        "model_name": row["model_name"],
        "client_name": None,
        "created_at": iso(row["created_at"]),
        "type": row["type"],
        "client_id": None,
        "provider_id": row["provider_id"],
        "aggregator_id": None,
        "input_spec": row["input_spec"],
        "result": row["result"],
        "error": row["error"],
        "payment_coin": row["payment_coin"],
        "payment_tx_hash": None,
        "payment_status": "unpaid",
        "payment_invoice": None,
        "updated_at": iso(row["updated_at"]),
        "assigned_at": iso(row["assigned_at"]),
        "completed_at": iso(row["completed_at"]),
        "attempt": row["attempt"],
        "usage": row["usage"],
    }


def offered_job(job: LiveJob, attempt: Attempt) -> dict[str, Any]:
    """A job as the channel pushes it: what is left of it when an earlier attempt got somewhere."""
    offered = polled_job(job.row)
    if attempt.prefill:
        spec = offered["input_spec"]
        offered["model_name"] = offered["model_name"] or job.log.model()
        if isinstance(spec.get("max_tokens"), int):
            left = max(1, spec["max_tokens"] - job.log.token_count)
            offered["input_spec"] = spec | {"max_tokens": left}
    return offered


def polled_job(row: Mapping[str, Any]) -> dict[str, Any]:
    """A job as a node gets it, by poll or over the channel (`wire.md` §3)."""
    return {
        "id": row["id"],
        "title": row["title"],
        "type": row["type"],
        "status": JobStatus.ASSIGNED.value,
        "payment_offer": row["payment_offer_micros"] / 1e6 if row["payment_offer_micros"] else 0,
        "payment_coin": row["payment_coin"],
        "model_name": row["model_name"],
        "input_spec": row["input_spec"],
        "created_at": iso(row["created_at"]),
        "attempt": row["attempt"],
    }


def _needs(row: Mapping[str, Any]) -> JobNeeds:
    requires = row["requires"] or {}
    return JobNeeds(
        model=row["model_name"],
        interconnects=requires.get("interconnects") or {},
        payment_coin=row["payment_coin"],
        price_cap=row["payment_offer_micros"] / 1e6 if row["payment_offer_micros"] else None,
    )


def _numbered(events: list[Event], after: int, limit: int) -> list[StreamEvent]:
    return [
        StreamEvent(number, kind, data)
        for number, (kind, data) in enumerate(events[after : after + limit], after + 1)
    ]


def _terminal_event(row: Mapping[str, Any]) -> Event:
    """The end of a job whose log was dropped (retention) or never had one."""
    if row["status"] == JobStatus.COMPLETED:
        text = (row["result"] or {}).get("text", "")
        return "done", {"text": text, "reason": "stop", "finished_at": iso(row["completed_at"])}
    code = ErrorCode.CANCELLED if row["status"] == JobStatus.CANCELLED else ErrorCode.ENGINE_FAILED
    return "error", {"message": row["error"] or "the job failed", "code": code.value}


def _key(new: NewJob) -> str:
    return hashlib.sha256(f"{new.caller}\n{new.idempotency_key}".encode()).hexdigest()


def _digest(new: NewJob) -> str:
    asked = [new.type, new.model, new.input_spec, new.requires]
    offered = [new.payment_coin, new.payment_network, new.payment_micros]
    body = orjson.dumps([*asked, *offered], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(body).hexdigest()


def _nobody_serves(model: str | None, decision: Decision) -> ApiError:
    if model and decision.has_live_nodes:
        what = f"No live node serves the model {model!r}."
        hint = "GET /v1/models lists what is served now."
    else:
        what = (
            "The Infernet network has no live providers and the NVIDIA NIM fallback is not"
            " configured."
        )
        hint = "Set NVIDIA_NIM_API_KEY on the control plane or wait for a provider to come online."
    return NoProvider(what, hint=hint, detail={"hint": hint})
