"""One node's open channel: what it says becomes calls on the dispatcher, and the other way round.

The session knows nothing of HTTP or WebSockets: frames come in as text, and go out through a queue
that the transport empties (`outbox`). Whatever a node sends, the session answers, ignores or ends
the connection with `bye`; it never raises for it.
"""

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import orjson

from infernet_protocol import PROTOCOL_VERSION
from infernet_protocol.jobs import MAX_EVENTS_PER_BATCH, JobStatus
from infernet_protocol.nodes import CommandCompleteRequest, HeartbeatRequest, Role
from infernet_server.errors import ApiError, InvalidRequest
from infernet_server.hub import Event
from infernet_server.services.dispatch import Dispatcher
from infernet_server.services.events import checked_events
from infernet_server.services.jobs import offered_job
from infernet_server.services.live import Attempt, LiveJob
from infernet_server.services.nodes import Identity, NodeService
from infernet_server.settings import Settings
from infernet_server.timestamps import iso_millis
from infernet_server.wire import is_too_deep

log = logging.getLogger(__name__)

MAX_OUTBOX = 10_000
"""Messages that may wait for a node that does not read; then the connection is given up."""
MAX_COMMANDS = 10
REPLACED_RETRY_SECONDS = 60.0


class ProtocolViolation(Exception):
    """The node said something that ends the connection."""


