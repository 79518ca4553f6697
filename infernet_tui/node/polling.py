"""The HTTP fallback: everything the channel does, with the routes of `wire.md` §3 alone.

Works against the existing network's control plane, which hands the same job out at every poll until
it is complete: an attempt that is known is never started again. Each attempt has one uploader that
posts its events in order, each batch until the server has it, and then its completion.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from typing import Any

from infernet_protocol import endpoints
from infernet_tui.control_plane import ControlPlane
from infernet_tui.errors import ControlPlaneError, NotFound, Refused, TimedOut
from infernet_tui.node.backoff import Backoff
from infernet_tui.node.changes import Changes
from infernet_tui.node.commands import Commands
from infernet_tui.node.heartbeat import Heartbeat
from infernet_tui.node.jobs import Jobs
from infernet_tui.node.offers import JobRefused, Offer
from infernet_tui.node.options import NodeOptions
from infernet_tui.node.outbox import AttemptLog, Outbox
from infernet_tui.node.stats import Stats

log = logging.getLogger(__name__)
MAX_BATCH = 64
BATCH_SECONDS = 0.25
WAIT_SECONDS = 25
"""How long a poll may be held open by a server that can."""
MAX_POLL_LIMIT = 25
MIN_COMMAND_POLL_SECONDS = 30.0
GIVE_UP_SECONDS = 3600.0
"""How long a batch or a completion is tried again."""
MAX_REFUSALS = 3


class _NotOurs(Exception):
    """The attempt belongs to somebody else now, or to nobody."""


class _Interrupted(Exception):
    """Not delivered yet; the next stretch goes on."""


class Polling:
    """Serves one control plane over HTTP, a stretch at a time."""

    def __init__(
        self,
        control_plane: ControlPlane,
        role: str,
        options: NodeOptions,
        heartbeat: Heartbeat,
        jobs: Jobs,
        commands: Commands,
        outbox: Outbox,
        stats: Stats,
        changes: Changes,
    ) -> None:
        self.is_active = False
        self._control_plane = control_plane
        self._role = role
        self._options = options
        self._heartbeat = heartbeat
        self._jobs = jobs
        self._commands = commands
        self._outbox = outbox
        self._stats = stats
        self._changes = changes
        self._ending = asyncio.Event()

    async def run_for(self, seconds: float) -> None:
        """Serve for a while. At its end uploads in flight are finished: nothing is posted twice."""
        loops = [
            asyncio.create_task(work, name=name)
            for name, work in {
                "uploads": self._upload_all(),
                "heartbeats": self._beat(),
                "job polls": self._poll_for_ever(),
                "command polls": self._poll_commands_for_ever(),
            }.items()
        ]
        self._mark(is_active=True)
        try:
            done, _ = await asyncio.wait(
                loops, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            for loop in done:
                loop.result()  # they never end by themselves: raises what went wrong
            await self._finish_uploads(loops[0])
        finally:
            await _cancelled(loops)
            self._mark(is_active=False)

    async def once(self) -> None:
        """One heartbeat, one job poll, one command poll; wait until what came of it is done."""
        uploads = asyncio.create_task(self._upload_all(), name="uploads")
        try:
            await self._heartbeat.beat()
            if self._role == "provider":
                await self._poll_jobs()
                await self._poll_commands()
            await self._jobs.ended()
            await self._commands.idle()
            await self._outbox.emptied()
            await self._finish_uploads(uploads)
        finally:
            await _cancelled([uploads])

    def _mark(self, *, is_active: bool) -> None:
        self.is_active = is_active
        self._changes.touch()

    async def _beat(self) -> None:
        while True:
            await self._heartbeat.beat()
            await asyncio.sleep(self._options.heartbeat_seconds)

    # --- jobs -------------------------------------------------------------------------------

    async def _poll_for_ever(self) -> None:
        if self._role != "provider":
            await asyncio.Event().wait()  # only providers are given jobs
        backoff = Backoff()
        while True:
            await self._free_slot()
            asked_at = time.monotonic()
            started = await self._poll_jobs(WAIT_SECONDS)
            if started is None:
                await asyncio.sleep(min(backoff.next(), self._options.poll_seconds))
                continue
            backoff.reset()
            if not started and time.monotonic() - asked_at < WAIT_SECONDS / 2:
                await asyncio.sleep(self._options.poll_seconds)  # it does not hold polls open

    async def _free_slot(self) -> None:
        version = self._changes.version
        while not self._jobs.free_slots:
            version = await self._changes.beyond(version)

    async def _poll_jobs(self, wait_seconds: int = 0) -> int | None:
        """Ask for jobs and start the new ones; how many those were, None when asking failed."""
        # Not only the free slots: a server that does not claim lists the running jobs first.
        body = {"limit": min(self._jobs.capacity, MAX_POLL_LIMIT)}
        body |= {"wait": wait_seconds} if wait_seconds else {}
        try:
            answer = await self._control_plane.call(
                endpoints.JOBS_POLL, body, timeout_seconds=wait_seconds + 15.0
            )
        except (ControlPlaneError, TimedOut) as error:
            log.warning("job poll failed: %s", error)
            self._stats.polls_failed += 1
            self._changes.touch()
            return None
        self._stats.poll_worked()
        self._changes.touch()
        jobs = answer.get("jobs") if isinstance(answer, dict) else None
        return sum(self._take(job) for job in jobs or [] if isinstance(job, dict))

    def _take(self, job: dict[str, Any]) -> bool:
        """Start a polled job unless this attempt is known; whether it is new."""
        number = job.get("attempt")
        is_claimed = type(number) is int
        attempt = number if type(number) is int else 1
        key = (str(job.get("id")), attempt)
        if self._jobs.knows(key):
            return False
        try:
            self._jobs.start(Offer.parse(job, attempt, job.get("prefill")))
        except JobRefused as refusal:
            if refusal.retryable and not is_claimed:
                return False  # the server still has it and lists it again
            self._jobs.refuse(key, refusal)
        return True

    # --- commands ---------------------------------------------------------------------------

    async def _poll_commands_for_ever(self) -> None:
        pause = max(2 * self._options.poll_seconds, MIN_COMMAND_POLL_SECONDS)
        while True:
            if self._role == "provider" and not self._jobs.is_closed:
                await self._poll_commands()
            await asyncio.sleep(pause)

    async def _poll_commands(self) -> None:
        try:
            answer = await self._control_plane.call(endpoints.COMMANDS_POLL, {"limit": 5})
        except (ControlPlaneError, TimedOut) as error:
            log.warning("command poll failed: %s", error)
            return
        commands = answer.get("commands") if isinstance(answer, dict) else None
        for command in commands or []:
            self._commands.submit(
                str(command.get("id")), str(command.get("command")), command.get("args")
            )

    # --- uploads ----------------------------------------------------------------------------

    async def _upload_all(self) -> None:
        """One uploader for each attempt and for each result of a command."""
        self._ending.clear()
        uploading: set[object] = set()
        async with asyncio.TaskGroup() as group:
            while not self._ending.is_set():
                self._outbox.wake.clear()
                for attempt_log in self._outbox.attempts.values():
                    if attempt_log not in uploading:
                        attempt_log.rewind(0)  # sent another way, maybe, but not acknowledged
                        group.create_task(self._upload(attempt_log))
                        uploading.add(attempt_log)
                for command_id, result in self._outbox.command_results.items():
                    if command_id not in uploading:
                        group.create_task(self._upload_command_result(command_id, result))
                        uploading.add(command_id)
                uploading &= {*self._outbox.attempts.values(), *self._outbox.command_results}
                await self._outbox.wake.wait()

    async def _finish_uploads(self, uploads: asyncio.Task[None]) -> None:
        """Let each uploader end after the request it is in."""
        self._ending.set()
        self._outbox.wake.set()
        for attempt_log in self._outbox.attempts.values():
            attempt_log.has_news.set()
        await uploads

    async def _upload(self, attempt_log: AttemptLog) -> None:
        job_id, attempt = attempt_log.key
        complete_path = endpoints.JOB_COMPLETE.format(job_id=job_id)
        try:
            while attempt_log.key in self._outbox.attempts and not self._ending.is_set():
                if attempt_log.unsent:
                    await self._upload_batch(attempt_log)
                elif attempt_log.completion:
                    body = {**attempt_log.completion, "attempt": attempt}
                    await self._deliver(complete_path, body)
                    self._outbox.settle(attempt_log.key)
                    return
                else:
                    attempt_log.has_news.clear()
                    await attempt_log.has_news.wait()
        except _NotOurs as why:
            log.warning("job %s is no longer this node's: %s", job_id, why)
            self._jobs.drop(attempt_log.key)
        except _Interrupted:
            return

    async def _upload_batch(self, attempt_log: AttemptLog) -> None:
        """Post what there is, up to a batch; then let more events collect for a moment."""
        job_id, attempt = attempt_log.key
        seq, events = attempt_log.take_unsent(MAX_BATCH)
        body = {"events": events, "attempt": attempt, "seq": seq}
        await self._deliver(endpoints.JOB_EVENTS.format(job_id=job_id), body)
        attempt_log.acknowledge(seq + len(events) - 1)
        if attempt_log.unsent < MAX_BATCH:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(attempt_log.is_complete.wait(), BATCH_SECONDS)

    async def _upload_command_result(self, command_id: str, result: dict[str, Any]) -> None:
        path = endpoints.COMMAND_COMPLETE.format(command_id=command_id)
        try:
            await self._deliver(path, result)
        except _NotOurs as why:
            log.warning("the result of command %s was refused: %s", command_id, why)
        except _Interrupted:
            return
        self._outbox.delivered_command(command_id)

    async def _deliver(self, path: str, body: Mapping[str, Any]) -> None:
        """POST until it is taken. A body the server will never take is logged and left.

        Raises:
            _NotOurs: the server says so.
            _Interrupted: this stretch of polling ends.
        """
        backoff, refusals = Backoff(), 0
        give_up_at = time.monotonic() + GIVE_UP_SECONDS
        while True:
            try:
                answer = await self._control_plane.call(path, body)
            except (NotFound, Refused) as error:
                refusals += 1  # a wrong clock or a restart passes; try a few times
                if isinstance(error, NotFound) or refusals >= MAX_REFUSALS:
                    raise _NotOurs(str(error)) from None
                failure: Exception = error
            except (ControlPlaneError, TimedOut) as error:
                if not error.retryable or time.monotonic() > give_up_at:
                    log.error("gave up on %s: %s", path, error)
                    return
                failure = error
            else:
                if isinstance(answer, dict) and answer.get("stale"):
                    raise _NotOurs("another attempt has taken over")
                return
            log.warning("%s failed, trying again: %s", path, failure)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), backoff.next())
                raise _Interrupted


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
