"""Stable codes for what can go wrong, shared by HTTP bodies, channel messages and `--json`."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Machine name of a failure. Names are only ever added."""

    INVALID_REQUEST = "invalid_request"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    NO_PROVIDER = "no_provider"
    """Nobody live serves what was asked for."""
    PROVIDER_LOST = "provider_lost"
    """The node went away after part of the answer was delivered."""
    ENGINE_FAILED = "engine_failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    STORAGE_FULL = "storage_full"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
