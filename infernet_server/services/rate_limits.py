"""How much one address may ask for: requests in a window, and streams at a time.

An IPv6 client is its /64: it owns all of it. Memory is bounded; when the table is full, the window
that began first is given up.
"""

import contextlib
import ipaddress
import math
from collections.abc import Callable, Iterator

from infernet_server.errors import RateLimited
from infernet_server.settings import Settings
from infernet_server.timestamps import iso_millis

HOUR_SECONDS = 3600.0
MINUTE_SECONDS = 60.0
MAX_ADDRESSES = 50_000
"""Addresses remembered for each kind of request."""
MESSAGE = "Rate limit exceeded — try again later"


class RateLimits:
    """The limits of one process. Each kind of request has its own bucket."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._is_on = settings.rate_limits
        self._clock = clock
        self._chat = FixedWindow(settings.chat_per_hour, HOUR_SECONDS)
        self._openai = FixedWindow(settings.openai_per_hour, HOUR_SECONDS)
        self._probe = FixedWindow(settings.probe_per_minute, MINUTE_SECONDS)
        self._new_nodes = FixedWindow(settings.new_nodes_per_hour, HOUR_SECONDS)
        self._streams_each = settings.streams_per_address
        self._streams: dict[str, int] = {}

    def chat(self, address: str) -> None:
        """Count a request that submits a job.

        Raises:
            RateLimited: the address used up its hour.
        """
        self._count(self._chat, address, MESSAGE)

    def openai(self, address: str) -> None:
        """Count a request to the OpenAI-compatible API.

        Raises:
            RateLimited: the address used up its hour.
        """
        self._count(self._openai, address, MESSAGE)

    def probe(self, address: str) -> None:
        """Count a request to probe a host.

        Raises:
            RateLimited: the address used up its minute.
        """
        self._count(self._probe, address, "rate limited")

    def new_node(self, address: str) -> None:
        """Count a key that registers for the first time.

        Raises:
            RateLimited: the address brought as many as it may this hour.
        """
        self._count(self._new_nodes, address, "too many new nodes from this address")

    def _count(self, window: "FixedWindow", address: str, message: str) -> None:
        if not self._is_on:
            return
        now = self._clock()
        resets_at = window.count(_bucket(address), now)
        if resets_at is not None:
            wait_seconds = max(1, math.ceil(resets_at - now))
            raise RateLimited(
                message,
                hint=f"try again in {wait_seconds} s",
                detail={"resetAt": iso_millis(resets_at)},
                headers={"Retry-After": str(wait_seconds)},
            )

    @contextlib.contextmanager
    def stream(self, address: str) -> Iterator[None]:
        """Hold one of the address's open streams.

        Raises:
            RateLimited: it holds as many as it may.
        """
        bucket = _bucket(address)
        held = self._streams.get(bucket, 0)
        if self._is_on and held >= self._streams_each:
            raise RateLimited(
                "too many open streams from this address",
                hint="close one, then try again",
                headers={"Retry-After": "1"},
            )
        self._streams[bucket] = held + 1
        try:
            yield
        finally:
            self._streams[bucket] -= 1
            if not self._streams[bucket]:
                del self._streams[bucket]


class FixedWindow:
    """Counts requests by address in windows that begin with an address's first request."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        # All windows are equally long, so the order of insertion is the order in which they end.
        self._windows: dict[str, tuple[float, int]] = {}

    def count(self, bucket: str, now: float) -> float | None:
        """Count one request; when the limit is passed, the time at which the window ends."""
        self._forget_ended(now)
        ends_at, used = self._windows.get(bucket, (now + self._seconds, 0))
        if used >= self._limit:
            return ends_at
        self._windows[bucket] = (ends_at, used + 1)
        if len(self._windows) > MAX_ADDRESSES:
            del self._windows[next(iter(self._windows))]
        return None

    def _forget_ended(self, now: float) -> None:
        windows = self._windows
        while windows:
            oldest = next(iter(windows))
            ends_at = windows[oldest][0]
            # A window that ends too far away was begun before the clock was set back.
            if now < ends_at <= now + self._seconds:
                return
            del windows[oldest]


def _bucket(address: str) -> str:
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
