"""Earnings and payments in words: sums, days as bars, one line a payment."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from infernet_tui.screens import wording
from infernet_tui.text import marked
from infernet_tui.views.money import DayView, EarningsView, PaymentView, dollars
from infernet_tui.widgets.lines import Line, Span, line
from infernet_tui.widgets.plot import columns as bars_of
from infernet_tui.widgets.table import Column

NO_PAYMENTS = "No payments yet. There is one for each paid job: press 3 for the jobs."
STATUSES = {
    "confirmed": ("settled", "ok"),
    "pending": ("pending", "warn"),
    "failed": ("FAILED", "error"),
    "expired": ("expired", "error"),
}
"""The wire's word → the word shown, and its role."""
MAX_BAR_ROWS = 8


# --- earnings -----------------------------------------------------------------------------------


def earning_lines(earned: EarningsView, width: int, rows: int, glyphs: str) -> list[Line]:
    """Sums, thirty days as bars, and below them each day with its amounts, newest first."""
    lines = [_sums(earned)]
    totals = [day.settled_micros + day.pending_micros for day in earned.days]
    if not any(totals):
        return [*lines, line(""), line((" Nothing earned in the last 30 days.", "muted"))]
    lines += _bars(earned.days, totals, width, max(3, min(MAX_BAR_ROWS, rows - 2)), glyphs)
    return [*lines, line(""), *_day_lines(earned.days)]


def _sums(earned: EarningsView) -> Line:
    return line(
        (" today ", "muted"), dollars(earned.today_micros),
        ("   settled ", "muted"), (dollars(earned.settled_micros), "ok"),
        ("   pending ", "muted"), (dollars(earned.pending_micros), "warn"),
    )  # fmt: skip


def _bars(
    days: Sequence[DayView], totals: Sequence[int], width: int, rows: int, glyphs: str
) -> list[Line]:
    best = dollars(max(totals))
    label = max(7, len(best) + 1)
    bars = bars_of([total / 1e6 for total in totals], width - label - 2, rows, glyphs=glyphs)
    marks = [best, *[""] * (rows - 2), "$0"]
    lines = [
        line((f" {mark:>{label - 1}} ", "muted"), (bar, "graph"))
        for mark, bar in zip(marks, bars, strict=True)
    ]
    first, middle, last = (days[place].date[5:] for place in (0, len(days) // 2, -1))
    length = max(len(bar) for bar in bars)
    gap = max(1, length - len(first) - len(middle) - len(last))
    left = gap // 2
    axis = f"{first}{' ' * left}{middle}{' ' * (gap - left)}{last}"
    return [*lines, line((f" {'':>{label - 1}} {axis}", "muted"))]


def _day_lines(days: Sequence[DayView]) -> list[Line]:
    lines = [line((f" {'DAY':<12}{'SETTLED':>10}{'PENDING':>10}", "muted"))]
    for day in reversed(days):
        pending = f"{dollars(day.pending_micros):>10}"
        lines.append(
            line(
                f" {day.date:<12}{dollars(day.settled_micros):>10}",
                (pending, "warn" if day.pending_micros else "muted"),
            )
        )
    return lines


def best_day(earned: EarningsView | None) -> str:
    """`best 11-04 $31.02 · avg $18.20`."""
    days = earned.days if earned else ()
    best = max(days, key=lambda day: day.settled_micros + day.pending_micros, default=None)
    total = sum(day.settled_micros + day.pending_micros for day in days)
    if best is None or not total:
        return ""
    amount = dollars(best.settled_micros + best.pending_micros)
    return f"best {best.date[5:]} {amount} · avg {dollars(total / len(days))} a day"


# --- payments -----------------------------------------------------------------------------------


def status_span(payment: PaymentView) -> Span:
    """The status as a word."""
    word, role = STATUSES.get(payment.status, (payment.status or "?", "text"))
    return Span(word, role)


def amount(payment: PaymentView) -> str:
    """The amount in the coin, without an exponent."""
    try:
        return f"{Decimal(payment.amount):f}"
    except InvalidOperation:
        return marked(payment.amount, 24) or "-"


def usd(payment: PaymentView) -> str:
    """The amount in dollars."""
    return "-" if payment.amount_usd is None else dollars(payment.amount_usd * 1e6)


def payment_columns() -> list[Column[PaymentView]]:
    """The columns of the table of payments."""
    Paid = Column[PaymentView]
    return [
        Paid("time", "UTC", 11, lambda row: Span(_when(row), "muted"), lambda row: row.created_at),
        Paid("coin", "COIN", 5, lambda row: row.coin, lambda row: row.coin),
        Paid(
            "amount", "AMOUNT", 12, amount, lambda row: _number(row.amount), right=True,
        ),
        Paid("usd", "USD", 7, usd, lambda row: row.amount_usd, right=True),
        Paid("status", "STATUS", 8, status_span, lambda row: status_span(row).text),
        Paid("job", "JOB", 8, lambda row: (row.job_id or "-")[:8], lambda row: row.job_id),
        Paid("network", "NETWORK", 12, lambda row: row.network, lambda row: row.network, rank=1),
        Paid("tx", "TX", 0, lambda row: row.tx_hash or "-", lambda row: row.tx_hash),
    ]  # fmt: skip


def payment_lines(payment: PaymentView) -> list[Line]:
    """All that is known about a payment."""
    facts: list[tuple[str, str | Span]] = [
        ("payment", marked(payment.id, 64) or "-"),
        ("status", status_span(payment)),
        ("time", wording.moment(payment.created_at)),
        ("amount", f"{amount(payment)} {payment.coin} on {payment.network or '?'}"),
        ("in dollars", usd(payment)),
        ("job", payment.job_id or "-"),
        ("tx", payment.tx_hash or "none yet"),
    ]
    return [line((f" {name:<12}", "muted"), value) for name, value in facts]


def _when(payment: PaymentView) -> str:
    return wording.moment(payment.created_at)[5:16]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def problem_lines(problem: str) -> list[Line]:
    """Why the newest try failed, and what to do next."""
    return [
        line((f" {problem}", "error")),
        line((" next: ", "muted"), ("infernet doctor", "key"), (", or press 0", "muted")),
    ]
