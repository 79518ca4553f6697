"""Payout words: the documentation page's forms, and what cannot be an address."""

import pytest

from infernet_tui.cli.payout import _read
from infernet_tui.coins import NETWORKS, Payout, payout
from infernet_tui.errors import UsageError

BITCOIN = "bc1q9h6zcv4fp9kx5n0jq5qf3w2yxz4z3y2w5"
ETHEREUM = "0x742d35Cc6634C0532925a3b844Bc9e7595f8B59f"
SOLANA = "5RaBwVPRBfpz9MRBnGRcQAPfvKxcUVtxL2ANe9XJ"
OFFER = "lno1qsgqmqvgm96frzdg8m0gc6nzeqffvzsqzrxqy32afmr3jn9ggkwg3egf"


@pytest.mark.parametrize(
    ("words", "network", "wanted"),
    [
        (("BTC", "mainnet", BITCOIN), None, Payout("BTC", "bitcoin", BITCOIN)),
        (("ETH", "mainnet", ETHEREUM), None, Payout("ETH", "ethereum", ETHEREUM)),
        (("SOL", "mainnet", SOLANA), None, Payout("SOL", "solana", SOLANA)),
        (("USDC", "solana", SOLANA), None, Payout("USDC", "solana", SOLANA)),
        (("USDC", "Polygon", ETHEREUM), None, Payout("USDC", "polygon", ETHEREUM)),
        (("BTC", "ln", OFFER), None, Payout("BTC", "lightning", OFFER)),
        (("BTC", "ln", "op@wallet.example"), None, Payout("BTC", "lightning", "op@wallet.example")),
        (("sol", SOLANA), None, Payout("SOL", "solana", SOLANA)),
        (("USDC", ETHEREUM), "base", Payout("USDC", "base", ETHEREUM)),
        (("USDC", ETHEREUM), None, Payout("USDC", "ethereum", ETHEREUM)),
    ],
)
def test_both_forms_mean_the_same(
    words: tuple[str, ...], network: str | None, wanted: Payout
) -> None:
    assert _read(words[0], words[1:], network) == wanted


@pytest.mark.parametrize(
    "words",
    [
        ("BTC", "mainnet"),
        ("BTC", ""),
        ("BTC", "   "),
        ("BTC", "mainnet", "mainnet"),
        ("BTC", "mainnet", f"{BITCOIN} {BITCOIN}"),
        ("BTC", "mainnet", BITCOIN, "extra"),
        ("BTC", BITCOIN, "mainnet"),
        ("BTC", "ln", "lnbc2500u1pvjluezpp5"),
        ("BTC", "ln", BITCOIN),
        ("ETH", "mainnet", ETHEREUM[:-1]),
        ("ETH", "mainnet", BITCOIN),
        ("ETH", "polygon", ETHEREUM),
        ("USDC", "mainnet", ETHEREUM),
        ("XMR", BITCOIN),
        ("SOL", "solana", "💰" * 40),
    ],
)
def test_what_cannot_be_right_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        _read(words[0], words[1:], None)


def test_every_coin_has_a_default_network() -> None:
    for coin, networks in NETWORKS.items():
        address = ETHEREUM if networks[0] in ("ethereum", "polygon", "bsc") else BITCOIN
        assert payout(coin.lower(), None, address).network == networks[0]
