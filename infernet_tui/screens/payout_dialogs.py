"""Setting and removing a payout address: what is asked, and what has to be typed (`ux.md`, L2)."""

from typing import TYPE_CHECKING

from infernet_tui import coins
from infernet_tui.coins import NETWORKS, Payout
from infernet_tui.errors import UsageError
from infernet_tui.screens.address_words import FORMS, address_lines, difference
from infernet_tui.screens.dialogs import AskText, Choice, PickOne, TypeToConfirm, Verdict
from infernet_tui.views.money import PayoutView
from infernet_tui.widgets.lines import Line, line

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

TYPED = 6
"""How many characters of an address have to be typed."""
COIN_NAMES = {
    "BTC": "Bitcoin", "BCH": "Bitcoin Cash", "ETH": "Ether", "SOL": "Solana", "POL": "Polygon",
    "BNB": "BNB Smart Chain", "XRP": "XRP Ledger", "ADA": "Cardano", "DOGE": "Dogecoin",
    "USDT": "Tether dollars", "USDC": "Circle dollars",
}  # fmt: skip


class ConfirmMoney(TypeToConfirm):
    """Has room for two addresses and their difference."""

    DEFAULT_CSS = """
    ConfirmMoney #words { max-height: 16; }
    """


class PayoutQuestions:
    """Asks for an address, coin by coin, and for the last word before it is set or removed."""

    def __init__(self, cockpit: "Cockpit", rows: tuple[PayoutView, ...]) -> None:
        self._cockpit = cockpit
        self._rows = rows

    async def wanted(self, words: str, current: PayoutView | None) -> Payout | None:
        """The coin, network and address, from the typed words or by asking; None if given up.

        Raises:
            UsageError: the typed words cannot be meant.
        """
        given = words.split()
        if len(given) > 3:
            raise UsageError(
                "An address is one word.", hint="payout set <coin> <network> <address>"
            )
        if len(given) == 3:
            return coins.payout(*given)
        if len(given) == 2 and not coins.is_network(*given):
            return coins.payout(given[0], None, given[1])
        chosen = (
            given[0].upper() if given else await self._pick_coin(current.coin if current else None)
        )
        if chosen is None:
            return None
        named = given[1] if len(given) == 2 else None
        network = (
            coins.network_of(chosen, named) if named else await self._pick_network(chosen, current)
        )
        address = None if network is None else await self._ask_address(chosen, network)
        return coins.payout(chosen, network, address) if address else None

    async def _pick_coin(self, current: str | None) -> str | None:
        choices = [Choice(coin, coin, COIN_NAMES.get(coin, "")) for coin in NETWORKS]
        return await self._cockpit.ask(PickOne("Be paid in which coin?", choices, current))

    async def _pick_network(self, coin: str, current: PayoutView | None) -> str | None:
        networks = NETWORKS.get(coin) or (coins.network_of(coin, None),)
        if len(networks) == 1:
            return networks[0]
        choices = [Choice(network, network, FORMS.get(network, "")) for network in networks]
        now = current.network if current and current.coin == coin else None
        return await self._cockpit.ask(PickOne(f"{coin} on which network?", choices, now))

    async def _ask_address(self, coin: str, network: str) -> str | None:
        words = [line(("Looks like: ", "muted"), FORMS.get(network, "see your wallet"))]
        if (row := self.known(coin, network)) is not None:
            words.append(line(("Now:", "muted")))
            words += address_lines(row.address, 70)[:3]

        def judge(text: str) -> Verdict | None:
            return self.verdict(coin, network, text)

        title = f"{coin} on {network}: the address to be paid to"
        dialog = AskText(title, words, placeholder="paste it", verb="Go on", judge=judge)
        return await self._cockpit.ask(dialog)

    def verdict(self, coin: str, network: str, text: str) -> Verdict | None:
        """What is said about an address while it is typed."""
        text = text.strip()
        if any(
            (row.coin, row.network, row.address, row.is_default) == (coin, network, text, True)
            for row in self._rows
        ):
            return "This node is paid there already.", "error"
        try:
            coins.payout(coin, network, text)
        except UsageError:
            return f"Not a {coin} address on {network} yet.", "error"
        return f"Looks like one. {len(text)} characters; its checksum is not checked here.", "ok"

    def known(self, coin: str, network: str) -> PayoutView | None:
        """The address of a coin and network as it is: the default one, else the newest."""
        rows = [row for row in self._rows if (row.coin, row.network) == (coin, network)]
        return max(rows, key=lambda row: (row.is_default, row.created_at or 0), default=None)

    async def agrees_to_set(self, wanted: Payout) -> bool:
        """Show the old and the new address; the end of the new one has to be typed."""
        old = self.known(wanted.coin, wanted.network)
        words = [
            *difference(old.address if old else None, wanted.address),
            line(""),
            *self._consequence(wanted),
            _by_hand(f"infernet payout set {wanted.coin} {wanted.network} <address>"),
        ]
        title = f"Be paid {wanted.coin} on {wanted.network} at another address?"
        if old is None:
            title = f"Be paid in {wanted.coin} on {wanted.network}?"
        return await self._confirmed(title, words, wanted.address, "Set the address")

    def _consequence(self, wanted: Payout) -> list[Line]:
        before = next((row for row in self._rows if row.is_default), None)
        words = "From now on this is where this node is to be paid."
        lines = [line(words), line("Nobody can bring back what went to a wrong address.")]
        if before is not None and (before.coin, before.network) != (wanted.coin, wanted.network):
            lines.insert(
                1, line(f"It takes the place of {before.coin} on {before.network} as default.")
            )
        return lines

    async def agrees_to_remove(self, row: PayoutView) -> bool:
        """Say what becomes of the earnings; the end of the address has to be typed."""
        same = [each for each in self._rows if (each.coin, each.network) == (row.coin, row.network)]
        others = len(self._rows) - len(same)
        after = (
            "Another of your addresses becomes the default."
            if row.is_default and others
            else "The default stays as it is."
            if others
            else "No address is left: what you earn is held until you set one."
        )
        words = [*address_lines(row.address, 70)[:4], line(""), line(after)]
        if len(same) > 1:
            words.append(
                line(f"All {len(same)} addresses for {row.coin} on {row.network} are removed.")
            )
        words.append(_by_hand(f"infernet payout remove {row.coin} {row.network}"))
        title = f"Remove the address for {row.coin} on {row.network}?"
        return await self._confirmed(title, words, row.address, "Remove it")

    async def _confirmed(self, title: str, words: list[Line], address: str, verb: str) -> bool:
        what = f"the last {TYPED} characters of the address"
        dialog = ConfirmMoney(title, words, expected=address[-TYPED:], what=what, verb=verb)
        return await self._cockpit.ask(dialog)


def _by_hand(command: str) -> Line:
    return line(("The same by hand: ", "muted"), (command, "key"))
