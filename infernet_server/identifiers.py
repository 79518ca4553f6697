"""Unguessable ids: random UUIDs (RFC 9562, version 4), from randomness fetched in bulk."""

import os
import uuid

_POOL_BYTES = 16 * 256
_pool = bytearray()


def new_id() -> str:
    """A UUID. Asking the system each time costs more than all else that a job's row needs."""
    if not _pool:
        _pool.extend(os.urandom(_POOL_BYTES))
    drawn = bytes(_pool[-16:])
    del _pool[-16:]
    return str(uuid.UUID(bytes=drawn, version=4))
