"""The node channel: one WebSocket to the control plane (`infernet_protocol.channel`).

A session opens with hello and welcome, and then three loops share the socket: one reads, one sends
what the outbox has, one beats. Sending batches naturally: while one frame is on its way, events
collect, and the next frame takes them all. Whatever a cut session left unacknowledged, the next
one sends again from the number the control plane names in `welcome`.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from infernet_protocol import PROTOCOL_VERSION
from infernet_protocol.jobs import MAX_EVENTS_PER_BATCH
from infernet_tui import __version__
from infernet_tui.control_plane import ControlPlane
from infernet_tui.node.changes import Changes
from infernet_tui.node.channel_socket import ChannelUnsupported, open_socket
from infernet_tui.node.commands import Commands
from infernet_tui.node.heartbeat import Heartbeat
from infernet_tui.node.jobs import Jobs
from infernet_tui.node.offers import JobRefused, Offer
from infernet_tui.node.outbox import AttemptKey, AttemptLog, Outbox
from infernet_tui.node.stats import Stats

log = logging.getLogger(__name__)
WELCOME_SECONDS = 10.0
PONG_SECONDS = 5.0
COMPLETE_AGAIN_SECONDS = 5.0
MAX_RETRY_AFTER_SECONDS = 300.0


class _SessionOver(Exception):
    """Both sides agree that the session ends."""

    def __init__(self, retry_after: float = 0.0) -> None:
        super().__init__()
        self.retry_after = retry_after


class Channel:
    """Opens sessions and runs them."""

    def __init__(
        self,
        control_plane: ControlPlane,
        role: str,
        heartbeat: Heartbeat,
        jobs: Jobs,
        commands: Commands,
        outbox: Outbox,
        stats: Stats,
        changes: Changes,
    ) -> None:
        self.is_open = False
        self._control_plane = control_plane
        self._role = role
        self._heartbeat = heartbeat
        self._jobs = jobs
        self._commands = commands
        self._outbox = outbox
        self._stats = stats
        self._changes = changes
        self._control: deque[dict[str, Any]] = deque()
        """Short messages of this session that go ahead of events."""
        self._server_drains = False

    async def session(self) -> float:
        """Run one session to its end; for how many seconds the server asks to stay away.

        Raises:
            ChannelUnsupported: fall back to polling.
            NotFound: this key is not registered there.
            Refused, ControlPlaneUnreachable: it did not open; try again later.
        """
        socket = await open_socket(self._control_plane)
        try:
            welcome = await self._greet(socket)
            self._mark(is_open=True)
            log.info("channel open: session %s", welcome.get("session"))
            await self._run(socket, float(welcome.get("heartbeat_seconds") or 30.0))
        except _SessionOver as over:
            return over.retry_after
        except (ConnectionClosed, OSError) as lost:
            log.warning("channel lost: %s", lost)
        finally:
            self._mark(is_open=False)
            await socket.close()
        return 0.0

    def drain(self) -> None:
        """Tell the server to give this node no new jobs."""
        if self.is_open:
            self._control.append({"type": "drain"})
            self._outbox.wake.set()

    # --- opening ----------------------------------------------------------------------------

    async def _greet(self, socket: ClientConnection) -> Mapping[str, Any]:
        """hello, welcome, and going on from where the server says."""
        await _send(
            socket,
            {
                "type": "hello",
                "protocol": PROTOCOL_VERSION,
                "version": __version__,
                "role": self._role,
                "specs": await self._heartbeat.specs(),
                "capacity": self._jobs.capacity,
                "resume": self._outbox.resume_points(),
            },
        )
        try:
            async with asyncio.timeout(WELCOME_SECONDS):
                welcome = _parse(await socket.recv())
        except TimeoutError:
            raise ChannelUnsupported("no welcome came") from None
        if welcome.get("type") == "bye":
            self._bye(welcome)
        if welcome.get("type") != "welcome":
            raise ChannelUnsupported("the first message was not a welcome")
        self._resume(welcome.get("resume"))
        self._control.clear()
        self._server_drains = False
        if self._jobs.is_closed:
            self._control.append({"type": "drain"})
        self._outbox.wake.set()
        return welcome

    def _resume(self, points: object) -> None:
        """An attempt the server does not name, or calls stale, is no longer ours."""
        stored = {
            (str(point.get("job_id")), point.get("attempt")): point.get("last_seq")
            for point in (points if isinstance(points, list) else [])
            if isinstance(point, dict) and not point.get("stale")
        }
        for key, attempt_log in list(self._outbox.attempts.items()):
            last_seq = stored.get(key)
            if isinstance(last_seq, int):
                attempt_log.rewind(last_seq)
            else:
                self._jobs.drop(key)

    def _mark(self, *, is_open: bool) -> None:
        self.is_open = is_open
        self._changes.touch()

    # --- the three loops --------------------------------------------------------------------

    async def _run(self, socket: ClientConnection, heartbeat_seconds: float) -> None:
        """Until one of the loops ends; raises what ended it."""
        loops = [
            asyncio.create_task(self._read(socket), name="channel reader"),
            asyncio.create_task(self._write(socket), name="channel writer"),
            asyncio.create_task(self._beat(socket, heartbeat_seconds), name="channel heartbeat"),
        ]
        try:
            done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
        for loop in done:
            loop.result()

    async def _read(self, socket: ClientConnection) -> None:
        async for frame in socket:
            message = _parse(frame)
            if handler := self._handlers.get(str(message.get("type"))):
                handler(self, message)
        raise _SessionOver

    async def _write(self, socket: ClientConnection) -> None:
        wake = self._outbox.wake
        while True:
            await wake.wait()
            wake.clear()
            for message in self._unsent():
                await _send(socket, message)
                if message["type"] == "command_result":
                    self._outbox.delivered_command(message["id"])
            if self._server_drains and not self._outbox.attempts:
                await _send(socket, {"type": "bye", "reason": "drained"})
                raise _SessionOver

    def _unsent(self) -> Iterator[dict[str, Any]]:
        """One round: what is urgent, then a batch of each attempt, so that none starves another."""
        while self._control:
            yield self._control.popleft()
        for attempt_log in list(self._outbox.attempts.values()):
            yield from self._unsent_of(attempt_log)
        for command_id, result in list(self._outbox.command_results.items()):
            yield {"type": "command_result", "id": command_id, **result}

    def _unsent_of(self, attempt_log: AttemptLog) -> Iterator[dict[str, Any]]:
        job_id, attempt = attempt_log.key
        reference = {"job_id": job_id, "attempt": attempt}
        if attempt_log.unsent:
            seq, events = attempt_log.take_unsent(MAX_EVENTS_PER_BATCH)
            yield {"type": "events", **reference, "seq": seq, "events": events}
        if attempt_log.unsent:
            self._outbox.wake.set()
        elif attempt_log.completion and attempt_log.completion_sent_at is None:
            attempt_log.completion_sent_at = time.monotonic()
            yield {"type": "complete", **reference, **attempt_log.completion}

    async def _beat(self, socket: ClientConnection, interval_seconds: float) -> None:
        """Heartbeats, and completions again that were not acknowledged."""
        self._stats.heartbeat_worked()  # hello was one
        while True:
            await self._ping(socket)
            await asyncio.sleep(interval_seconds)
            self._control.append(
                {
                    "type": "heartbeat",
                    "specs": await self._heartbeat.specs(),
                    "active_jobs": self._heartbeat.active_jobs(),
                }
            )
            late = time.monotonic() - COMPLETE_AGAIN_SECONDS
            for attempt_log in self._outbox.attempts.values():
                if attempt_log.completion_sent_at and attempt_log.completion_sent_at < late:
                    attempt_log.completion_sent_at = None
            self._outbox.wake.set()
            self._stats.heartbeat_worked()
            self._changes.touch()

    async def _ping(self, socket: ClientConnection) -> None:
        """Measure the round trip; a pong that does not come is the keepalive's business."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PONG_SECONDS):
                self._stats.measured_latency(await (await socket.ping()))
                self._changes.touch()

    # --- messages from the server -----------------------------------------------------------

    def _job(self, message: Mapping[str, Any]) -> None:
        job, attempt = message.get("job"), message.get("attempt")
        if not isinstance(job, dict) or not job.get("id") or type(attempt) is not int:
            log.warning("ignored an offer without a job or an attempt number")
            return
        key = (str(job["id"]), attempt)
        reference = {"job_id": key[0], "attempt": attempt}
        try:
            if not self._jobs.knows(key):
                self._jobs.start(Offer.parse(job, attempt, message.get("prefill")))
            answer = {"type": "accept", **reference}
        except JobRefused as refusal:
            answer = {"type": "decline", **reference, "reason": refusal.reason}
        self._control.append(answer)
        self._outbox.wake.set()

    def _cancel(self, message: Mapping[str, Any]) -> None:
        self._jobs.cancel(_key(message), f"cancelled: {message.get('reason')}")

    def _ack(self, message: Mapping[str, Any]) -> None:
        key = _key(message)
        if message.get("stale"):
            self._jobs.drop(key)
        elif attempt_log := self._outbox.attempts.get(key):
            seq = message.get("seq")
            attempt_log.acknowledge(seq if isinstance(seq, int) else 0)
            if message.get("final"):
                self._outbox.settle(key)

    def _command(self, message: Mapping[str, Any]) -> None:
        self._commands.submit(
            str(message.get("id")), str(message.get("command")), message.get("args")
        )

    def _drain(self, _message: Mapping[str, Any]) -> None:
        log.info("the control plane asks to finish and reconnect")
        self._server_drains = True
        self._outbox.wake.set()

    def _bye(self, message: Mapping[str, Any]) -> None:
        log.info("the control plane closes the channel: %s", message.get("reason"))
        seconds = message.get("retry_after")
        wait = float(seconds) if isinstance(seconds, int | float) else 0.0
        raise _SessionOver(min(max(wait, 0.0), MAX_RETRY_AFTER_SECONDS))

    _handlers = {  # noqa: RUF012 - a table of the methods above, never changed
        "job": _job,
        "cancel": _cancel,
        "ack": _ack,
        "command": _command,
        "drain": _drain,
        "bye": _bye,
    }


async def _send(socket: ClientConnection, message: Mapping[str, Any]) -> None:
    await socket.send(orjson.dumps(message), text=True)


def _parse(frame: str | bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(frame)
    except orjson.JSONDecodeError:
        message = None
    return message if isinstance(message, dict) else {}


def _key(message: Mapping[str, Any]) -> AttemptKey:
    attempt = message.get("attempt")
    return str(message.get("job_id")), attempt if isinstance(attempt, int) else 0
