"""Earnings, payments and payout addresses. Money is integer micro-dollars."""

from dataclasses import dataclass

from infernet_tui.text import marked
from infernet_tui.views.reader import Reader


@dataclass(frozen=True, slots=True)
class DayView:
    """What one day brought."""

    date: str
    settled_micros: int
    pending_micros: int


@dataclass(frozen=True, slots=True)
class EarningsView:
    """Sums, and one entry a day, oldest first."""

    today_micros: int
    settled_micros: int
    pending_micros: int
    days: tuple[DayView, ...]

    @classmethod
    def parse(cls, raw: object) -> "EarningsView":
        """Read the answer of `earnings`."""
        top = Reader(raw)
        return cls(
            today_micros=top.integer("today_micros") or 0,
            settled_micros=top.integer("settled_micros") or 0,
            pending_micros=top.integer("pending_micros") or 0,
            days=tuple(
                DayView(
                    day.text("date") or "",
                    day.integer("settled_micros") or 0,
                    day.integer("pending_micros") or 0,
                )
                for day in top.parts("days")
            ),
        )


@dataclass(frozen=True, slots=True)
class PayoutView:
    """Where one coin is paid to."""

    id: str
    coin: str
    network: str
    address: str
    is_default: bool
    created_at: float | None

    @classmethod
    def parse(cls, row: Reader) -> "PayoutView":
        """Read one row."""
        return cls(
            id=marked(str(row.raw.get("id") or ""), 64),
            coin=row.text("coin") or "?",
            network=row.text("network") or "",
            address=row.text("address", 2048) or "",
            is_default=bool(row.flag("is_default")),
            created_at=row.time("created_at"),
        )


@dataclass(frozen=True, slots=True)
class PaymentView:
    """One transaction."""

    id: str
    direction: str
    coin: str
    network: str
    amount: str
    amount_usd: float | None
    status: str
    job_id: str | None
    tx_hash: str | None
    created_at: float | None

    @classmethod
    def parse(cls, row: Reader) -> "PaymentView":
        """Read one row."""
        amount = row.raw.get("amount")
        return cls(
            id=marked(str(row.raw.get("id") or ""), 64),
            direction=row.text("direction") or "",
            coin=row.text("coin") or "",
            network=row.text("network") or "",
            amount="" if amount is None else marked(str(amount), 40),
            amount_usd=row.number("amount_usd"),
            status=row.text("status") or "",
            job_id=row.text("job_id"),
            tx_hash=row.text("tx_hash") or row.text("invoice_id"),
            created_at=row.time("created_at"),
        )


def dollars(micros: float | None, *, digits: int = 2) -> str:
    """`$1.84`; small sums keep the digits that matter."""
    if micros is None:
        return "-"
    amount = micros / 1e6
    return f"${amount:,.{digits if abs(amount) >= 1 or amount == 0 else max(digits, 3)}f}"
