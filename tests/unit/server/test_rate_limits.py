"""Limits by address: windows, buckets, bounded memory, open streams."""

import contextlib
from collections.abc import Callable

import pytest

from infernet_server.errors import RateLimited
from infernet_server.services import rate_limits
from infernet_server.services.rate_limits import RateLimits
from infernet_server.settings import Settings
from infernet_server.timestamps import iso_millis
from tests.support.providers import NOW, Clock

HERE = "203.0.113.9"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> RateLimits:
    return RateLimits(Settings(_env_file=None, streams_per_address=2), clock)


def allowed(count: Callable[[str], None], address: str, requests: int) -> int:
    """How many of so many requests pass."""
    passed = 0
    for _ in range(requests):
        with contextlib.suppress(RateLimited):
            count(address)
            passed += 1
    return passed


def test_twenty_chats_an_hour_pass_and_the_next_says_when(limits: RateLimits) -> None:
    assert allowed(limits.chat, HERE, 50) == 20
    with pytest.raises(RateLimited) as refused:
        limits.chat(HERE)
    assert refused.value.message == "Rate limit exceeded — try again later"
    assert refused.value.detail == {"resetAt": iso_millis(NOW + 3600)}
    assert refused.value.headers == {"Retry-After": "3600"}
    assert refused.value.status == 429


def test_the_window_begins_with_the_first_request_and_ends_an_hour_later(
    limits: RateLimits, clock: Clock
) -> None:
    limits.chat(HERE)
    clock.now += 3599
    assert allowed(limits.chat, HERE, 50) == 19
    clock.now += 1
    assert allowed(limits.chat, HERE, 50) == 20


def test_kinds_and_addresses_have_their_own_buckets(limits: RateLimits) -> None:
    assert allowed(limits.chat, HERE, 50) == 20
    assert allowed(limits.openai, HERE, 50) == 20
    assert allowed(limits.probe, HERE, 50) == 10
    assert allowed(limits.chat, "203.0.113.10", 50) == 20


def test_probes_are_counted_by_the_minute(limits: RateLimits, clock: Clock) -> None:
    assert allowed(limits.probe, HERE, 50) == 10
    clock.now += 60
    assert allowed(limits.probe, HERE, 50) == 10


def test_an_ipv6_client_is_its_whole_network(limits: RateLimits) -> None:
    passed = sum(allowed(limits.chat, f"2001:db8:1:2::{n:x}", 1) for n in range(100))
    assert passed == 20
    assert allowed(limits.chat, "2001:db8:1:3::1", 1) == 1


def test_memory_is_bounded_and_the_oldest_window_goes_first(
    limits: RateLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "MAX_ADDRESSES", 100)
    allowed(limits.chat, HERE, 20)
    for number in range(99):
        allowed(limits.chat, f"198.51.100.{number}", 20)
    assert allowed(limits.chat, HERE, 1) == 0
    limits.chat("192.0.2.1")
    assert allowed(limits.chat, HERE, 1) == 1
    assert allowed(limits.chat, "198.51.100.98", 1) == 0


def test_a_clock_set_back_locks_nobody_out(limits: RateLimits, clock: Clock) -> None:
    clock.now += 5 * 24 * 3600
    assert allowed(limits.chat, HERE, 20) == 20
    clock.now = NOW
    assert allowed(limits.chat, HERE, 1) == 1


def test_limits_can_be_switched_off(clock: Clock) -> None:
    off = RateLimits(Settings(_env_file=None, rate_limits=False), clock)
    assert allowed(off.chat, HERE, 1000) == 1000
    with contextlib.ExitStack() as held:
        for _ in range(1000):
            held.enter_context(off.stream(HERE))


def test_an_address_holds_so_many_streams_at_a_time(limits: RateLimits) -> None:
    with limits.stream(HERE):
        with limits.stream(HERE):
            with pytest.raises(RateLimited), limits.stream(HERE):
                pass
            with limits.stream("203.0.113.10"):
                pass
        with limits.stream(HERE):
            pass
