"""Server-sent events: bytes in, events out, however the network cut the bytes.

The parser follows the WHATWG event stream format (BOM, CR / LF / CRLF, comments, several data
lines). It never blocks and never reads: whoever has the connection feeds it.
"""

import re
from dataclasses import dataclass

MAX_EVENT_BYTES = 16 * 1024 * 1024
_LINE_END = re.compile(rb"\r\n|\r|\n")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """An event grew past `MAX_EVENT_BYTES`."""


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One dispatched event."""

    event: str
    """Its type; "message" when the stream names none."""
    data: str
    id: str | None
    """The id that came with it, if one did: what `Last-Event-ID` wants after a reconnect."""


class EventStreamParser:
    """The parser of one connection's event stream."""

    def __init__(self) -> None:
        self._rest = b""
        self._ends_in_cr = False
        self._is_first_line = True
        self._event = ""
        self._data: list[str] = []
        self._data_bytes = 0
        self._id: str | None = None

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take the next bytes; the events they complete.

        Raises:
            EventTooLarge: the peer sends something that is no event stream, or far too much.
        """
        if not chunk:
            return []
        # A CR ends a line at once; the LF that may follow in the next chunk belongs to it.
        continued = chunk.removeprefix(b"\n") if self._ends_in_cr else chunk
        self._ends_in_cr = chunk.endswith(b"\r")
        *lines, self._rest = _LINE_END.split(self._rest + continued)
        events = [event for line in lines if (event := self._line(line))]
        if len(self._rest) + self._data_bytes > MAX_EVENT_BYTES:
            raise EventTooLarge(f"an event is larger than {MAX_EVENT_BYTES} bytes")
        return events

    def _line(self, line: bytes) -> ServerSentEvent | None:
        if self._is_first_line:
            self._is_first_line = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        self._field(name, value.removeprefix(b" ").decode("utf-8", "replace"))
        return None

    def _field(self, name: bytes, value: str) -> None:
        if name == b"event":
            self._event = value
        elif name == b"data":
            self._data.append(value)
            self._data_bytes += len(value)
        elif name == b"id" and "\0" not in value:
            self._id = value

    def _dispatch(self) -> ServerSentEvent | None:
        data, event, event_id = self._data, self._event, self._id
        self._data, self._data_bytes, self._event, self._id = [], 0, "", None
        return ServerSentEvent(event or "message", "\n".join(data), event_id) if data else None
