"""Whose request it is: X-Forwarded-For counts only as far as trusted proxies wrote it."""

import functools
import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from starlette.types import Scope

from infernet_server.wire import header

UNKNOWN = "unknown"
"""Callers without an address, such as a Unix socket's, share one name."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def client_address(scope: Scope, trusted_proxies: tuple[str, ...]) -> str:
    """The address that limits count against.

    The header is read from the right, where our own proxies wrote: the first hop that is not one of
    them is the client. Anything further left is what that client claims.

    Raises:
        ValueError: a trusted proxy is neither an address nor a network.
    """
    client = scope.get("client")
    address = _parsed(client[0]) if client else None
    if address is None:
        return UNKNOWN
    trusted = _networks(trusted_proxies)
    hops = (header(scope, b"x-forwarded-for") or b"").decode("latin-1").split(",")
    while hops and _is_within(address, trusted):
        hop = _parsed(hops.pop())
        if hop is None:
            break  # nothing to the left of an unreadable hop can be trusted
        address = hop
    return str(address)


@functools.cache
def _networks(trusted_proxies: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(proxy, strict=False) for proxy in trusted_proxies)


def _is_within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


def _parsed(text: str) -> Address | None:
    """An address, with or without a port; an IPv4 one in IPv6 clothes becomes IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
