"""What this node still has to tell the control plane, whichever way leads there.

An attempt's events are numbered from 1 and kept until the control plane acknowledges them, so a
cut connection loses and doubles nothing: the next one goes on after the last number stored. An
attempt is settled once its completion is acknowledged. Appending costs a list append and setting
an event that is usually set already; there is no task or timer per token.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from infernet_protocol.channel import MAX_UNACKNOWLEDGED_BYTES, JobEvent, ResumePoint
from infernet_protocol.jobs import EventType

AttemptKey = tuple[str, int]
"""Job id and attempt number."""
_EVENT_OVERHEAD_BYTES = 64


class AttemptLog:
    """The events of one try of one job that are not acknowledged yet, and then its completion."""

    def __init__(self, key: AttemptKey, wake: asyncio.Event) -> None:
        self.key = key
        self.completion: Mapping[str, Any] | None = None
        self.completion_sent_at: float | None = None
        """Clock of the one who sent it; None while it waits to be sent (again)."""
        self.has_news = asyncio.Event()
        """Set by whatever makes more to send."""
        self.is_complete = asyncio.Event()
        self._wake = wake
        self._events: list[JobEvent] = []
        self._acknowledged = 0
        self._sent = 0
        self._kept_bytes = 0
        self._has_room = asyncio.Event()
        self._has_room.set()

    @property
    def last_seq(self) -> int:
        """Number of the newest event."""
        return self._acknowledged + len(self._events)

    @property
    def unsent(self) -> int:
        """How many events wait to be sent."""
        return self.last_seq - self._sent

    @property
    def is_full(self) -> bool:
        """Whether so much is unacknowledged that the engine should pause."""
        return self._kept_bytes >= MAX_UNACKNOWLEDGED_BYTES

    async def room(self) -> None:
        """Wait until there is room for more events."""
        await self._has_room.wait()

    def append(self, event_type: EventType, data: dict[str, Any]) -> None:
        """Add the next event."""
        event = JobEvent(event_type=event_type, data=data)
        self._events.append(event)
        self._kept_bytes += _size(event)
        if self.is_full:
            self._has_room.clear()
        self._notify()

    def complete(self, completion: Mapping[str, Any]) -> None:
        """Say how the attempt ended; nothing is appended after that."""
        self.completion = completion
        self.is_complete.set()
        self._notify()

    def take_unsent(self, limit: int) -> tuple[int, list[JobEvent]]:
        """Number of the first unsent event, and up to `limit` of them, now counted as sent."""
        start = self._sent - self._acknowledged
        events = self._events[start : start + limit]
        first = self._sent + 1
        self._sent += len(events)
        return first, events

    def acknowledge(self, seq: int) -> None:
        """Everything up to `seq` is stored; forget it."""
        count = min(seq, self.last_seq) - self._acknowledged
        if count <= 0:
            return
        self._kept_bytes -= sum(map(_size, self._events[:count]))
        del self._events[:count]
        self._acknowledged += count
        self._sent = max(self._sent, self._acknowledged)
        if not self.is_full:
            self._has_room.set()

    def rewind(self, seq: int) -> None:
        """Everything after `seq` is to be sent again, the completion too."""
        self.acknowledge(seq)
        self._sent = self._acknowledged
        self.completion_sent_at = None
        self._notify()

    def _notify(self) -> None:
        self.has_news.set()
        self._wake.set()


class Outbox:
    """Every attempt that is not settled, and results of owners' commands not yet delivered."""

    def __init__(self) -> None:
        self.attempts: dict[AttemptKey, AttemptLog] = {}
        self.command_results: dict[str, dict[str, Any]] = {}
        """By command id: `{status, result, error}`."""
        self.wake = asyncio.Event()
        """Set whenever there is something new to send."""
        self.when_settled: Callable[[AttemptKey], None] = lambda _key: None
        """Told each attempt about which nothing more is to be said."""
        self._settled = asyncio.Event()

    def open(self, key: AttemptKey) -> AttemptLog:
        """Start the log of an attempt."""
        log = self.attempts[key] = AttemptLog(key, self.wake)
        self.wake.set()
        return log

    def settle(self, key: AttemptKey) -> None:
        """Nothing more is to be said about this attempt."""
        if attempt_log := self.attempts.pop(key, None):
            attempt_log.has_news.set()  # whoever waits to send more need not
            self.when_settled(key)
        self._signal_if_empty()

    def add_command_result(self, command_id: str, result: dict[str, Any]) -> None:
        """Report how an owner's command ended."""
        self.command_results[command_id] = result
        self.wake.set()

    def delivered_command(self, command_id: str) -> None:
        """The control plane has this command's result."""
        self.command_results.pop(command_id, None)
        self._signal_if_empty()

    def resume_points(self) -> list[ResumePoint]:
        """Where each unsettled attempt stands, for `hello`."""
        return [
            ResumePoint(job_id=job_id, attempt=attempt, last_seq=log.last_seq)
            for (job_id, attempt), log in self.attempts.items()
        ]

    async def emptied(self) -> None:
        """Wait until everything is told."""
        while self.attempts or self.command_results:
            self._settled.clear()
            await self._settled.wait()

    def _signal_if_empty(self) -> None:
        if not self.attempts and not self.command_results:
            self._settled.set()
            self.wake.set()


def _size(event: JobEvent) -> int:
    text = event["data"].get("text")
    return _EVENT_OVERHEAD_BYTES + (len(text.encode()) if isinstance(text, str) else 0)