class NodeChannel:
    """A `dispatch.NodeSession` over frames."""

    def __init__(
        self,
        identity: Identity,
        dispatcher: Dispatcher,
        nodes: NodeService,
        settings: Settings,
        clock: Callable[[], float],
    ) -> None:
        self.id = uuid.uuid4().hex
        self._identity = identity
        self._dispatcher = dispatcher
        self._nodes = nodes
        self._settings = settings
        self._clock = clock
        self._is_open = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.outbox: deque[dict[str, Any]] = deque()
        """Messages to send, oldest first."""
        self.has_mail = asyncio.Event()
        self.is_over = False
        """Whether to close once the outbox is empty."""

    # --- to the node ------------------------------------------------------------------------

    def offer(self, job: LiveJob, attempt: Attempt) -> None:
        """Push a claimed job."""
        message = {
            "type": "job",
            "job": offered_job(job, attempt),
            "attempt": attempt.number,
            "lease_seconds": self._settings.lease_seconds,
        }
        self._post(message | ({"prefill": attempt.prefill} if attempt.prefill else {}))

    def cancel(self, job_id: str, attempt: int, reason: str) -> None:
        """Ask the node to stop."""
        self._post({"type": "cancel", "job_id": job_id, "attempt": attempt, "reason": reason})

    def acknowledge(self, job_id: str, attempt: int, seq: int, *, final: bool = False) -> None:
        """Events up to `seq` (and with `final` the completion) are on disk."""
        message = {"type": "ack", "job_id": job_id, "attempt": attempt, "seq": seq}
        self._post(message | ({"final": True} if final else {}))

    def end(self, reason: str, retry_after: float | None = None) -> None:
        """Say goodbye and close."""
        if self.is_over:
            return
        bye: dict[str, Any] = {"type": "bye", "reason": reason}
        self._post(bye | ({"retry_after": retry_after} if retry_after else {}))
        self.is_over = True

    def _post(self, message: dict[str, Any]) -> None:
        if len(self.outbox) >= MAX_OUTBOX:
            self.is_over = True
        else:
            self.outbox.append(message)
        self.has_mail.set()

    # --- from the node ----------------------------------------------------------------------

    def receive(self, frame: str | bytes) -> None:
        """Act on one frame.

        Raises:
            ProtocolViolation: the connection cannot go on.
        """
        try:
            message = orjson.loads(frame)
        except orjson.JSONDecodeError as error:
            raise ProtocolViolation(f"a frame is not JSON: {error}") from None
        kind = message.get("type") if isinstance(message, dict) else None
        if not isinstance(kind, str):
            raise ProtocolViolation("a frame needs a type")
        if kind != "events" and is_too_deep(message):  # of events each is looked at anyway
            raise ProtocolViolation("a frame is nested too deep")
        if self._is_open:
            if handler := _HANDLERS.get(kind):
                handler(self, message)
        elif kind == "hello":
            self._hello(message)
        else:
            raise ProtocolViolation("the first message must be hello")

    def _hello(self, message: Mapping[str, Any]) -> None:
        if message.get("protocol") != PROTOCOL_VERSION:
            raise ProtocolViolation(
                f"this control plane speaks channel protocol {PROTOCOL_VERSION}; upgrade the node"
            )
        provider_id = self._identity.id
        if old := self._dispatcher.sessions.get(provider_id):
            old.end("another connection with this key took over", REPLACED_RETRY_SECONDS)
        self._is_open = True
        points = message.get("resume")
        points = points if isinstance(points, list) else []
        resume = [self._resume_point(point) for point in points if isinstance(point, dict)]
        self._post(
            {
                "type": "welcome",
                "session": self.id,
                "server_time": iso_millis(self._clock()),
                "heartbeat_seconds": self._settings.heartbeat_seconds,
                "lease_seconds": self._settings.lease_seconds,
                "resume": resume,
            }
        )
        known = {(p["job_id"], p["attempt"]) for p in resume if not p.get("stale")}
        self._beat(message)
        self._dispatcher.taken_back(provider_id, known)
        self._dispatcher.connected(provider_id, self)
        self._start(self._send_commands(released=not known))

    def _resume_point(self, point: Mapping[str, Any]) -> dict[str, Any]:
        job_id, number = _reference(point)
        answer = {"job_id": job_id, "attempt": number}
        job = self._dispatcher.live.get(job_id)
        attempt = job.attempt if job else None
        if attempt and (attempt.provider_id, attempt.number) == (self._identity.id, number):
            return answer | {"last_seq": attempt.last_seq}
        return answer | {"last_seq": 0, "stale": True}

    def _accept(self, message: Mapping[str, Any]) -> None:
        if job := self._current(message):
            self._dispatcher.accepted(job)

    def _decline(self, message: Mapping[str, Any]) -> None:
        if job := self._current(message):
            self._dispatcher.declined(job, str(message.get("reason", "no reason given"))[:256])

    def _events(self, message: Mapping[str, Any]) -> None:
        job = self._current(message)
        if job is None:
            return
        seq = message.get("seq")
        try:
            events: list[Event] = checked_events(message.get("events"), MAX_EVENTS_PER_BATCH)
            if type(seq) is not int or seq < 1:
                raise InvalidRequest("seq must be a number from 1")
        except InvalidRequest as error:
            # Sent again it would be no better: the attempt is over, not the connection.
            self._dispatcher.failed(job, f"the node sent broken events: {error.message}")
            self._forget(message)
            return
        self._dispatcher.receive(job, events, seq)

    def _complete(self, message: Mapping[str, Any]) -> None:
        job = self._current(message)
        if job is None:
            return
        status, result = message.get("status"), message.get("result")
        usage = message.get("usage")
        if status == JobStatus.FAILED or status == JobStatus.CANCELLED:
            error = message.get("error")
            words = error if isinstance(error, str) else f"the node {status} the job"
            self._dispatcher.failed(job, words, retryable=message.get("retryable") is not False)
            self._forget(message)
        else:
            self._dispatcher.completed(
                job,
                result if isinstance(result, dict) else None,
                usage if isinstance(usage, dict) else None,
            )

    def _current(self, message: Mapping[str, Any]) -> LiveJob | None:
        """The job a message is about; a late message is answered so that the node lets go."""
        job_id, number = _reference(message)
        job = self._dispatcher.current(job_id, self._identity.id, number)
        if job is None and not self._is_being_stored(job_id, number):
            self._forget(message)
        return job

    def _is_being_stored(self, job_id: str, number: int) -> bool:
        """Whether the attempt's end is on its way to disk: the acknowledgement comes by itself."""
        job = self._dispatcher.live.get(job_id)
        attempt = job.attempt if job else None
        return attempt is not None and (attempt.provider_id, attempt.number) == (
            self._identity.id,
            number,
        )

    def _forget(self, message: Mapping[str, Any]) -> None:
        job_id, number = _reference(message)
        self._post(
            {
                "type": "ack",
                "job_id": job_id,
                "attempt": number,
                "seq": 0,
                "final": True,
                "stale": True,
            }
        )

    def _heartbeat(self, message: Mapping[str, Any]) -> None:
        self._dispatcher.heard_from(self._identity.id, message.get("active_jobs"))
        self._beat(message)
        if self._nodes.has_commands(self._identity.public_key):
            self._start(self._send_commands(released=False))

    def _beat(self, message: Mapping[str, Any]) -> None:
        specs = message.get("specs")
        request = HeartbeatRequest(
            status="available", specs=specs if isinstance(specs, dict) else None
        )
        self._start(self._store_heartbeat(request))

    async def _store_heartbeat(self, request: HeartbeatRequest) -> None:
        await self._nodes.heartbeat(Role.PROVIDER, self._identity.public_key, request)
        self._dispatcher.serve_queues()

    def _command_result(self, message: Mapping[str, Any]) -> None:
        status = message.get("status")
        result, error = message.get("result"), message.get("error")
        request = CommandCompleteRequest(
            status="completed" if status == "completed" else "failed",
            result=result if isinstance(result, dict) else None,
            error=error if isinstance(error, str) else None,
        )
        command_id, key = str(message.get("id")), self._identity.public_key
        self._start(self._nodes.complete_command(key, command_id, request))

    async def _send_commands(self, *, released: bool) -> None:
        key = self._identity.public_key
        if released:
            await self._nodes.release_commands(key)
        for command in await self._nodes.claim_commands(key, MAX_COMMANDS):
            self._post({"type": "command", **command})

    def _drain(self, _message: Mapping[str, Any]) -> None:
        self._dispatcher.draining(self._identity.id)

    def _bye(self, _message: Mapping[str, Any]) -> None:
        self._dispatcher.went_offline(self._identity.id)
        self.is_over = True
        self.has_mail.set()

    # --- tasks ------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_logged(work), name=f"channel-{self._identity.node_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """The connection is gone."""
        self._dispatcher.disconnected(self._identity.id, self)
        if self._tasks:
            await asyncio.gather(*self._tasks)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except ApiError as error:
        log.warning("a node's message could not be stored: %s", error.message)


def _reference(message: Mapping[str, Any]) -> tuple[str, int]:
    job_id, number = message.get("job_id"), message.get("attempt")
    if isinstance(job_id, str) and type(number) is int:
        return job_id, number
    raise ProtocolViolation("a message about a job needs job_id and attempt")


_HANDLERS: dict[str, Callable[[NodeChannel, Mapping[str, Any]], None]] = {
    "accept": NodeChannel._accept,
    "decline": NodeChannel._decline,
    "events": NodeChannel._events,
    "complete": NodeChannel._complete,
    "heartbeat": NodeChannel._heartbeat,
    "command_result": NodeChannel._command_result,
    "drain": NodeChannel._drain,
    "bye": NodeChannel._bye,
}
"""Messages of a newer node that this version does not know are ignored."""
