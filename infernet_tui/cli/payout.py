"""`infernet payout list|set|remove`: where this node is paid."""

from typing import Any

import click

from infernet_protocol import endpoints
from infernet_tui.cli.account import Account
from infernet_tui.cli.command import pass_output, verb_group
from infernet_tui.cli.output import Output
from infernet_tui.coins import NETWORKS, Payout, is_network, network_of, payout
from infernet_tui.errors import NotFound, UsageError
from infernet_tui.missing_routes import told_apart
from infernet_tui.text import one_line

_COLUMNS = ("coin", "network", "address")


@verb_group("payout")
def command() -> None:
    """Choose where you are paid for served jobs."""


@command.command("list")
@pass_output
def list_(output: Output) -> None:
    """List the payout addresses; * marks the default."""
    rows = rows_of(Account.open(output).call(endpoints.PAYOUTS_LIST))
    if not rows:
        output.note("(no payout addresses configured)")
    cells = [
        ("*" if row.get("is_default") else "", *(row.get(key) for key in _COLUMNS)) for row in rows
    ]
    headers = ["", *(key.upper() for key in _COLUMNS)]
    document = {"payouts": rows, "next": None}
    output.show("payouts", document, lambda: output.table(headers, cells) if rows else [])


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [coin for coin in NETWORKS if coin.startswith(incomplete.upper())]


@command.command("set")
@click.argument("coin", shell_complete=_complete)
@click.argument("words", nargs=-1, required=True, metavar="NETWORK ADDRESS")
@click.option("--network", help="The network, when ADDRESS alone is given.")
@pass_output
def set_(output: Output, coin: str, words: tuple[str, ...], network: str | None) -> None:
    """Set the default payout address.

    \b
    infernet payout set BTC mainnet <address>
    infernet payout set BTC ln <bolt12 offer, lnurl or lightning address>
    infernet payout set USDC polygon <address>
    infernet payout set USDC <address> --network polygon
    """
    wanted = _read(coin, words, network)
    data = Account.open(output).call(
        endpoints.PAYOUTS_SET, coin=wanted.coin, network=wanted.network, address=wanted.address
    )
    row = data.get("row") if isinstance(data, dict) else None
    said = f"Set default payout: {wanted.coin} ({wanted.network}) {one_line(wanted.address)}"
    output.show("payout", {"payout": row}, lambda: [said])


def _complete_network(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    networks = NETWORKS.get(str(ctx.params.get("coin", "")).upper(), ())
    return [network for network in networks if network.startswith(incomplete.lower())]


@command.command("remove")
@click.argument("coin", shell_complete=_complete)
@click.argument("network", shell_complete=_complete_network)
@pass_output
def remove(output: Output, coin: str, network: str) -> None:
    """Forget the payout address for a coin and network.

    If it was the default, the newest of the others becomes it.
    """
    wanted = network_of(coin, network)
    account = Account.open(output)
    output.confirm(f"Forget where this node is paid {coin.upper()} on {wanted}?")
    try:
        data = account.call(endpoints.PAYOUTS_REMOVE, coin=coin.upper(), network=wanted)
    except NotFound as error:
        raise told_apart(error) from None
    rows = rows_of(data, "removed")
    said = [
        f"Removed {row.get('coin')} ({row.get('network')}) {one_line(str(row.get('address')))}"
        for row in rows
    ]
    output.show("payout_remove", {"removed": rows}, lambda: said)
    if not rows:
        output.note(f"There was no address for {coin.upper()} on {wanted}.")


def _read(coin: str, words: tuple[str, ...], network: str | None) -> Payout:
    if len(words) == 1:
        return payout(coin, network, words[0])
    if len(words) > 2:
        raise UsageError(
            "An address is one word.", hint="infernet payout set <coin> <network> <address>"
        )
    if network and not is_network(coin, words[0]):
        raise UsageError("There are two addresses.", hint="infernet payout set --help")
    return payout(coin, words[0], words[1])


def rows_of(data: Any, key: str = "rows") -> list[dict[str, Any]]:
    """The `rows` of a list answer."""
    rows = data.get(key) if isinstance(data, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
