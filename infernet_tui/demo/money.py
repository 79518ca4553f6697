"""The demo node's payout addresses, payments and earnings. Payments follow from the jobs."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from infernet_tui.demo.ledger import DemoJob
from infernet_tui.demo.noise import between, hexadecimal, identifier
from infernet_tui.demo.world import World
from infernet_tui.errors import NotFound, UsageError
from infernet_tui.node.times import iso_millis

SETTLED_AFTER_SECONDS = 600
"""How long after its job a payment is confirmed."""
MAX_DAYS = 366
_USD_OF_COIN = {"USDC": 1.0, "BTC": 97_000.0, "SOL": 185.0}
_NETWORK_OF_COIN = {"USDC": "solana", "BTC": "bitcoin", "SOL": "solana"}
_ADDRESSES = (
    ("USDC", "solana", "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T", 61),
    ("BTC", "bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", 44),
    ("ETH", "ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", 9),
)
"""Coin, network, address (those of published test vectors), days since it was set."""


@dataclass(slots=True)
class Purse:
    """Where the money goes, and how much there is."""

    world: World
    rows: list[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the scenario's addresses."""
        known = _ADDRESSES if self.world.scenario.has_past else ()
        self.rows = [
            self._address(coin, network, address, self.world.begun_at - days * 86_400)
            for coin, network, address, days in known
        ]
        for place, row in enumerate(self.rows):
            row["is_default"] = place == 0

    def _address(self, coin: str, network: str, address: str, at: float) -> dict[str, Any]:
        return {
            "id": identifier(self.world.seed, hash_text(coin + address)),
            "coin": coin,
            "network": network,
            "address": address,
            "is_default": True,
            "created_at": iso_millis(at),
        }

    def payouts(self) -> dict[str, Any]:
        """`payouts`: the default first."""
        self.world.ask_control_plane()
        return {"payouts": sorted(self.rows, key=lambda row: not row["is_default"])}

    def set(self, payload: dict[str, Any]) -> dict[str, Any]:
        """`payout.set`: the new address becomes the default.

        Raises:
            UsageError: a word is missing.
        """
        self.world.ask_control_plane()
        words = [str(payload.get(key) or "").strip() for key in ("coin", "network", "address")]
        if not all(words):
            raise UsageError(
                "coin, network and address are required.",
                hint="infernet payout set BTC mainnet <address>",
            )
        coin, network, address = words[0].upper(), words[1], words[2]
        for row in self.rows:
            row["is_default"] = False
        self.rows = [row for row in self.rows if (row["coin"], row["address"]) != (coin, address)]
        self.rows.append(self._address(coin, network, address, self.world.now()))
        self.world.changes.touch()
        return {"payout": self.rows[-1]}

    def remove(self, payload: dict[str, Any]) -> dict[str, Any]:
        """`payout.remove`.

        Raises:
            NotFound: there is no address for that coin and network.
        """
        self.world.ask_control_plane()
        coin, network = str(payload.get("coin")).upper(), str(payload.get("network"))
        removed = [row for row in self.rows if (row["coin"], row["network"]) == (coin, network)]
        if not removed:
            raise NotFound(
                f"No payout address for {coin[:20]} on {network[:40]}.", hint="infernet payout list"
            )
        self.rows = [row for row in self.rows if row not in removed]
        if self.rows and not any(row["is_default"] for row in self.rows):
            self.rows[0]["is_default"] = True
        self.world.changes.touch()
        return {"removed": removed}

    def payments(self, payload: dict[str, Any]) -> dict[str, Any]:
        """`payments`: newest first."""
        self.world.ask_control_plane()
        now, limit = self.world.now(), int(payload.get("limit") or 20)
        paid = [job for job in self.world.ledger.newest(4 * limit) if _is_paid(job, now)]
        return {"payments": [self._payment(job, now) for job in paid[:limit]]}

    def _payment(self, job: DemoJob, now: float) -> dict[str, Any]:
        is_settled = now - job.ends_at >= SETTLED_AFTER_SECONDS
        word, usd = job.payment_coin or "USDC", job.payment_offer or 0.0
        coin = next((coin for coin in _USD_OF_COIN if coin in word), "USDC")
        keys = (self.world.seed, job.sequence)
        return {
            "id": identifier(*keys, 51),
            "direction": "outbound",
            "job_id": job.id,
            "provider_id": self.world.row_id,
            "client_id": None,
            "coin": word,
            "network": _NETWORK_OF_COIN[coin],
            "amount": round(usd / _USD_OF_COIN[coin], 8),
            "amount_usd": usd,
            "address": self.rows[0]["address"] if self.rows else "pending-payout",
            "tx_hash": hexadecimal(64, *keys, 52) if is_settled else None,
            "invoice_id": None,
            "status": "confirmed" if is_settled else "pending",
            "provider_gateway": "coinpayportal",
            "metadata": {"model": job.model},
            "created_at": iso_millis(job.ends_at),
            "confirmed_at": iso_millis(job.ends_at + SETTLED_AFTER_SECONDS) if is_settled else None,
        }

    def earnings(self, payload: dict[str, Any]) -> dict[str, Any]:
        """`earnings`: by day, oldest first; today is the last.

        Raises:
            UsageError: too many days.
        """
        self.world.ask_control_plane()
        count, now = int(payload.get("days") or 30), self.world.now()
        if not 1 <= count <= MAX_DAYS:
            raise UsageError(f"days must be from 1 to {MAX_DAYS}.", hint="infernet payments")
        today = datetime.fromtimestamp(now, UTC).date()
        earned = self._earned(now)
        days = [today - timedelta(days=ago) for ago in range(count - 1, -1, -1)]
        rows = [self._day(day, earned[day]) for day in days]
        return {
            "currency": "USD",
            "today_micros": rows[-1]["settled_micros"] + rows[-1]["pending_micros"],
            "settled_micros": sum(row["settled_micros"] for row in rows),
            "pending_micros": sum(row["pending_micros"] for row in rows),
            "days": rows,
            "as_of": iso_millis(now),
        }

    def _earned(self, now: float) -> dict[date, list[int]]:
        """Day → settled and pending millionths of a dollar, from the jobs of this run."""
        earned: dict[date, list[int]] = defaultdict(lambda: [0, 0])
        for job in self.world.ledger.jobs:
            if _is_paid(job, now):
                day = datetime.fromtimestamp(job.ends_at, UTC).date()
                is_pending = now - job.ends_at < SETTLED_AFTER_SECONDS
                earned[day][is_pending] += round((job.payment_offer or 0) * 1e6)
        return earned

    def _day(self, day: date, earned: list[int]) -> dict[str, Any]:
        settled, pending = earned
        return {
            "date": day.isoformat(),
            "settled_micros": settled + self._before_this_run(day),
            "pending_micros": pending,
        }

    def _before_this_run(self, day: date) -> int:
        """What was earned that day before the node's present run."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        share = min(1.0, max(0.0, (self.world.started_at - midnight) / 86_400))
        if not self.world.scenario.has_past or share == 0:
            return 0
        return int(between(9e6, 31e6, day.toordinal(), self.world.seed, 53) * share)


def _is_paid(job: DemoJob, now: float) -> bool:
    return job.outcome == "completed" and job.ends_at <= now and bool(job.payment_offer)


def hash_text(text: str) -> int:
    """A number for a text, the same in every process."""
    return int.from_bytes(text.encode()[-24:], "big")
