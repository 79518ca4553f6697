"""The life of jobs against a model: random nodes, failures, losses, restarts; a real database.

What must hold after every step: a final job stays as it is, its log ends with its only terminal
event, the text is what the current attempts delivered (once, in order), and no job has more than
three attempts. At the end every accepted job is final on disk, and each paid one that was completed
has exactly one payment.
"""

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from infernet_protocol.errors import ErrorCode
from infernet_protocol.nodes import RegisterRequest, Role
from infernet_server.app import running
from infernet_server.errors import NoProvider
from infernet_server.hub import TERMINAL, JobLog
from infernet_server.services.container import Services
from infernet_server.services.jobs import NewJob
from infernet_server.services.live import MAX_ATTEMPTS, Attempt, LiveJob
from infernet_server.settings import Settings
from infernet_server.storage import jobs as sql
from infernet_server.storage.nodes import payments_of

NODES = ("a" * 64, "b" * 64, "c" * 64)


class RecordedSession:
    """A node's connection that remembers what it was told."""

    def __init__(self) -> None:
        self.attempts: list[tuple[str, int]] = []

    def offer(self, job: LiveJob, attempt: Attempt) -> None:
        self.attempts.append((job.id, attempt.number))

    def cancel(self, job_id: str, attempt: int, reason: str) -> None:
        pass

    def acknowledge(self, job_id: str, attempt: int, seq: int, *, final: bool = False) -> None:
        pass

    def end(self, reason: str, retry_after: float | None = None) -> None:
        pass


