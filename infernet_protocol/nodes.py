"""Bodies of the signed node tier (`wire.md` §3)."""

from enum import StrEnum
from typing import Any, Literal, NewType

from pydantic import Field

from infernet_protocol.lenient import WireModel

NodeId = NewType("NodeId", str)
"""`<role>-<8 hex>`: the name a node gives itself; unique on a control plane."""
ProviderId = NewType("ProviderId", str)
"""UUID of a provider's row on the control plane."""

MAX_SPECS_BYTES = 64 * 1024
"""Largest `specs` object a heartbeat may carry, as JSON."""


class Role(StrEnum):
    """What a registered key does on the network."""

    PROVIDER = "provider"
    AGGREGATOR = "aggregator"
    CLIENT = "client"


class RegisterRequest(WireModel):
    """`register`: upsert this key's row under `node_id`."""

    node_id: str = Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
    name: str | None = Field(None, max_length=128)
    address: str | None = Field(None, max_length=255)
    port: int | None = Field(None, ge=1, le=65535)
    status: str | None = None
    specs: dict[str, Any] | None = None
    gpu_model: str | None = None
    price: float | None = Field(None, ge=0, lt=1e9, allow_inf_nan=False)


class HeartbeatRequest(WireModel):
    """`heartbeat`: still here; `specs` replaces what is stored, or is left alone when absent."""

    status: str | None = None
    address: str | None = Field(None, max_length=255)
    port: int | None = Field(None, ge=1, le=65535)
    specs: dict[str, Any] | None = None


class CommandVerb(StrEnum):
    """What an owner may ask of a node from afar."""

    MODEL_INSTALL = "model_install"
    MODEL_REMOVE = "model_remove"


class CommandCompleteRequest(WireModel):
    """`commands/{id}/complete`."""

    status: Literal["completed", "failed"]
    result: dict[str, Any] | None = None
    error: str | None = None


class PayoutSetRequest(WireModel):
    """`payouts/set`: where to pay this provider in one coin."""

    coin: str = Field(min_length=1, max_length=16)
    network: str = Field(min_length=1, max_length=32)
    address: str = Field(min_length=1, max_length=2048)


class PayoutRemoveRequest(WireModel):
    """`payouts/remove`: no longer pay this provider in one coin on one network."""

    coin: str = Field(min_length=1, max_length=16)
    network: str = Field(min_length=1, max_length=32)


MAX_EARNINGS_DAYS = 366
"""How far back `earnings` looks, at most."""
