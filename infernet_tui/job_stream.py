"""A job as a client sees it: submit it, follow its events to the end, cancel it.

The stream survives what lies between: when the connection breaks, or the control plane restarts,
it is opened again from the last event that arrived. Events come once each, in order, and the last
one is `done` or `error`; a stream that stops short of that raises. Standard library only: the
command line pays for no HTTP framework.
"""

import http.client
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import orjson

from infernet_protocol import endpoints
from infernet_tui.control_plane import ServerAddress, post_once
from infernet_tui.errors import (
    ControlPlaneUnreachable,
    InfernetError,
    NotFound,
    RequestFailed,
    TimedOut,
)
from infernet_tui.sse import EventStreamParser, EventTooLarge, ServerSentEvent

SILENCE_SECONDS = 300.0
"""How long a job may say nothing new: a long prompt on a CPU takes minutes to its first token."""
CONNECTION_SECONDS = 45.0
"""Three missed pings (one comes every 15 s): the connection is dead, whatever TCP thinks."""
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 4.0
MAX_RECONNECTS = 10
"""Connections in a row that brought nothing new, about half a minute in all."""
META, TOKEN, DONE, ERROR = "meta", "token", "done", "error"
"""`infernet_protocol.jobs.EventType`, spelled out: its module costs this one's users 75 ms."""
TERMINAL = (DONE, ERROR)


@dataclass(frozen=True, slots=True)
class ChatJob:
    """What to ask the network."""

    messages: tuple[Mapping[str, str], ...]
    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    requires: Mapping[str, Any] = field(default_factory=dict)
    """For example `{"interconnects": {"nvlink": True}}` (`wire.md` §14)."""

    def body(self) -> dict[str, Any]:
        """The body of `POST /api/chat`, without what was not asked for."""
        optional = {
            "modelName": self.model,
            "maxTokens": self.max_tokens,
            "temperature": self.temperature,
            "requires": dict(self.requires) or None,
        }
        asked = {name: value for name, value in optional.items() if value is not None}
        return {"messages": [dict(message) for message in self.messages], "stream": True} | asked


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of a job: `job` (its row), `queue`, `meta`, `token`, `done` or `error`."""

    event: str
    data: Any
    """Parsed JSON; text where the server sent something else."""
    id: str | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether the job is over."""
        return self.event in TERMINAL


def submit(url: str, job: ChatJob, *, timeout_seconds: float = 15.0) -> dict[str, Any]:
    """Hand the job to the control plane; its answer, with `jobId` and `streamUrl`.

    Raises:
        InfernetError: it cannot be reached, nobody serves the model, or it limits this address.
    """
    answer = post_once(url, endpoints.CHAT, job.body(), timeout_seconds=timeout_seconds)
    if not isinstance(answer, dict) or not isinstance(answer.get("streamUrl"), str):
        raise RequestFailed(f"{url} did not answer like a control plane.", hint="infernet doctor")
    return answer


def follow(
    url: str,
    stream_url: str,
    *,
    timeout_seconds: float = math.inf,
    silence_seconds: float = SILENCE_SECONDS,
) -> Iterator[StreamEvent]:
    """Yield the job's events until it is over.

    Raises:
        TimedOut: it took `timeout_seconds`, or nothing new came for `silence_seconds`.
        ControlPlaneUnreachable: the connection broke and could not be made again.
        ControlPlaneError: the control plane does not give this stream out.
    """
    stream = _Stream(ServerAddress.parse(url), stream_url, timeout_seconds, silence_seconds)
    while True:
        try:
            for event in stream.connection_events():
                yield event
                if event.is_terminal:
                    return
            broken: InfernetError = ControlPlaneUnreachable(
                "The stream ended before the answer did.", hint="infernet doctor"
            )
        except ControlPlaneUnreachable as error:
            broken = error
        stream.pause_or_give_up(broken)


def cancel(url: str, job_id: str, *, timeout_seconds: float = 5.0) -> None:
    """Tell the control plane to stop the job; a finished job stays as it is.

    Raises:
        InfernetError: it could not be told.
    """
    address = ServerAddress.parse(url)
    target = address.target(endpoints.JOB.format(job_id=job_id))
    with closing(_connection(address, timeout_seconds)) as connection:
        _open(connection, address, "DELETE", target, {}).read()


class Arrivals:
    """Which events of one job have come, over all the connections it took."""

    def __init__(self) -> None:
        self.last_id: str | None = None
        """What `Last-Event-ID` goes on from."""
        self._has_job = False

    def take(self, raw: ServerSentEvent) -> StreamEvent | None:
        """The event, unless an earlier connection brought it already.

        A server that does not know `Last-Event-ID` replays the whole stream.
        """
        event = StreamEvent(raw.event, _value(raw.data), raw.id)
        if raw.event == "job":
            is_new, self._has_job = not self._has_job, True
            return event if is_new else None
        if raw.event != "queue" and not event.is_terminal and self._is_old(raw.id):
            return None
        self.last_id = raw.id or self.last_id
        return event

    def _is_old(self, event_id: str | None) -> bool:
        if event_id is None or self.last_id is None:
            return False
        numbers = event_id.isdecimal() and self.last_id.isdecimal()
        return int(event_id) <= int(self.last_id) if numbers else event_id == self.last_id


