"""SQL for registered keys, their orders, payments and payout addresses."""

from collections.abc import Sequence

from sqlalchemy import (
    JSON,
    Connection,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from infernet_server.storage.rows import Row, fetch_all, fetch_one
from infernet_server.storage.tables import (
    attempts,
    commands,
    jobs,
    nodes,
    nonces,
    payments,
    payouts,
)

MICROS_A_DAY = 86_400_000_000

_heartbeat = (
    update(nodes)
    .where(nodes.c.id == bindparam("b_id"))
    .values(
        status=bindparam("b_status"),
        address=func.coalesce(bindparam("b_address"), nodes.c.address),
        port=func.coalesce(bindparam("b_port"), nodes.c.port),
        specs=func.coalesce(bindparam("b_specs", type_=JSON(none_as_null=True)), nodes.c.specs),
        last_seen=bindparam("b_last_seen"),
    )
)


def find(connection: Connection, role: str, public_key: str) -> Row | None:
    """The row of a key in a role."""
    query = select(nodes).where(nodes.c.role == role, nodes.c.public_key == public_key)
    return fetch_one(connection, query)


def providers(connection: Connection) -> list[Row]:
    """Every provider: what the directory is filled with at start."""
    query = select(nodes).where(nodes.c.role == "provider")
    return fetch_all(connection, query)


def owner_of(connection: Connection, role: str, node_id: str) -> str | None:
    """Public key under which a node id is registered."""
    query = select(nodes.c.public_key).where(nodes.c.role == role, nodes.c.node_id == node_id)
    return connection.execute(query).scalar_one_or_none()


def upsert(connection: Connection, values: Row) -> Row:
    """Create or update a key's row, in one statement; its id and first day stay."""
    statement = sqlite_insert(nodes).values(**values)
    kept = ("id", "created_at", "role", "public_key")
    changed = {column: statement.excluded[column] for column in values if column not in kept}
    query = statement.on_conflict_do_update(
        index_elements=[nodes.c.role, nodes.c.public_key], set_=changed
    ).returning(nodes)
    return dict(connection.execute(query).mappings().one())


def store_heartbeats(connection: Connection, rows: Sequence[Row]) -> None:
    """Note that these nodes were seen. Keys are `_heartbeat`'s parameters."""
    connection.execute(_heartbeat, [dict(row) for row in rows])


def remove(connection: Connection, node: Row) -> None:
    """Delete a key's row and payout addresses; jobs and payments lose the link, and stay."""
    link = node["id"]
    for table in (jobs, attempts, payments):
        connection.execute(
            update(table).where(table.c.provider_id == link).values(provider_id=None)
        )
    connection.execute(update(payments).where(payments.c.client_id == link).values(client_id=None))
    connection.execute(delete(nodes).where(nodes.c.id == link))


def set_reputation(connection: Connection, changes: Sequence[Row]) -> None:
    """Store reputations; keys `b_id`, `b_reputation`."""
    statement = (
        update(nodes)
        .where(nodes.c.id == bindparam("b_id"))
        .values(reputation=bindparam("b_reputation"))
    )
    connection.execute(statement, [dict(change) for change in changes])


# --- orders ---------------------------------------------------------------------------------


def add_command(connection: Connection, values: Row) -> None:
    """Queue an owner's order."""
    connection.execute(insert(commands).values(**values))


def claim_commands(connection: Connection, public_key: str, now: int, limit: int) -> list[Row]:
    """Hand out pending orders, oldest first, each exactly once."""
    chosen = (
        select(commands.c.id)
        .where(commands.c.public_key == public_key, commands.c.status == "pending")
        .order_by(commands.c.issued_at)
        .limit(limit)
    )
    query = (
        update(commands)
        .where(commands.c.id.in_(chosen), commands.c.status == "pending")
        .values(status="running", started_at=now)
        .returning(commands.c.id, commands.c.command, commands.c.args, commands.c.issued_at)
    )
    return sorted(fetch_all(connection, query), key=lambda row: row["issued_at"])


def find_command(connection: Connection, command_id: str) -> Row | None:
    """One order."""
    query = select(commands).where(commands.c.id == command_id)
    return fetch_one(connection, query)


def finish_command(connection: Connection, command_id: str, values: Row) -> None:
    """Store how an order ended; one that has ended stays as it is."""
    connection.execute(
        update(commands)
        .where(commands.c.id == command_id, commands.c.status.in_(("pending", "running")))
        .values(**values)
    )


def release_commands(connection: Connection, public_key: str) -> int:
    """A node that starts afresh gets its interrupted orders again; how many there were."""
    released = connection.execute(
        update(commands)
        .where(commands.c.public_key == public_key, commands.c.status == "running")
        .values(status="pending", started_at=None)
    )
    return released.rowcount


def keys_with_commands(connection: Connection) -> list[str]:
    """Keys that an order waits for."""
    query = select(commands.c.public_key).where(commands.c.status == "pending").distinct()
    return list(connection.execute(query).scalars())


# --- payments and payouts -------------------------------------------------------------------


def payments_of(connection: Connection, role: str, node_row_id: str, limit: int) -> list[Row]:
    """Payments of a provider or client, newest first."""
    column = payments.c.client_id if role == "client" else payments.c.provider_id
    query = (
        select(payments)
        .where(column == node_row_id)
        .order_by(payments.c.created_at.desc(), payments.c.id)
        .limit(limit)
    )
    return fetch_all(connection, query)


def payouts_of(connection: Connection, provider_id: str) -> list[Row]:
    """Payout addresses: the default first, then oldest first."""
    query = (
        select(payouts)
        .where(payouts.c.provider_id == provider_id)
        .order_by(payouts.c.is_default.desc(), payouts.c.created_at)
    )
    return fetch_all(connection, query)


def set_payout(connection: Connection, values: Row) -> Row:
    """Store an address and make it the default, in one transaction."""
    connection.execute(
        update(payouts)
        .where(payouts.c.provider_id == values["provider_id"])
        .values(is_default=False)
    )
    statement = sqlite_insert(payouts).values(**values)
    query = statement.on_conflict_do_update(
        index_elements=[
            payouts.c.provider_id,
            payouts.c.coin,
            payouts.c.network,
            payouts.c.address,
        ],
        set_={"is_default": True},
    ).returning(payouts)
    return dict(connection.execute(query).mappings().one())


def remove_payout(connection: Connection, provider_id: str, coin: str, network: str) -> list[Row]:
    """Delete the addresses for a coin and network; what was deleted.

    If the default was among them, the newest of the others takes its place.
    """
    own = payouts.c.provider_id == provider_id
    removed = fetch_all(
        connection,
        delete(payouts)
        .where(own, payouts.c.coin == coin, payouts.c.network == network)
        .returning(payouts),
    )
    if any(row["is_default"] for row in removed):
        newest = (
            select(payouts.c.id)
            .where(own)
            .order_by(payouts.c.created_at.desc(), payouts.c.id)
            .limit(1)
            .scalar_subquery()
        )
        connection.execute(update(payouts).where(payouts.c.id == newest).values(is_default=True))
    return removed


def earnings_by_day(connection: Connection, provider_id: str, since: int) -> list[Row]:
    """Sums of a provider's payments by status and by day since 1970, from then on."""
    day = (payments.c.created_at // MICROS_A_DAY).label("day")
    query = (
        select(day, payments.c.status, func.sum(payments.c.amount_micros).label("micros"))
        .where(payments.c.provider_id == provider_id, payments.c.created_at >= since)
        .group_by(day, payments.c.status)
    )
    return fetch_all(connection, query)


def earnings_in_all(connection: Connection, provider_id: str) -> dict[str, int]:
    """Sums of a provider's payments by status, over all time."""
    query = (
        select(payments.c.status, func.sum(payments.c.amount_micros))
        .where(payments.c.provider_id == provider_id)
        .group_by(payments.c.status)
    )
    return {status: int(micros) for status, micros in connection.execute(query)}


# --- envelopes seen -------------------------------------------------------------------------


def remember_nonces(connection: Connection, rows: Sequence[Row]) -> None:
    """Store envelopes that were used."""
    connection.execute(sqlite_insert(nonces).on_conflict_do_nothing(), [dict(row) for row in rows])


def known_nonces(connection: Connection, now: int) -> list[Row]:
    """Envelopes that are still inside the window."""
    return fetch_all(connection, select(nonces).where(nonces.c.expires_at > now))


def forget_nonces(connection: Connection, now: int) -> None:
    """Drop envelopes that are too old to be replayed anyway."""
    connection.execute(delete(nonces).where(nonces.c.expires_at <= now))


# --- lists for everybody ----------------------------------------------------------------------


def listed(
    connection: Connection, role: str | None, status: str | None, seen_after: int, limit: int
) -> list[Row]:
    """Public rows, the one heard of last first; `shown_status` is offline for the long silent."""
    is_silent = nodes.c.last_seen <= seen_after
    shown_status = case((is_silent, "offline"), else_=nodes.c.status).label("shown_status")
    query = select(nodes, shown_status).where(nodes.c.is_public)
    if role is not None:
        query = query.where(nodes.c.role == role)
    if status is not None:
        query = query.where(shown_status == status)
    query = query.order_by(nodes.c.last_seen.desc()).limit(limit)
    return fetch_all(connection, query)


def payout_coins(connection: Connection) -> dict[str, set[str]]:
    """The coins each provider has a payout address for."""
    coins: dict[str, set[str]] = {}
    for provider_id, coin in connection.execute(select(payouts.c.provider_id, payouts.c.coin)):
        coins.setdefault(provider_id, set()).add(coin)
    return coins
