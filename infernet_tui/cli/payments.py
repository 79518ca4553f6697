"""`infernet payments`: recent transactions, a signed read."""

import click

from infernet_protocol import endpoints
from infernet_tui.cli.account import Account
from infernet_tui.cli.command import pass_output, verb_group
from infernet_tui.cli.output import Output
from infernet_tui.cli.payout import rows_of

HEADERS = ("CREATED", "DIR", "COIN", "AMOUNT", "USD", "STATUS", "TX/INVOICE")
DEFAULT_LIMIT = 20


@verb_group("payments", invoke_without_command=True)
@click.pass_context
@pass_output
def command(output: Output, context: click.Context) -> None:
    """List recent payments."""
    if context.invoked_subcommand is None:
        _list(output, DEFAULT_LIMIT)


@command.command("list")
@click.option(
    "--limit", type=click.IntRange(1, 100), default=DEFAULT_LIMIT, show_default=True,
    help="How many, newest first.",
)  # fmt: skip
@pass_output
def list_(output: Output, limit: int) -> None:
    """List recent payments, newest first."""
    _list(output, limit)


def _list(output: Output, limit: int) -> None:
    rows = rows_of(Account.open(output).call(endpoints.PAYMENTS_LIST, limit=limit))
    if not rows:
        output.note("(no payments yet)")
    cells = [
        (
            row.get("created_at"),
            row.get("direction"),
            row.get("coin"),
            row.get("amount"),
            row.get("amount_usd"),
            row.get("status"),
            row.get("tx_hash") or row.get("invoice_id"),
        )
        for row in rows
    ]
    document = {"payments": rows, "next": None}
    output.show("payments", document, lambda: output.table(HEADERS, cells) if rows else [])
