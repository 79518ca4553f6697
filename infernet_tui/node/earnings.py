"""Sums of payments by day (UTC), in integer micro-dollars. Pure."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from infernet_tui.node.times import iso_millis

SETTLED, PENDING = "confirmed", "pending"


def earnings_of(
    payments: Iterable[Mapping[str, Any]], days: int, now: float | None = None
) -> dict[str, Any]:
    """The answer of `earnings`, from payment rows of the wire (`wire.md` §3)."""
    now = time.time() if now is None else now
    sums: defaultdict[tuple[date | None, str], int] = defaultdict(int)
    for row in payments:
        status, micros = str(row.get("status")), _micros(row.get("amount_usd"))
        sums[None, status] += micros
        sums[_day(row.get("created_at")) or date.min, status] += micros
    today = datetime.fromtimestamp(now, UTC).date()
    dates = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    return {
        "currency": "USD",
        "today_micros": sums[today, SETTLED] + sums[today, PENDING],
        "settled_micros": sums[None, SETTLED],
        "pending_micros": sums[None, PENDING],
        "days": [
            {
                "date": day.isoformat(),
                "settled_micros": sums[day, SETTLED],
                "pending_micros": sums[day, PENDING],
            }
            for day in dates
        ],
        "as_of": iso_millis(now),
    }


def _micros(amount: object) -> int:
    is_number = isinstance(amount, int | float) and not isinstance(amount, bool)
    return round(float(amount) * 1_000_000) if is_number else 0  # type: ignore[arg-type]


def _day(text: object) -> date | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()
