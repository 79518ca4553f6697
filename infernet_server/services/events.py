"""What a node may report of a job: checked once, for both ways in (HTTP and the channel)."""

from infernet_protocol.jobs import EventType
from infernet_server.errors import InvalidRequest
from infernet_server.hub import Event
from infernet_server.wire import is_too_deep

_EVENT_TYPES = frozenset(EventType)


def checked_events(value: object, limit: int) -> list[Event]:
    """Check a batch: one bad item refuses it whole (`wire.md` §3).

    Raises:
        InvalidRequest: empty, more than `limit`, or an item of the wrong shape.
    """
    if not isinstance(value, list) or not value:
        raise InvalidRequest("events[] is required")
    if len(value) > limit:
        raise InvalidRequest(f"too many events (max {limit})")
    events: list[Event] = []
    for item in value:
        # Nearly everything is a token: looked at here, where it costs least.
        if type(item) is dict and item.get("event_type") == "token":
            data = item.get("data")
            if type(data) is dict and len(data) == 1 and type(data.get("text")) is str:
                events.append(("token", data))
                continue
        events.append(_checked(item))
    return events


def _checked(item: object) -> Event:
    if not isinstance(item, dict):
        raise InvalidRequest("an event must be an object")
    kind, data = item.get("event_type"), item.get("data")
    if not isinstance(kind, str) or kind not in _EVENT_TYPES:
        raise InvalidRequest("event_type must be one of: meta, token, done, error")
    if not isinstance(data, dict):
        data = {}
    if is_too_deep(data):
        raise InvalidRequest("an event's data is nested too deep")
    text = data.get("text")
    if kind == EventType.TOKEN:
        return kind, {"text": text if isinstance(text, str) else ""}
    if kind == EventType.DONE and not isinstance(text, str):
        data = {**data, "text": ""}
    return kind, data
