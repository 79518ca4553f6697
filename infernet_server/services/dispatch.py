"""Who runs which job: claims, leases, fencing, reassignment.

Invariants:
- A job is handed out once an attempt, and at most `MAX_ATTEMPTS` times.
- An attempt's messages count only while it is the job's current one; older ones are stale.
- A job that failed on a node never goes back to that node.
- Once text was delivered, only a node that can go on from exactly there (`prefill`) may take over;
  without one the job ends with a single `error` event. Nothing is ever repeated or doubled.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from infernet_protocol.errors import ErrorCode
from infernet_protocol.jobs import MAX_ERROR_CHARS, EventType, JobStatus
from infernet_server.hub import Event
from infernet_server.matching.decision import Decision, JobNeeds, choose
from infernet_server.services.directory import NodeDirectory
from infernet_server.services.live import MAX_ATTEMPTS, Attempt, Follower, LiveJob
from infernet_server.services.progress import ProgressWriter
from infernet_server.settings import Settings
from infernet_server.storage.engine import Database
from infernet_server.timestamps import iso_millis, micros
from infernet_server.wire import DROPPED

log = logging.getLogger(__name__)

SWEEP_SECONDS = 0.25
STUCK_SECONDS = 2.0
"""A sweep later than this means that this process, not its nodes, is in trouble."""
MAX_LAG_BYTES = 1024 * 1024
"""A follower that stands still further behind than this, for longer than `PATIENCE_SECONDS`, is
dropped; it can resume by `Last-Event-ID`."""
PATIENCE_SECONDS = 2.0
MAX_TOKEN_COUNT = 1_000_000_000
"""More tokens than this no engine has counted."""
QUEUE_LOOKAHEAD = 16
"""How many waiting jobs of a model are tried when a node gets free: a job with special needs at the
head must not hold up the others."""


class NodeSession(Protocol):
    """An open channel to a node."""

    def offer(self, job: LiveJob, attempt: Attempt) -> None:
        """Push a claimed job."""
        ...

    def cancel(self, job_id: str, attempt: int, reason: str) -> None:
        """Ask the node to stop."""
        ...

    def acknowledge(self, job_id: str, attempt: int, seq: int, *, final: bool = False) -> None:
        """Events up to `seq` (and with `final` the completion) are on disk."""
        ...

    def end(self, reason: str, retry_after: float | None = None) -> None:
        """Say goodbye and close."""
        ...


class Dispatcher:
    """All live jobs of this process and the nodes that run them."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        directory: NodeDirectory,
        clock: Callable[[], float],
        rng: random.Random,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._clock = clock
        self._rng = rng
        self.live: dict[str, LiveJob] = {}
        self.sessions: dict[str, NodeSession] = {}
        self.followers: set[Follower] = set()
        """Everybody who reads a stream, also of jobs that have ended meanwhile."""
        self.progress = ProgressWriter(database, self._acknowledge, self._retire)
        self._queues: dict[str | None, deque[LiveJob]] = {}
        self._poll_waiters: dict[str, set[asyncio.Event]] = {}
        self._lost_at: dict[str, float] = {}
        self._held_by: dict[str, dict[str, LiveJob]] = {}

    # --- assigning --------------------------------------------------------------------------

    def decide(self, job: LiveJob) -> Decision:
        """Choose a node, without assigning.

        Once text was delivered it must be one that goes on exactly there, with the same model.
        """
        return self._choose(self._needs_now(job))

    def _needs_now(self, job: LiveJob) -> JobNeeds:
        needs = job.needs.excluding(job.failed_providers | job.lost_providers)
        return needs.continuing(job.log.model()) if job.log.token_count else needs

    def _choose(self, needs: JobNeeds) -> Decision:
        return choose(needs, self._directory.candidates(needs.model), self._clock(), self._rng)

    def has_queue(self, model: str | None) -> bool:
        """Whether others already wait for this model."""
        return bool(self._queues.get(model))

    def assign(self, job: LiveJob, decision: Decision) -> None:
        """Claim `decision.node` for the job and hand the job out where the node is connected."""
        assert decision.node is not None
        now = self._clock()
        provider_id = decision.node.provider_id
        session = self.sessions.get(provider_id)
        settings = self._settings
        lease = settings.lease_seconds if session else settings.poll_pickup_seconds
        attempt = Attempt(
            number=job.row["attempt"] + 1,
            provider_id=provider_id,
            started_at=now,
            lease_until=now + lease,
            prefill=job.log.text() or None,
            decision=decision.to_json(),
        )
        job.attempt = attempt
        self._held_by.setdefault(provider_id, {})[job.id] = job
        job.queue_until = None
        job.row |= {
            "status": JobStatus.ASSIGNED.value,
            "attempt": attempt.number,
            "provider_id": provider_id,
            "assigned_at": micros(now),
            "updated_at": micros(now),
        }
        self._directory.job_started(provider_id)
        self.progress.mark(job, urgent=True)
        if session is not None:
            attempt.handed_out = True
            session.offer(job, attempt)
        elif job.is_stored:
            self.stored(job)

    def enqueue(self, job: LiveJob) -> None:
        """Have the job wait for a node, first come first served within its model."""
        now = self._clock()
        job.row |= {"status": JobStatus.PENDING.value, "updated_at": micros(now)}
        if job.queue_until is None:
            job.queue_until = now + self._settings.queue_seconds
        self._queues.setdefault(job.model, deque()).append(job)
        self.progress.mark(job, urgent=True)

    def queue_position(self, job: LiveJob) -> int | None:
        """1 for the next in line; None when the job does not wait."""
        queue = self._queues.get(job.model, ())
        return next((n for n, waiting in enumerate(queue, 1) if waiting is job), None)

    def serve_queues(self) -> None:
        """Give waiting jobs to nodes that have room now."""
        for model, queue in list(self._queues.items()):
            blocked: list[LiveJob] = []
            unmet: list[JobNeeds] = []
            while queue and len(blocked) < QUEUE_LOOKAHEAD:
                job = queue.popleft()
                if job.is_final:
                    continue
                needs = self._needs_now(job)
                # Nobody for this one is nobody for the next like it: no second look.
                decision = None if needs in unmet else self._choose(needs)
                if decision is not None and decision.node is not None:
                    self.assign(job, decision)
                    continue
                blocked.append(job)
                unmet.append(needs)
            queue.extendleft(reversed(blocked))
            if not queue:
                del self._queues[model]

    def retry_or_fail(self, job: LiveJob, message: str, code: ErrorCode) -> None:
        """The current attempt is over without an answer: try another node, or end the job."""
        job.held.clear()
        if job.row["attempt"] >= MAX_ATTEMPTS:
            self.fail(job, message, code)
            return
        decision = self.decide(job)
        if decision.node is not None:
            self.assign(job, decision)
        elif job.log.token_count:
            self.fail(job, message, code)  # what was delivered cannot wait, and is never repeated
        elif decision.may_wait or code is ErrorCode.PROVIDER_LOST:
            self.enqueue(job)
        else:
            self.fail(job, message, code)

    # --- what nodes report ------------------------------------------------------------------

    def current(self, job_id: str, provider_id: str, number: int | None) -> LiveJob | None:
        """The live job whose *current* attempt is this node's (and has this number), or None."""
        job = self.live.get(job_id)
        if job is None or job.is_final or job.attempt is None:
            return None
        if job.attempt.provider_id != provider_id:
            return None
        if number is not None and number != job.attempt.number:
            return None
        return job

    def renew(self, job: LiveJob) -> None:
        """The node is alive on this job."""
        attempt = job.attempt
        assert attempt is not None
        on_channel = attempt.provider_id in self.sessions
        settings = self._settings
        lease = settings.lease_seconds if on_channel else settings.poll_lease_seconds
        attempt.lease_until = self._clock() + lease

    def accepted(self, job: LiveJob) -> None:
        """The node has the job."""
        attempt = job.attempt
        assert attempt is not None
        attempt.handed_out = True
        if attempt.state == "assigned":
            attempt.state = "running"
            job.row |= {
                "status": JobStatus.RUNNING.value,
                "updated_at": micros(self._clock()),
            }
            self.progress.mark(job)
        self.renew(job)

    def declined(self, job: LiveJob, reason: str) -> None:
        """The node will not run it."""
        assert job.attempt is not None
        job.failed_providers.add(job.attempt.provider_id)
        message = f"the node declined the job: {reason}"
        self._end_attempt(job, "declined", message, counts_against_node=False)
        self.retry_or_fail(job, message, ErrorCode.ENGINE_FAILED)

    def receive(self, job: LiveJob, events: Iterable[Event], first_seq: int | None = None) -> int:
        """Add a node's events to the log; those numbered before are dropped. How many were new."""
        attempt = job.attempt
        assert attempt is not None
        if attempt.state == "assigned":
            self.accepted(job)
        else:
            self.renew(job)
        known = 0 if first_seq is None else attempt.last_seq + 1 - first_seq
        new = list(events)[known:] if known >= 0 else []  # a gap: the node sends it again
        attempt.last_seq += len(new)
        tokens = sum([kind == "token" for kind, _ in new])
        if tokens and not attempt.tokens:
            attempt.first_token_at = self._clock()
        attempt.tokens += tokens
        if tokens == len(new) and not job.holds_output:
            job.log.extend_tokens(new)
        else:
            for kind, data in new:
                self._take(job, attempt, kind, data)
                if job.is_final:
                    break
        if new and not job.is_final:
            job.log.notify()
            self.progress.mark(job)
        return len(new)

    def _take(self, job: LiveJob, attempt: Attempt, kind: str, data: dict[str, Any]) -> None:
        if kind == EventType.ERROR:
            # Not the client's business yet: another node may still answer.
            attempt.error = str(data.get("message", "engine error"))[:MAX_ERROR_CHARS]
            return
        elif kind == EventType.DONE:
            self._complete(job, attempt, data)
            return
        if job.holds_output:
            job.held.append((kind, data))
        else:
            job.log.append(kind, data)

    def completed(
        self, job: LiveJob, result: dict[str, Any] | None, usage: dict[str, Any] | None = None
    ) -> None:
        """The node reports success without (or before) its `done` event."""
        assert job.attempt is not None
        text = (result or {}).get("text")
        if isinstance(text, str) and not job.log.token_count and not job.held and text:
            self.receive(job, [("token", {"text": text})])
        done: dict[str, Any] = {"reason": "stop", "finished_at": iso_millis(self._clock())}
        self._complete(job, job.attempt, done | ({"usage": usage} if usage else {}), result)

    def failed(self, job: LiveJob, error: str | None, *, retryable: bool = True) -> None:
        """The node reports failure."""
        assert job.attempt is not None
        message = (job.attempt.error or error or "the engine failed")[:MAX_ERROR_CHARS]
        job.failed_providers.add(job.attempt.provider_id)
        self._end_attempt(job, "failed", message)
        if retryable:
            self.retry_or_fail(job, message, ErrorCode.ENGINE_FAILED)
        else:
            self.fail(job, message, ErrorCode.ENGINE_FAILED)

    # --- ends -------------------------------------------------------------------------------

    def _complete(
        self,
        job: LiveJob,
        attempt: Attempt,
        done: dict[str, Any],
        result: dict[str, Any] | None = None,
    ) -> None:
        for kind, data in job.held:
            job.log.append(kind, data)
        job.held.clear()
        now = self._clock()
        done = {**done, "text": job.log.text()} if job.log.token_count else dict(done)
        usage = _whole_usage(done.get("usage"), job.log.token_count - attempt.tokens)
        if usage:
            done["usage"] = usage
        node = self._directory.by_provider_id(attempt.provider_id)
        job.row |= {
            "result": result
            or {
                "type": job.row["type"],
                "text": done.get("text", ""),
                "token_count": job.log.token_count,
                "duration_ms": round((now - attempt.started_at) * 1000),
                "completed_by": node.node_id if node else None,
            },
            "usage": usage,
        }
        job.log.append(EventType.DONE.value, done)
        self._owe(job, attempt, now)
        self._end_attempt(job, "completed", None)
        self._finish(job, JobStatus.COMPLETED)

    def fail(self, job: LiveJob, message: str, code: ErrorCode) -> None:
        """End the job with one `error` event."""
        job.row["error"] = message[:MAX_ERROR_CHARS]
        job.log.append(EventType.ERROR.value, {"message": message, "code": code.value})
        status = JobStatus.CANCELLED if code is ErrorCode.CANCELLED else JobStatus.FAILED
        self._finish(job, status)

    def cancel(self, job: LiveJob, reason: str) -> None:
        """Stop the job wherever it is."""
        if job.is_final:
            return
        attempt = job.attempt
        if attempt is not None and attempt.finished_at is None:
            if session := self.sessions.get(attempt.provider_id):
                session.cancel(job.id, attempt.number, reason)
            self._end_attempt(job, "cancelled", reason, counts_against_node=False)
        self.fail(job, reason, ErrorCode.CANCELLED)

    def _end_attempt(
        self, job: LiveJob, state: str, error: str | None, *, counts_against_node: bool = True
    ) -> None:
        attempt = job.attempt
        assert attempt is not None
        now = self._clock()
        attempt.state, attempt.error, attempt.finished_at = state, error, now
        held = self._held_by[attempt.provider_id]
        del held[job.id]
        if not held:
            del self._held_by[attempt.provider_id]
        elapsed = now - (attempt.first_token_at or now)
        speed = attempt.tokens / elapsed if state == "completed" and elapsed > 0 else None
        outcome = state if counts_against_node else "released"
        self._directory.job_finished(attempt.provider_id, outcome, speed)
        if state != "completed" and state != "cancelled":
            job.retired.append(attempt)
            job.attempt = None

    def _finish(self, job: LiveJob, status: JobStatus) -> None:
        now = self._clock()
        job.row |= {
            "status": status.value,
            "updated_at": micros(now),
            "completed_at": micros(now),
        }
        job.held.clear()
        job.log.notify()
        self.progress.mark(job, urgent=True)
        if self._queues:
            self.serve_queues()

    def _owe(self, job: LiveJob, attempt: Attempt, now: float) -> None:
        """A paid job makes exactly one payment, in the transaction that completes it."""
        if job.row["payment_offer_micros"] <= 0:
            return
        job.payment = {
            "id": job.id,  # one payment a job: its id can be no other
            "direction": "outbound",
            "job_id": job.id,
            "provider_id": attempt.provider_id,
            "client_id": None,
            "coin": job.row["payment_coin"] or "USDC",
            "network": job.row["payment_network"],
            "amount_micros": job.row["payment_offer_micros"],
            "address": "pending-payout",
            "status": "pending",
            "created_at": micros(now),
        }

    # --- polling nodes ----------------------------------------------------------------------

    def take_assigned(self, provider_id: str, limit: int) -> list[LiveJob]:
        """Hand a polling node the jobs claimed for it, each exactly once."""
        taken: list[LiveJob] = []
        for job in self.jobs_of(provider_id):
            if len(taken) == limit:
                break
            if job.is_stored and job.attempt and not job.attempt.handed_out:
                self.accepted(job)
                taken.append(job)
        return taken

    async def wait_for_assignment(self, provider_id: str, seconds: float) -> None:
        """Return when a job may have been claimed for this polling node, or after `seconds`."""
        waiter = asyncio.Event()
        waiters = self._poll_waiters.setdefault(provider_id, set())
        waiters.add(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter.wait()
        except TimeoutError:
            pass
        finally:
            waiters.discard(waiter)
            if not waiters:
                self._poll_waiters.pop(provider_id, None)

    # --- connections and time ---------------------------------------------------------------

    def connected(self, provider_id: str, session: NodeSession) -> None:
        """A node opened its channel. Jobs claimed for it but not handed out are pushed."""
        self.sessions[provider_id] = session
        self._lost_at.pop(provider_id, None)
        self._directory.channel_opened(provider_id)
        for job in self.live.values():
            job.lost_providers.discard(provider_id)
        for job in self.jobs_of(provider_id):
            attempt = job.attempt
            if attempt is not None and not attempt.handed_out:
                attempt.handed_out = True
                self.renew(job)
                session.offer(job, attempt)
        self.serve_queues()

    def resumed(self, job: LiveJob) -> None:
        """A job that a node had before this process started counts as that node's again."""
        assert job.attempt is not None
        if job.attempt.state == "assigned":  # it may have to be pushed again
            job.attempt.prefill = job.log.text() or None
        self._held_by.setdefault(job.attempt.provider_id, {})[job.id] = job
        self._directory.job_started(job.attempt.provider_id)

    def taken_back(self, provider_id: str, known: set[tuple[str, int]]) -> None:
        """A node reconnected with these (job, attempt) pairs: the others it no longer has.

        A push that never arrived is simply made again; what was running is tried elsewhere.
        """
        for job in self.jobs_of(provider_id):
            attempt = job.attempt
            assert attempt is not None
            if (job.id, attempt.number) in known:
                attempt.handed_out = True
                self.renew(job)
            elif attempt.state == "assigned":
                attempt.handed_out = False
            else:
                self._lose(job, "the node restarted")

    def disconnected(self, provider_id: str, session: NodeSession) -> None:
        """A channel closed; its jobs move after the grace unless the node comes back."""
        if self.sessions.get(provider_id) is not session:
            return  # replaced by a newer channel
        del self.sessions[provider_id]
        self._lost_at[provider_id] = self._clock()
        self._directory.channel_closed(provider_id)

    def draining(self, provider_id: str) -> None:
        """A node finishes what it has and takes nothing new."""
        self._directory.drain(provider_id)

    def went_offline(self, provider_id: str) -> None:
        """A node said goodbye: its jobs go to others at once."""
        for job in self.jobs_of(provider_id):
            self._lose(job, "the node went offline")

    def heard_from(self, provider_id: str, active_jobs: object) -> None:
        """A heartbeat: renew the leases of the jobs it names; of all when it names none at all.

        Existing nodes send no `active_jobs`: that they are alive has to be enough.
        """
        named = _job_ids(active_jobs)
        for job in self.jobs_of(provider_id):
            assert job.attempt is not None
            if job.attempt.handed_out and (named is None or job.id in named):
                self.renew(job)

    def jobs_of(self, provider_id: str) -> list[LiveJob]:
        """Unfinished jobs whose current attempt is this node's, oldest first."""
        return list(self._held_by.get(provider_id, {}).values())

    def sweep(self) -> None:
        """Look for what ran out: leases, graces, waiting times, followers that lag."""
        now = self._clock()
        grace = self._settings.lost_node_grace_seconds
        gone = {provider for provider, at in self._lost_at.items() if now - at > grace}
        for provider_id in gone:
            del self._lost_at[provider_id]
        self._drop_laggards(now)
        for job in list(self.live.values()):
            if job.is_final:
                continue
            attempt = job.attempt
            if attempt is None:
                if job.queue_until is not None and now > job.queue_until:
                    self._give_up(job)
            elif attempt.provider_id in gone:
                self._lose(job, "the node's connection was lost")
            elif now > attempt.lease_until:
                self._lose(job, "the node went silent")
        if self._queues:
            self.serve_queues()

    def _lose(self, job: LiveJob, reason: str) -> None:
        attempt = job.attempt
        assert attempt is not None
        job.lost_providers.add(attempt.provider_id)
        if session := self.sessions.get(attempt.provider_id):
            session.cancel(job.id, attempt.number, "lease lost")
        log.info("job %s: attempt %d lost: %s", job.id, attempt.number, reason)
        message = attempt.error or reason
        self._end_attempt(job, "lost", message)
        self.retry_or_fail(job, message, ErrorCode.PROVIDER_LOST)

    def _give_up(self, job: LiveJob) -> None:
        last = job.retired[-1].error if job.retired else None
        waited = f"no node was free within {self._settings.queue_seconds:g} s"
        message = f"{waited}; the last one failed: {last}" if last else waited
        self.fail(job, message, ErrorCode.NO_PROVIDER)

    def _drop_laggards(self, now: float) -> None:
        for follower in self.followers:
            if follower.task and follower.is_stuck(MAX_LAG_BYTES, PATIENCE_SECONDS, now):
                log.info("dropping a follower that does not read and is more than 1 MiB behind")
                follower.task.cancel(DROPPED)

    # --- stored -----------------------------------------------------------------------------

    def stored(self, job: LiveJob) -> None:
        """The job's row is on disk: a polling node may fetch it now."""
        attempt = job.attempt
        if attempt is not None:
            for waiter in self._poll_waiters.get(attempt.provider_id, ()):
                waiter.set()

    async def stored_final(self, job: LiveJob) -> None:
        """Return once the outcome is on disk; at once when there is none yet."""
        if not job.is_final or job.id not in self.live:
            return
        is_on_disk = asyncio.Event()
        job.when_final.append(is_on_disk.set)
        await is_on_disk.wait()

    def _acknowledge(self, job: LiveJob, attempt: Attempt) -> None:
        session = self.sessions.get(attempt.provider_id)
        if session is not None and attempt.stored_seq and not job.is_final:
            session.acknowledge(job.id, attempt.number, attempt.stored_seq)

    def _retire(self, job: LiveJob) -> None:
        """The final state is on disk: forget the job here and let the node forget it, too."""
        self.live.pop(job.id, None)
        attempt = job.attempt
        if attempt is not None and (session := self.sessions.get(attempt.provider_id)):
            session.acknowledge(job.id, attempt.number, attempt.last_seq, final=True)
        for callback in job.when_final:
            callback()

    async def run(self) -> None:
        """Sweep until cancelled."""
        lease = self._settings.lease_seconds
        # Nodes lost contact because this process was away or stuck, not by their own fault.
        self._directory.forgive_until(self._clock() + lease)
        while True:
            before = self._clock()
            await asyncio.sleep(SWEEP_SECONDS)
            if self._clock() - before > STUCK_SECONDS:
                self._directory.forgive_until(self._clock() + lease)
            self.sweep()


def _whole_usage(usage: object, earlier_tokens: int) -> dict[str, Any] | None:
    """An engine's token counts, for the client's whole answer.

    A node that took over was given the earlier tokens as a part of its prompt.
    """
    if not isinstance(usage, dict):
        return None
    counts = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
    if any(type(count) is int and not 0 <= count <= MAX_TOKEN_COUNT for count in counts):
        return None  # nonsense: sums of it would be no numbers that JSON can carry
    if not earlier_tokens or not all(type(count) is int for count in counts):
        return usage
    prompt, completion = counts
    assert isinstance(prompt, int)
    assert isinstance(completion, int)
    return usage | {
        "prompt_tokens": max(0, prompt - earlier_tokens),
        "completion_tokens": completion + earlier_tokens,
    }


def _job_ids(active_jobs: object) -> set[str] | None:
    if not isinstance(active_jobs, list):
        return None
    ids = (item.get("job_id") if isinstance(item, dict) else item for item in active_jobs)
    return {job_id for job_id in ids if isinstance(job_id, str)}
