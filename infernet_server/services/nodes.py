"""Registered keys: register, heartbeat, remove, orders, payments, payout addresses."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from infernet_protocol.nodes import (
    MAX_SPECS_BYTES,
    CommandCompleteRequest,
    HeartbeatRequest,
    PayoutRemoveRequest,
    PayoutSetRequest,
    RegisterRequest,
    Role,
)
from infernet_server.errors import Forbidden, InvalidRequest, NotFound
from infernet_server.services.batch import BatchedWrite
from infernet_server.services.directory import NodeDirectory
from infernet_server.services.specs import reduced_specs
from infernet_server.storage import nodes as sql
from infernet_server.storage.engine import Database
from infernet_server.storage.rows import Row
from infernet_server.timestamps import iso, iso_millis, micros

DAY_SECONDS = 86_400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
NOT_REGISTERED = "no row for this pubkey — call /register first"


@dataclass(frozen=True, slots=True)
class Identity:
    """A registered key in one role."""

    id: str
    """UUID of the row: for a provider, its provider id."""
    role: Role
    node_id: str
    public_key: str


class NodeService:
    """Keys and what belongs to them."""

    def __init__(
        self, database: Database, directory: NodeDirectory, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock
        self._identities: dict[tuple[Role, str], Identity] = {}
        self._heartbeats: BatchedWrite[Row] = BatchedWrite(database, sql.store_heartbeats)
        self._registered_keys: set[str] = set()
        self._ordered_keys: set[str] = set()
        """Keys with an order that waits to be claimed."""

    async def start(self) -> None:
        """Fill the directory with the providers on disk."""
        for row in await self._database.read(sql.providers):
            self._directory.upsert(row)
            self._remember(row)
        await self._learn_payout_coins()
        self._ordered_keys.update(await self._database.read(sql.keys_with_commands))

    def is_registered(self, public_key: str) -> bool:
        """Whether this process knows the key in any role."""
        return public_key in self._registered_keys

    async def identify(self, role: Role, public_key: str) -> Identity:
        """The key's row.

        Raises:
            NotFound: the key is not registered in this role.
        """
        if known := self._identities.get((role, public_key)):
            return known
        row = await self._database.read(sql.find, role.value, public_key)
        if row is None:
            raise NotFound(NOT_REGISTERED, hint="infernet register")
        return self._remember(row)

    def _remember(self, row: Mapping[str, Any]) -> Identity:
        identity = Identity(row["id"], Role(row["role"]), row["node_id"], row["public_key"])
        self._identities[identity.role, identity.public_key] = identity
        self._registered_keys.add(identity.public_key)
        return identity

    async def register(self, role: Role, public_key: str, request: RegisterRequest) -> Identity:
        """Create or refresh the key's row. What heartbeats told before is kept.

        Raises:
            Forbidden: the node id belongs to another key.
        """
        row = await self._database.write(self._upsert, role, public_key, request)
        if role is Role.PROVIDER:
            self._directory.upsert(row)
        return self._remember(row)

    def _upsert(
        self, connection: Any, role: Role, public_key: str, request: RegisterRequest
    ) -> Row:
        owner = sql.owner_of(connection, role.value, request.node_id)
        if owner is not None and owner != public_key:
            raise Forbidden(
                "node_id is registered to a different pubkey",
                hint="use another node id, or the key that registered it (`infernet init --force`"
                " makes a new identity with both)",
            )
        old = sql.find(connection, role.value, public_key)
        now = micros(self._clock())
        is_client = role is Role.CLIENT
        status = "offline" if request.status == "offline" else "available"
        values = {
            "id": str(uuid.uuid4()),
            "role": role.value,
            "node_id": request.node_id,
            "public_key": public_key,
            "name": request.name or request.node_id,
            "status": "active" if is_client else status,
            "address": request.address,
            "port": None if is_client else request.port,
            "specs": {**(old["specs"] if old else {}), **reduced_specs(request.specs)},
            "gpu_model": request.gpu_model[:64] if request.gpu_model else None,
            "price_micros": round((request.price or 0) * 1_000_000),
            "created_at": now,
            "last_seen": now,
        }
        return sql.upsert(connection, values)

    async def heartbeat(self, role: Role, public_key: str, request: HeartbeatRequest) -> Identity:
        """Note that a node is there, with what it says of itself.

        Raises:
            NotFound: the key is not registered.
            InvalidRequest: `specs` is too large.
        """
        identity = await self.identify(role, public_key)
        if request.specs is not None and len(orjson.dumps(request.specs)) > MAX_SPECS_BYTES:
            raise InvalidRequest(f"specs is larger than {MAX_SPECS_BYTES // 1024} KiB")
        now = self._clock()
        is_offline = request.status == "offline"
        status = "active" if role is Role.CLIENT else "offline" if is_offline else "available"
        if role is Role.PROVIDER:
            self._directory.heartbeat(
                identity.id,
                status,
                request.specs,
                now,
                address=request.address,
                port=request.port,
            )
        await self._heartbeats.add(
            {
                "b_id": identity.id,
                "b_status": status,
                "b_address": request.address,
                "b_port": None if role is Role.CLIENT else request.port,
                "b_specs": request.specs,
                "b_last_seen": micros(now),
            }
        )
        return identity

    async def own_row(self, role: Role, public_key: str) -> dict[str, Any] | None:
        """The key's row as its owner sees it, or None."""
        row = await self._database.read(sql.find, role.value, public_key)
        return owner_view(row) if row else None

    async def remove(self, role: Role, public_key: str) -> str | None:
        """Delete the key's row; the id it had, or None if there was none."""
        row = await self._database.read(sql.find, role.value, public_key)
        if row is None:
            return None
        await self._database.write(sql.remove, row)
        self._identities.pop((role, public_key), None)
        if not any((other, public_key) in self._identities for other in Role):
            self._registered_keys.discard(public_key)
        self._directory.remove(row["id"])
        return str(row["id"])

    async def store_reputations(self) -> None:
        """Keep what nodes have earned or lost since the last call."""
        if changes := self._directory.take_reputation_changes():
            await self._database.write(sql.set_reputation, changes)

    # --- orders -----------------------------------------------------------------------------

    async def issue_command(self, public_key: str, verb: str, args: dict[str, Any]) -> str:
        """Queue an order for a node; its id."""
        command_id = str(uuid.uuid4())
        await self._database.write(
            sql.add_command,
            {
                "id": command_id,
                "public_key": public_key,
                "command": verb,
                "args": args,
                "status": "pending",
                "issued_at": micros(self._clock()),
            },
        )
        self._ordered_keys.add(public_key)
        return command_id

    def has_commands(self, public_key: str) -> bool:
        """Whether an order waits for this key."""
        return public_key in self._ordered_keys

    async def claim_commands(self, public_key: str, limit: int) -> list[dict[str, Any]]:
        """Hand out the key's pending orders, each exactly once."""
        if public_key not in self._ordered_keys:
            return []
        now = micros(self._clock())
        rows = await self._database.write(sql.claim_commands, public_key, now, limit)
        if len(rows) < limit:
            self._ordered_keys.discard(public_key)
        return [{"id": r["id"], "command": r["command"], "args": r["args"]} for r in rows]

    async def release_commands(self, public_key: str) -> None:
        """The node started afresh: orders it was at are pending again."""
        if await self._database.write(sql.release_commands, public_key):
            self._ordered_keys.add(public_key)

    async def complete_command(
        self, public_key: str, command_id: str, request: CommandCompleteRequest
    ) -> None:
        """Store how an order ended.

        Raises:
            NotFound: there is no such order.
            Forbidden: it was for another key.
        """
        row = await self._database.read(sql.find_command, command_id)
        if row is None:
            raise NotFound("command not found")
        if row["public_key"] != public_key:
            raise Forbidden("command does not target this pubkey")
        await self._database.write(
            sql.finish_command,
            command_id,
            {
                "status": request.status,
                "result": request.result,
                "error": request.error[:1024] if request.error else None,
                "completed_at": micros(self._clock()),
            },
        )

    # --- payments and payouts ---------------------------------------------------------------

    async def payments(self, role: Role, public_key: str, limit: int) -> list[dict[str, Any]]:
        """Payments of the key, newest first."""
        if role is Role.AGGREGATOR:
            return []
        identity = await self.identify(role, public_key)
        rows = await self._database.read(sql.payments_of, role.value, identity.id, limit)
        return [payment_view(row) for row in rows]

    async def payouts(self, public_key: str) -> list[dict[str, Any]]:
        """Payout addresses of a provider."""
        identity = await self.identify(Role.PROVIDER, public_key)
        rows = await self._database.read(sql.payouts_of, identity.id)
        return [payout_view(row) for row in rows]

    async def set_payout(self, public_key: str, request: PayoutSetRequest) -> dict[str, Any]:
        """Set a provider's address for a coin and network, and make it the default."""
        identity = await self.identify(Role.PROVIDER, public_key)
        values = {
            "id": str(uuid.uuid4()),
            "provider_id": identity.id,
            "coin": request.coin.upper(),
            "network": request.network.lower(),
            "address": request.address.strip(),
            "is_default": True,
            "created_at": micros(self._clock()),
        }
        row = await self._database.write(sql.set_payout, values)
        await self._learn_payout_coins()
        return payout_view(row)

    async def remove_payout(
        self, public_key: str, request: PayoutRemoveRequest
    ) -> list[dict[str, Any]]:
        """Forget a provider's addresses for a coin and network; the rows that were there."""
        identity = await self.identify(Role.PROVIDER, public_key)
        coin, network = request.coin.upper(), request.network.lower()
        rows = await self._database.write(sql.remove_payout, identity.id, coin, network)
        left = await self._database.read(sql.payouts_of, identity.id)
        self._directory.set_payout_coins(identity.id, {row["coin"] for row in left})
        return [payout_view(row) for row in rows]

    async def earnings(self, public_key: str, days: int) -> dict[str, Any]:
        """What a provider was paid and is owed: in all, and for each of the last `days` (UTC)."""
        identity = await self.identify(Role.PROVIDER, public_key)
        now = self._clock()
        first = int(now // DAY_SECONDS) - days + 1
        since = first * sql.MICROS_A_DAY
        rows = await self._database.read(sql.earnings_by_day, identity.id, since)
        in_all = await self._database.read(sql.earnings_in_all, identity.id)
        sums = {(row["day"], row["status"]): int(row["micros"]) for row in rows}
        by_day: list[dict[str, Any]] = [
            {
                "date": date.fromordinal(EPOCH_ORDINAL + day).isoformat(),
                "settled_micros": sums.get((day, "confirmed"), 0),
                "pending_micros": sums.get((day, "pending"), 0),
            }
            for day in range(first, first + days)
        ]
        today = by_day[-1]
        return {
            "currency": "USD",
            "today_micros": today["settled_micros"] + today["pending_micros"],
            "settled_micros": in_all.get("confirmed", 0),
            "pending_micros": in_all.get("pending", 0),
            "days": by_day,
            "as_of": iso_millis(now),
        }

    async def _learn_payout_coins(self) -> None:
        for provider_id, coins in (await self._database.read(sql.payout_coins)).items():
            self._directory.set_payout_coins(provider_id, coins)


def owner_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """A node's row as its owner sees it: the columns its role has (`wire.md` §3)."""
    shared = {
        "id": row["id"],
        "name": row["name"],
        "status": row["status"],
        "created_at": iso(row["created_at"]),
        "node_id": row["node_id"],
        "public_key": row["public_key"],
        "address": row["address"],
        "last_seen": iso(row["last_seen"]),
        "is_public": row["is_public"],
    }
    if row["role"] == Role.CLIENT:
        return shared | {"budget_usd": 0}
    if row["role"] == Role.AGGREGATOR:
        return shared | {
            "active_jobs": 0,
            "reputation": row["reputation"],
            "port": row["port"],
        }
    return shared | {
        "gpu_model": row["gpu_model"],
        "price": row["price_micros"] / 1e6 if row["price_micros"] else 0,
        "reputation": row["reputation"],
        "port": row["port"],
        "specs": row["specs"],
    }


def payment_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """A payment row of the wire."""
    columns = "id direction job_id provider_id client_id coin network address tx_hash invoice_id"
    view = {column: row[column] for column in columns.split()}
    amount = row["amount_micros"] / 1e6
    return view | {
        "amount": amount,
        "amount_usd": amount,
        "status": row["status"],
        "provider_gateway": row["provider_gateway"],
        "metadata": row["metadata"] or {},
        "created_at": iso(row["created_at"]),
        "confirmed_at": iso(row["confirmed_at"]),
    }


def payout_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """A payout row of the wire."""
    columns = ("id", "provider_id", "coin", "network", "address", "is_default")
    return {column: row[column] for column in columns} | {"created_at": iso(row["created_at"])}
