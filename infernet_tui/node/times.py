"""Times as the node's wire shows them."""

from datetime import UTC, datetime


def iso_millis(seconds: float) -> str:
    """A Unix time as `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def iso_millis_or_none(seconds: float | None) -> str | None:
    """The same, where it may not have happened yet."""
    return None if seconds is None else iso_millis(seconds)
