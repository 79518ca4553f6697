"""Whose request it is: only configured proxies may say so."""

import pytest

from infernet_server.services.client_address import UNKNOWN, client_address

PROXIES = ("10.0.0.0/8", "2001:db8::1")


def address(peer: str | None, *forwarded: str, trusted: tuple[str, ...] = PROXIES) -> str:
    headers = [(b"x-forwarded-for", ", ".join(forwarded).encode())] if forwarded else []
    client = (peer, 1234) if peer else None
    return client_address({"type": "http", "client": client, "headers": headers}, trusted)


def test_without_trusted_proxies_the_header_means_nothing() -> None:
    found = {address("203.0.113.9", f"198.51.100.{n % 256}", trusted=()) for n in range(1000)}
    assert found == {"203.0.113.9"}


def test_a_client_that_connects_directly_cannot_claim_another_address() -> None:
    assert address("203.0.113.9", "198.51.100.1") == "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        (["1.1.1.1", "198.51.100.1", "10.2.2.2"], "198.51.100.1"),
        (["10.9.9.9"], "10.9.9.9"),
        (["198.51.100.1:5678"], "198.51.100.1"),
        (["[2001:db8::77]:443"], "2001:db8::77"),
        (["::ffff:198.51.100.1"], "198.51.100.1"),
        (["198.51.100.1", "nonsense"], "10.0.0.1"),
        (["198.51.100.1", ""], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
def test_behind_a_proxy_the_rightmost_untrusted_hop_is_the_client(
    forwarded: list[str], expected: str
) -> None:
    assert address("10.0.0.1", *forwarded) == expected


def test_what_the_client_wrote_itself_does_not_change_its_bucket() -> None:
    found = {address("10.0.0.1", f"192.0.2.{n % 256}", "203.0.113.9") for n in range(1000)}
    assert found == {"203.0.113.9"}


def test_an_ipv6_proxy_is_recognised() -> None:
    assert address("2001:db8::1", "198.51.100.1") == "198.51.100.1"


def test_a_caller_without_an_address_has_a_name_anyway() -> None:
    assert address(None, "198.51.100.1") == UNKNOWN
    assert address("/run/socket", "198.51.100.1") == UNKNOWN
