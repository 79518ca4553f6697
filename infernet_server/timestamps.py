"""Times: Unix seconds inside, integer microseconds in the database, ISO-8601 UTC on the wire."""

from datetime import UTC, datetime


def micros(seconds: float) -> int:
    """Unix seconds as the database stores them."""
    return int(seconds * 1_000_000)


def iso(stored_micros: int | None) -> str | None:
    """A stored time as a database row shows it: `2026-11-23T09:43:11.256000+00:00`."""
    if stored_micros is None:
        return None
    return datetime.fromtimestamp(stored_micros / 1_000_000, UTC).isoformat(timespec="microseconds")


def iso_millis(seconds: float) -> str:
    """A time the application makes itself: `2026-11-23T09:43:11.506Z`."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"