def pause_seconds(reconnects: int) -> float:
    """How long to wait before the next connection, after so many that brought nothing new."""
    return min(FIRST_PAUSE_SECONDS * 2.0**reconnects, LONGEST_PAUSE_SECONDS)


class _Stream:
    """Where a stream stands: what has arrived, and how patient to be."""

    def __init__(
        self,
        address: ServerAddress,
        stream_url: str,
        timeout_seconds: float,
        silence_seconds: float,
    ) -> None:
        self._address = address
        self._target = address.target(stream_url)
        self._timeout_seconds = timeout_seconds
        self._silence_seconds = silence_seconds
        self._began = self._last_news = time.monotonic()
        self._arrivals = Arrivals()
        self._reconnects = 0

    def connection_events(self) -> Iterator[StreamEvent]:
        """The new events of one connection, until it ends."""
        headers = {"accept": "text/event-stream"}
        if self._arrivals.last_id is not None:
            headers["last-event-id"] = self._arrivals.last_id
        timeout = min(CONNECTION_SECONDS, self._patience())
        with closing(_connection(self._address, timeout)) as connection:
            response = _open(connection, self._address, "GET", self._target, headers)
            parser = EventStreamParser()
            while chunk := _read(response, self._address):
                for raw in _parsed(parser, chunk):
                    if event := self._news(raw):
                        yield event
                self._patience()

    def pause_or_give_up(self, broken: InfernetError) -> None:
        """Wait before the next connection.

        Raises:
            InfernetError: `broken`, after too many connections that brought nothing new.
        """
        if self._reconnects >= MAX_RECONNECTS:
            raise broken
        pause = pause_seconds(self._reconnects)
        self._reconnects += 1
        time.sleep(min(pause, self._patience()))

    def _news(self, raw: ServerSentEvent) -> StreamEvent | None:
        event = self._arrivals.take(raw)
        if event and event.event != "job":
            self._last_news = time.monotonic()
            self._reconnects = 0
        return event

    def _patience(self) -> float:
        """Seconds that the job may still be silent.

        Raises:
            TimedOut: none.
        """
        now = time.monotonic()
        silence = self._silence_seconds - (now - self._last_news)
        whole = self._timeout_seconds - (now - self._began)
        if whole <= 0:
            raise TimedOut(f"The answer was not complete after {self._timeout_seconds:g} s.")
        if silence <= 0:
            raise TimedOut(
                f"Nothing new from the job for {self._silence_seconds:g} s.",
                hint="infernet doctor",
            )
        return min(silence, whole)


def _connection(address: ServerAddress, timeout_seconds: float) -> http.client.HTTPConnection:
    secure = address.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    return connect(address.host, address.port, timeout=timeout_seconds)


def _open(
    connection: http.client.HTTPConnection,
    address: ServerAddress,
    method: str,
    target: str,
    headers: Mapping[str, str],
) -> http.client.HTTPResponse:
    """Send a request without a body; the response, whose status is 2xx."""
    try:
        connection.request(method, target, headers={"host": address.authority, **headers})
        response = connection.getresponse()
        if 200 <= response.status < 300:
            return response
        reason = _reason(response)
    except (OSError, http.client.HTTPException) as error:
        raise _broken(address, error) from None
    message = f"The control plane at {address.authority} answered: {reason}"
    if response.status >= 500:
        raise ControlPlaneUnreachable(message, hint="infernet doctor")
    raise (NotFound if response.status == 404 else RequestFailed)(message)


def _read(response: http.client.HTTPResponse, address: ServerAddress) -> bytes:
    try:
        return response.read1(65536)
    except (OSError, http.client.HTTPException) as error:
        raise _broken(address, error) from None


def _parsed(parser: EventStreamParser, chunk: bytes) -> list[ServerSentEvent]:
    try:
        return parser.feed(chunk)
    except EventTooLarge as error:
        raise RequestFailed(f"The job's stream is broken: {error}.") from None


def _reason(response: http.client.HTTPResponse) -> str:
    body = _value(response.read(65536))
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, str) and error else f"HTTP {response.status}"


def _value(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text if isinstance(text, str) else None


def _broken(address: ServerAddress, error: Exception) -> ControlPlaneUnreachable:
    silent = isinstance(error, TimeoutError)
    why = "it is silent" if silent else getattr(error, "strerror", None) or type(error).__name__
    return ControlPlaneUnreachable(
        f"Lost the control plane at {address.authority}: {why}.", hint="infernet doctor"
    )
