"""Changing where this node is paid: ask, tell the node, say what was done."""

from typing import TYPE_CHECKING

from infernet_tui import coins
from infernet_tui.errors import InfernetError, NotFound
from infernet_tui.screens.payout_dialogs import TYPED, PayoutQuestions
from infernet_tui.store import PAYOUTS
from infernet_tui.views.money import PayoutView

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit


async def set_address(cockpit: "Cockpit", current: PayoutView | None, words: str) -> None:
    """Ask for an address unless the words name one, show what changes, and set it.

    Raises:
        UsageError: the words cannot be meant.
        InfernetError: the present addresses are not known.
    """
    questions = PayoutQuestions(cockpit, _present(cockpit))
    wanted = await questions.wanted(words, current)
    if wanted is None or not await questions.agrees_to_set(wanted):
        return
    payload = {"coin": wanted.coin, "network": wanted.network, "address": wanted.address}
    await cockpit.request("payout.set", payload)
    cockpit.log_command(f"infernet payout set {wanted.coin} {wanted.network} {wanted.address}")
    cockpit.toast(f"{wanted.coin} on {wanted.network} is paid to …{wanted.address[-TYPED:]}.")
    cockpit.feed.refetch(PAYOUTS)


async def remove_address(cockpit: "Cockpit", current: PayoutView | None, words: str) -> None:
    """Ask, then forget the address that the words name, or the one under the cursor.

    Raises:
        NotFound: there is none for the named coin and network.
        InfernetError: the present addresses are not known.
    """
    rows = _present(cockpit)
    row = _named(rows, words) if words else current
    if row is None or not await PayoutQuestions(cockpit, rows).agrees_to_remove(row):
        return
    await cockpit.request("payout.remove", {"coin": row.coin, "network": row.network})
    cockpit.log_command(f"infernet payout remove {row.coin} {row.network} --yes")
    cockpit.toast(f"Removed {row.coin} on {row.network}.")
    cockpit.feed.refetch(PAYOUTS)


def _present(cockpit: "Cockpit") -> tuple[PayoutView, ...]:
    """The addresses as they are: what is not known is not to be replaced unseen."""
    rows = cockpit.store.payouts
    if rows is None:
        problem = cockpit.store.problems.get(PAYOUTS)
        why = f": {problem}" if problem else "."
        raise InfernetError(
            f"Your present addresses are not known yet{why}", hint="press r, then try again"
        )
    return rows


def _named(rows: tuple[PayoutView, ...], words: str) -> PayoutView:
    coin, _, network = words.partition(" ")
    wanted = coins.network_of(coin, network.strip() or None)
    for row in rows:
        if (row.coin, row.network) == (coin.upper(), wanted):
            return row
    raise NotFound(
        f"There is no address for {coin.upper()} on {wanted}.", hint="infernet payout list"
    )
