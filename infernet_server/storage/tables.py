"""The tables. Times are integer microseconds since 1970, money is integer micro-USD.

`jobs` is what was asked, `attempts` who tried, `job_events` the append-only log of a job. A row of
`job_events` holds a *run* of consecutive events, so that a thousand tokens are a few rows.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

nodes = Table(
    "nodes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("node_id", String(128), nullable=False),
    Column("public_key", String(64), nullable=False),
    Column("name", String(128), nullable=False),
    Column("status", String(16), nullable=False),
    Column("address", String(255)),
    Column("port", Integer),
    Column("specs", JSON, nullable=False),
    Column("gpu_model", String(64)),
    Column("price_micros", BigInteger, nullable=False, server_default="0"),
    Column("reputation", Integer, nullable=False, server_default="50"),
    Column("is_public", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    UniqueConstraint("role", "node_id"),
    UniqueConstraint("role", "public_key"),
    CheckConstraint("role IN ('provider', 'aggregator', 'client')", name="role"),
    Index("ix_nodes_role_last_seen", "role", "last_seen"),
    Index("ix_nodes_last_seen", "last_seen"),
)
"""A key's row in one role. `specs` is what the node says of itself and is never trusted as is."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("type", String(32), nullable=False),
    Column("title", String(80), nullable=False),
    Column("status", String(16), nullable=False),
    Column("source", String(8), nullable=False, server_default="p2p"),
    Column("model_name", String(256)),
    Column("input_spec", JSON, nullable=False),
    Column("requires", JSON),
    Column("payment_offer_micros", BigInteger, nullable=False, server_default="0"),
    Column("payment_coin", String(16)),
    Column("payment_network", String(32)),
    Column("idempotency_key", String(64)),
    Column("request_digest", String(64)),
    Column("provider_id", String(36)),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("result", JSON),
    Column("usage", JSON),
    Column("error", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("assigned_at", BigInteger),
    Column("completed_at", BigInteger),
    UniqueConstraint("idempotency_key"),
    Index("ix_jobs_created_at", "created_at"),
    Index(
        "ix_jobs_unfinished",
        "created_at",
        sqlite_where=text("status IN ('pending', 'assigned', 'running')"),
        postgresql_where=text("status IN ('pending', 'assigned', 'running')"),
    ),
    Index("ix_jobs_provider_id_created_at", "provider_id", "created_at"),
)
"""One request for work. `idempotency_key` is a hash of the caller's key and address."""

attempts = Table(
    "attempts",
    metadata,
    Column("job_id", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("provider_id", String(36)),
    Column("state", String(16), nullable=False),
    Column("last_seq", Integer, nullable=False, server_default="0"),
    Column("tokens", Integer, nullable=False, server_default="0"),
    Column("decision", JSON),
    Column("error", Text),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
)
"""One try of a job by one node. `last_seq` is the number of its last stored event."""

job_events = Table(
    "job_events",
    metadata,
    Column("job_id", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("first_id", Integer, primary_key=True),
    Column("last_id", Integer, nullable=False),
    Column("events", LargeBinary, nullable=False),
)
"""Events `first_id … last_id` of a job: JSON `[[event_type, data], …]`; ids have no gaps."""

commands = Table(
    "commands",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("public_key", String(64), nullable=False),
    Column("command", String(32), nullable=False),
    Column("args", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("result", JSON),
    Column("error", Text),
    Column("issued_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("completed_at", BigInteger),
    Index("ix_commands_public_key_status_issued_at", "public_key", "status", "issued_at"),
)
"""An owner's order to a node."""

payments = Table(
    "payments",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("direction", String(8), nullable=False),
    Column("job_id", String(36), ForeignKey("jobs.id", ondelete="SET NULL")),
    Column("provider_id", String(36)),
    Column("client_id", String(36)),
    Column("coin", String(16), nullable=False),
    Column("network", String(32)),
    Column("amount_micros", BigInteger, nullable=False),
    Column("address", Text),
    Column("tx_hash", String(128)),
    Column("invoice_id", String(128)),
    Column("status", String(16), nullable=False),
    Column("provider_gateway", String(32)),
    Column("metadata", JSON),
    Column("created_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    UniqueConstraint("job_id", "direction"),
    Index("ix_payments_provider_id_created_at", "provider_id", "created_at"),
    Index("ix_payments_client_id_created_at", "client_id", "created_at"),
)
"""What is owed or was paid for a job. Unique per job and direction: no job pays twice."""

payouts = Table(
    "payouts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("provider_id", String(36), ForeignKey("nodes.id", ondelete="CASCADE"), nullable=False),
    Column("coin", String(16), nullable=False),
    Column("network", String(32), nullable=False),
    Column("address", Text, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("provider_id", "coin", "network", "address"),
)
"""Where a provider wants to be paid; one of them is the default."""

nonces = Table(
    "nonces",
    metadata,
    Column("public_key", String(64), primary_key=True),
    Column("nonce", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_nonces_expires_at", "expires_at"),
)
"""Envelopes of registered keys seen inside the replay window, so a restart forgets none."""
