"""Payout addresses in words: in groups of four, compared, and what is known about one."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import TypeVar

from infernet_tui.errors import UsageError
from infernet_tui.screens import wording
from infernet_tui.views.money import PayoutView
from infernet_tui.widgets.lines import Line, Span, line
from infernet_tui.widgets.table import Column

Item = TypeVar("Item")
NO_ADDRESS = (
    "No payout address; earnings are held.\n"
    "Press a, or: `infernet payout set BTC mainnet <address>`"
)
NO_CHECKSUM = "not checked yet: a mistyped character can go unnoticed"
FORMS = {
    "bitcoin": "bc1…, 1… or 3…",
    "lightning": "lno1… (BOLT12), lnurl1… or name@domain; no invoices",
    "bitcoin-cash": "bitcoincash:q… or q…",
    "ethereum": "0x and 40 hexadecimal digits",
    "polygon": "0x and 40 hexadecimal digits",
    "bsc": "0x and 40 hexadecimal digits",
    "base": "0x and 40 hexadecimal digits",
    "solana": "32 to 44 letters and digits",
    "ripple": "r… or X…",
    "cardano": "addr1…",
    "dogecoin": "D…, A… or 9…",
}
"""Network → what its addresses look like."""
ADDRESS_WIDTH = 54
"""Cells of an address of 44 characters in groups."""
GROUPS_A_ROW = 12
MAX_ROWS = 3


def groups(address: str) -> list[str]:
    """An address in groups of four characters."""
    return [address[at : at + 4] for at in range(0, len(address), 4)]


def in_groups(address: str, width: int = ADDRESS_WIDTH) -> str:
    """An address in groups; of a longer one its beginning and its end."""
    every = groups(address)
    whole = " ".join(every)
    if len(whole) <= width:
        return whole
    kept = (width - 2) // 5
    tail = kept // 3
    return f"{' '.join(every[: kept - tail])} … {' '.join(groups(address[-4 * tail :]))}"


def address_lines(address: str, width: int) -> list[Line]:
    """The whole address in groups, in as many lines as it needs."""
    every, a_row = groups(address), max(1, (width + 1) // 5)
    return [line(" ".join(every[at : at + a_row])) for at in range(0, len(every), a_row)]


def difference(old: str | None, new: str) -> list[Line]:
    """The old and the new address below each other, `^` under the groups that differ."""
    if old is None:
        rows = [" ".join(each) for each in _rows(groups(new))]
        heads = ["new  ", *["     "] * len(rows)]
        lines = [line(("now  ", "muted"), "none: what is earned is held")]
        return lines + [line((head, "muted"), row) for head, row in zip(heads, rows, strict=False)]
    pairs = list(zip_longest(groups(old), groups(new), fillvalue=""))
    rows_of_pairs = _rows(pairs)
    shown = rows_of_pairs if len(rows_of_pairs) <= MAX_ROWS else [rows_of_pairs[0]]
    lines = [each for pairs_of_row in shown for each in _compared(pairs_of_row)]
    if len(shown) < len(rows_of_pairs):
        differing = sum(before != after for before, after in pairs)
        words = f"     … long: {differing} of {len(pairs)} groups differ; the new one ends in "
        lines.append(line((words, "muted"), " ".join(groups(new[-8:]))))
    return lines


def _compared(pairs: Sequence[tuple[str, str]]) -> list[Line]:
    old, new, marks = [], [], []
    for before, after in pairs:
        size = max(len(before), len(after))
        old.append(f"{before:<{size}}")
        new.append(f"{after:<{size}}")
        marks.append(("^" if before != after else " ") * size)
    return [
        line(("now  ", "muted"), " ".join(old)),
        line(("new  ", "muted"), " ".join(new)),
        line(("     ", "muted"), (" ".join(marks).rstrip(), "warn")),
    ]


def _rows(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[at : at + GROUPS_A_ROW] for at in range(0, len(items), GROUPS_A_ROW)]


def payout_columns() -> list[Column[PayoutView]]:
    """The columns of the table of addresses."""
    return [
        Column[PayoutView](
            "default", "", 1, lambda row: Span("*" if row.is_default else "", "ok"),
            lambda row: row.is_default,
        ),
        Column[PayoutView]("coin", "COIN", 5, lambda row: row.coin, lambda row: row.coin),
        Column[PayoutView](
            "network", "NETWORK", 12, lambda row: row.network, lambda row: row.network
        ),
        Column[PayoutView](
            "address", "ADDRESS", ADDRESS_WIDTH, lambda row: in_groups(row.address),
            lambda row: row.address,
        ),
        Column[PayoutView](
            "since", "SINCE", 10, lambda row: Span(wording.moment(row.created_at)[:10], "muted"),
            lambda row: row.created_at, rank=1,
        ),
    ]  # fmt: skip


def check_lines(row: PayoutView, problem: UsageError | None) -> list[Line]:
    """What the check of an address found, and what nobody checked."""
    form = ("looks like one", "ok")
    if problem is not None:
        form = (problem.message, "error")
    return [
        line((" coin       ", "muted"), f"{row.coin} on {row.network}"),
        line((" length     ", "muted"), f"{len(row.address)} characters"),
        line((" form       ", "muted"), form),
        line((" checksum   ", "muted"), (NO_CHECKSUM, "warn")),
        line(""),
        line((" Compare it with your wallet, group by group:", "title")),
        line(""),
        *(line(" ", *spans) for spans in address_lines(row.address, 70)),
    ]
