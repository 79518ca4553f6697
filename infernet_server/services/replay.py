"""Remembers signed requests so that none is served twice.

A nonce belongs to its key: one key's traffic never pushes out another's. Those of registered keys
are kept for twice the window, also across a restart. Keys nobody registered share a small space of
their own, where the oldest make room: they have nothing that a replay could harm.
"""

import heapq
from collections import OrderedDict
from collections.abc import Iterable

from infernet_protocol.envelope import REPLAY_WINDOW_SECONDS, EnvelopeError

KEEP_SECONDS = 2 * REPLAY_WINDOW_SECONDS
MAX_STRANGERS = 10_000


class ReplayGuard:
    """Nonces seen by this process."""

    def __init__(self) -> None:
        self._registered: dict[str, dict[str, float]] = {}
        self._expiries: list[tuple[float, str, str]] = []
        self._strangers: OrderedDict[tuple[str, str], None] = OrderedDict()

    def restore(self, seen: Iterable[tuple[str, str, float]]) -> None:
        """Take back what was stored before a restart: (public key, nonce, expiry in s)."""
        for public_key, nonce, expires_at in seen:
            self._keep(public_key, nonce, expires_at)

    def check(self, public_key: str, nonce: str, now: float, *, is_registered: bool) -> None:
        """Note one request whose signature was verified.

        Raises:
            EnvelopeError: this request was served before.
        """
        self._expire(now)
        if nonce in self._registered.get(public_key, ()) or (public_key, nonce) in self._strangers:
            raise EnvelopeError("nonce already used")
        if is_registered:
            self._keep(public_key, nonce, now + KEEP_SECONDS)
            return
        self._strangers[public_key, nonce] = None
        if len(self._strangers) > MAX_STRANGERS:
            self._strangers.popitem(last=False)

    def _keep(self, public_key: str, nonce: str, expires_at: float) -> None:
        self._registered.setdefault(public_key, {})[nonce] = expires_at
        heapq.heappush(self._expiries, (expires_at, public_key, nonce))

    def _expire(self, now: float) -> None:
        while self._expiries and self._expiries[0][0] <= now:
            _, public_key, nonce = heapq.heappop(self._expiries)
            nonces = self._registered[public_key]
            nonces.pop(nonce, None)
            if not nonces:
                del self._registered[public_key]
