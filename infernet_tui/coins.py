"""Coins and networks that payouts can name (`wire.md` §3), and a first look at an address.

Whether an address is really valid (checksums, BOLT12) is not decided here; what cannot be one is
refused, so that a misplaced word never becomes a place where money is sent.
"""

import re
from dataclasses import dataclass

from infernet_tui.errors import UsageError

NETWORKS: dict[str, tuple[str, ...]] = {
    "BTC": ("bitcoin", "lightning"),
    "BCH": ("bitcoin-cash",),
    "ETH": ("ethereum",),
    "SOL": ("solana",),
    "POL": ("polygon",),
    "BNB": ("bsc",),
    "XRP": ("ripple",),
    "ADA": ("cardano",),
    "DOGE": ("dogecoin",),
    "USDT": ("ethereum", "polygon", "solana"),
    "USDC": ("ethereum", "polygon", "solana", "base"),
}
"""Coin → its networks; the first is the default, and what `mainnet` means."""

_ETHEREUM_LIKE = frozenset({"ethereum", "polygon", "bsc", "base"})
_ETHEREUM_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_LIGHTNING = re.compile(
    r"(?i)(?:lno1|lnurl1)[a-z0-9+]{20,}|[a-z0-9_.+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+"
)
_SHORTEST_ADDRESS, _LONGEST_ADDRESS = 25, 2048
_ALIASES = {"ln": "lightning"}


@dataclass(frozen=True, slots=True)
class Payout:
    """Where to be paid in one coin, in the wire's words."""

    coin: str
    network: str
    address: str


def payout(coin: str, network: str | None, address: str) -> Payout:
    """Check the three words.

    Raises:
        UsageError: unknown coin or network, or text that cannot be an address there.
    """
    name, chosen = coin.upper(), network_of(coin, network)
    if not _looks_like_address(chosen, address):
        raise UsageError(
            f"“{address[:80]}” is not a {name} address on {chosen}.",
            hint=f"infernet payout set {name} {chosen} <address>",
        )
    return Payout(name, chosen, address)


def network_of(coin: str, network: str | None) -> str:
    """The network's own name: `mainnet` and `ln` are translated, None is the coin's default.

    Raises:
        UsageError: unknown coin, or not a network of it.
    """
    if coin.upper() not in NETWORKS:
        raise UsageError(
            f"“{coin}” is not a supported coin.", hint=f"one of: {', '.join(NETWORKS)}"
        )
    return _network(coin.upper(), network)


def is_network(coin: str, word: str) -> bool:
    """Whether `word` names a network of the coin, `mainnet` and `ln` included."""
    word = word.lower()
    return word == "mainnet" or _ALIASES.get(word, word) in NETWORKS.get(coin.upper(), ())


def _network(coin: str, network: str | None) -> str:
    networks = NETWORKS[coin]
    wanted = (network or networks[0]).lower()
    if wanted == "mainnet" and (len(networks) == 1 or coin == "BTC"):
        return networks[0]
    wanted = _ALIASES.get(wanted, wanted)
    if wanted not in networks:
        raise UsageError(
            f"{coin} has no network “{network}” here.", hint=f"one of: {', '.join(networks)}"
        )
    return wanted


def _looks_like_address(network: str, address: str) -> bool:
    if network in _ETHEREUM_LIKE:
        return _ETHEREUM_ADDRESS.fullmatch(address) is not None
    if network == "lightning":
        return len(address) <= _LONGEST_ADDRESS and _LIGHTNING.fullmatch(address) is not None
    fits = _SHORTEST_ADDRESS <= len(address) <= _LONGEST_ADDRESS
    return fits and address.isascii() and address.isprintable() and " " not in address