class JobLife(RuleBasedStateMachine):
    """Random histories of a small network."""

    jobs = Bundle("jobs")

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.now = 1_800_000_000.0
        self.settings = Settings.for_folder(self.folder, rate_limits=False)
        self.sessions: dict[str, RecordedSession] = {}
        self.held: dict[str, list[tuple[str, int]]] = {key: [] for key in NODES}
        self.delivered: dict[str, list[str]] = {}
        self.outcomes: dict[str, tuple[str, int]] = {}
        self.counter = 0
        self._open()
        for key in NODES:
            request = RegisterRequest(node_id=key[:8], status="available")
            self._run(self.services.nodes.register(Role.PROVIDER, key, request))

    def _run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def _open(self) -> None:
        self.context = running(self.settings, lambda: self.now)
        self.services: Services = self._run(self.context.__aenter__())
        self.dispatcher = self.services.dispatcher

    def _close(self) -> None:
        self._run(self.context.__aexit__(None, None, None))

    def _provider(self, key: str) -> str:
        return str(self._run(self.services.nodes.identify(Role.PROVIDER, key)).id)

    # --- what clients do --------------------------------------------------------------------

    @rule(target=jobs, paid=st.booleans())
    def submit(self, paid: bool) -> str | None:
        new = NewJob(
            {"messages": []},
            payment_coin="USDC" if paid else None,
            payment_micros=10 if paid else 0,
        )
        try:
            job_id = str(self._run(self.services.jobs.submit(new))["id"])
        except NoProvider:
            return None
        self.delivered[job_id] = []
        return job_id

    @rule(job_id=consumes(jobs))
    def cancel(self, job_id: str | None) -> None:
        if job_id:
            self._run(self.services.jobs.cancel(job_id))

    # --- what nodes do ----------------------------------------------------------------------

    @rule(key=st.sampled_from(NODES), keeps_jobs=st.booleans())
    def connect(self, key: str, keeps_jobs: bool) -> None:
        session, provider_id = RecordedSession(), self._provider(key)
        self._collect(key)
        known = set(self.held[key]) if keeps_jobs else set()
        self.held[key] = sorted(known)
        self.dispatcher.taken_back(provider_id, known)
        self.sessions[key] = session
        self.dispatcher.connected(provider_id, session)

    @rule(key=st.sampled_from(NODES))
    def disconnect(self, key: str) -> None:
        if session := self.sessions.pop(key, None):
            self.held[key] += session.attempts
            self.dispatcher.disconnected(self._provider(key), session)

    def _collect(self, key: str) -> None:
        if session := self.sessions.get(key):
            self.held[key] += session.attempts
            session.attempts.clear()

    def _an_attempt(self, key: str, choice: int) -> tuple[str, int, LiveJob | None] | None:
        """Any attempt the node ever got, old ones too, and its job if it still counts."""
        self._collect(key)
        if not self.held[key]:
            return None
        job_id, number = self.held[key][choice % len(self.held[key])]
        return job_id, number, self.dispatcher.current(job_id, self._provider(key), number)

    @rule(key=st.sampled_from(NODES), choice=st.integers(0, 7), count=st.integers(1, 3))
    def send_tokens(self, key: str, choice: int, count: int) -> None:
        found = self._an_attempt(key, choice)
        if found is None or found[2] is None:
            return
        job_id, _, job = found
        for _ in range(count):
            self.counter += 1
            self.dispatcher.receive(job, [("token", {"text": f"{self.counter} "})])
            self.delivered[job_id].append(f"{self.counter} ")

    @rule(key=st.sampled_from(NODES), choice=st.integers(0, 7))
    def send_done(self, key: str, choice: int) -> None:
        if (found := self._an_attempt(key, choice)) and (job := found[2]):
            self.dispatcher.receive(job, [("done", {"reason": "stop", "text": "?"})])

    @rule(key=st.sampled_from(NODES), choice=st.integers(0, 7))
    def complete(self, key: str, choice: int) -> None:
        if (found := self._an_attempt(key, choice)) and (job := found[2]):
            self.dispatcher.completed(job, None)

    @rule(key=st.sampled_from(NODES), choice=st.integers(0, 7), retryable=st.booleans())
    def fail(self, key: str, choice: int, retryable: bool) -> None:
        if (found := self._an_attempt(key, choice)) and (job := found[2]):
            self.dispatcher.failed(job, "died", retryable=retryable)

    @rule(key=st.sampled_from(NODES), choice=st.integers(0, 7))
    def decline(self, key: str, choice: int) -> None:
        if (found := self._an_attempt(key, choice)) and (job := found[2]):
            self.dispatcher.declined(job, "busy")

    @rule(key=st.sampled_from(NODES))
    def heartbeat(self, key: str) -> None:
        self._collect(key)
        active = [{"job_id": job_id} for job_id, _ in self.held[key]]
        self.dispatcher.heard_from(self._provider(key), active)

    # --- what time and fate do --------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.3, 3.0, 16.0, 45.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.dispatcher.sweep()

    @rule()
    def store(self) -> None:
        self._run(self.dispatcher.progress.flush())

    @rule()
    def restart(self) -> None:
        for key in NODES:
            self._collect(key)
        self.sessions.clear()
        self._close()
        self._open()

    # --- what must hold ---------------------------------------------------------------------

    @invariant()
    def live_jobs_are_sound(self) -> None:
        for job in (getattr(self, "dispatcher", None) and self.dispatcher.live.values()) or ():
            self._check(job.id, job.row, job.log)

    def _check(self, job_id: str, row: Any, log: JobLog) -> None:
        kinds = [kind for kind, _ in log.events]
        assert row["attempt"] <= MAX_ATTEMPTS
        assert not any(kind in TERMINAL for kind in kinds[:-1])
        assert log.text() == "".join(self.delivered[job_id])
        if row["status"] in ("completed", "failed", "cancelled"):
            assert kinds[-1] == ("done" if row["status"] == "completed" else "error")
            seen = self.outcomes.setdefault(job_id, (row["status"], len(kinds)))
            assert seen == (row["status"], len(kinds))

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        try:
            self._end_everything()
        finally:
            with contextlib.suppress(Exception):
                self._close()
            self.loop.close()
            shutil.rmtree(self.folder)

    def _end_everything(self) -> None:
        for job in list(self.dispatcher.live.values()):
            if not job.is_final:
                self.dispatcher.fail(job, "over", ErrorCode.TIMED_OUT)
        self._run(self.dispatcher.progress.flush())
        assert not self.dispatcher.live
        paid = 0
        for job_id in self.delivered:
            row = self._run(self.services.jobs.row(job_id))
            events = self._run(self.services.database.read(sql.events_of, job_id))
            assert row["status"] in ("completed", "failed", "cancelled")
            self._check(job_id, row, JobLog(events))
            paid += row["status"] == "completed" and row["payment_offer_micros"] > 0
        payments: list[Any] = []
        for key in NODES:
            query = ("provider", self._provider(key), 1000)
            payments += self._run(self.services.database.read(payments_of, *query))
        assert len(payments) == paid
        assert len({payment["job_id"] for payment in payments}) == paid


JobLife.TestCase.settings = hypothesis_settings(
    max_examples=12, stateful_step_count=30, deadline=None
)
TestJobLife = JobLife.TestCase
