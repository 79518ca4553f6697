"""Live job logs: one writer, any number of followers, no queue per follower.

A `JobLog` is the sequence of a job's events in memory. A follower keeps its own position and reads
on from there, so a slow one costs nothing but its place, and joining late needs no hand-over
between history and live tail: there is one list.
"""

import asyncio
from typing import Any

from infernet_protocol.jobs import EventType

Event = tuple[str, dict[str, Any]]
"""(event_type, data). Event number n of a job is `log.events[n - 1]`; ids have no gaps."""

TERMINAL = (EventType.DONE.value, EventType.ERROR.value)
_OVERHEAD_BYTES = 48
"""About what an SSE frame adds to a token."""


class JobLog:
    """Append-only events of one job."""

    __slots__ = ("_waiters", "bytes", "events", "is_closed", "token_count")

    def __init__(self, events: list[Event] | None = None) -> None:
        self.events: list[Event] = []
        self.bytes = 0
        """About how much the events weigh on the wire."""
        self.token_count = 0
        self.is_closed = False
        """Whether a terminal event is in: nothing follows."""
        self._waiters: set[asyncio.Future[None]] = set()
        for kind, data in events or ():
            self._add(kind, data)

    def append(self, kind: str, data: dict[str, Any]) -> None:
        """Add one event. Call `notify` after the last of a batch."""
        if not self.is_closed:
            self._add(kind, data)

    def extend_tokens(self, events: list[Event]) -> None:
        """Add a run of token events."""
        if not self.is_closed:
            self.events += events
            self.token_count += len(events)
            texts = sum([len(data["text"]) for _, data in events])
            self.bytes += texts + len(events) * _OVERHEAD_BYTES

    def _add(self, kind: str, data: dict[str, Any]) -> None:
        self.events.append((kind, data))
        if kind == "token":
            self.token_count += 1
            self.bytes += len(data.get("text", "")) + _OVERHEAD_BYTES
        elif kind in TERMINAL:
            self.is_closed = True

    def notify(self) -> None:
        """Wake every follower that waits."""
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, after: int, seconds: float) -> bool:
        """Wait until there is an event after number `after`; False when `seconds` passed first."""
        if len(self.events) > after or self.is_closed:
            return True
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.add(waiter)
        # A bare timer: `wait_for` costs a task's worth of bookkeeping for each event.
        timer = loop.call_later(seconds, _expire, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiters.discard(waiter)
        return len(self.events) > after or self.is_closed

    def count_within(self, size_bytes: int) -> int:
        """How many events of this log's average weight make that many bytes; at least one."""
        return max(1, size_bytes * len(self.events) // (self.bytes or 1))

    def model(self) -> str | None:
        """The model that answers, as the node that began says."""
        for kind, data in self.events:
            if kind == "meta":
                model = data.get("model")
                return model if isinstance(model, str) else None
        return None

    def text(self) -> str:
        """The answer so far."""
        return "".join(data.get("text", "") for kind, data in self.events if kind == "token")


def _expire(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
