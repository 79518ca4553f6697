"""Looks whether a public TCP port can be reached from here, for operators behind routers.

Anyone may ask, so this must not become a way into our own network: the name is resolved once, every
answer must be a public address, and the connection goes to the address that was checked. What went
wrong is never told apart.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from infernet_server.errors import InvalidRequest

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

CONNECT_SECONDS = 4.0
MIN_PORT = 1024
MAX_HOST_CHARS = 253
MAX_ADDRESSES = 4
"""Addresses of one name that are tried."""

_REFUSED_V4 = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",  # IETF protocol assignments
        "192.88.99.0/24",  # 6to4 relays
    )
)
_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.ip_network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them: carries an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries an IPv4 address
        "3fff::/20",  # documentation
    )
)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe found."""

    is_reachable: bool
    elapsed_ms: int


def is_public(address: Address) -> bool:
    """Whether an address is out on the internet, and is no other address in disguise."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    # Everything that embeds an IPv4 address outside 2000::/3 (mapped, compatible, NAT64) is out.
    return address in _PUBLIC_V6 and not any(address in network for network in _REFUSED_V6)


async def resolve_with_system(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as the operating system sees them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class Prober:
    """Connects to public addresses and hangs up."""

    def __init__(
        self,
        resolve: Resolve = resolve_with_system,
        is_allowed: Callable[[Address], bool] = is_public,
        timeout_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self._resolve = resolve
        self._is_allowed = is_allowed
        self._timeout_seconds = timeout_seconds

    async def probe(self, host: str, port: int) -> ProbeResult:
        """Try to connect to `host`:`port`.

        Raises:
            InvalidRequest: not a public address, or not a port that may be asked for.
        """
        if not MIN_PORT <= port <= 65535:
            raise InvalidRequest("port must be in [1024, 65535]")
        started = time.monotonic()
        addresses = await self._checked_addresses(host, port)
        is_reachable = await self._can_connect(addresses, port)
        return ProbeResult(is_reachable, round((time.monotonic() - started) * 1000))

    async def _checked_addresses(self, host: str, port: int) -> list[Address]:
        refused = InvalidRequest("host required and must be a public address")
        if not 0 < len(host) <= MAX_HOST_CHARS:
            raise refused
        try:
            async with asyncio.timeout(self._timeout_seconds):
                found = await self._resolve(host, port)
            addresses = [ipaddress.ip_address(text) for text in found]
        except (OSError, ValueError):  # no such name, or not a name at all
            raise refused from None
        # One private answer among public ones is an attack, not an accident.
        if not addresses or not all(self._is_allowed(address) for address in addresses):
            raise refused
        return list(dict.fromkeys(addresses))[:MAX_ADDRESSES]

    async def _can_connect(self, addresses: Sequence[Address], port: int) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_seconds):
                for address in addresses:
                    if await _connects(address, port):
                        return True
        return False


async def _connects(address: Address, port: int) -> bool:
    """Connect to a literal address, so that nothing is resolved again."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(connection, (str(address), port))
        except OSError:
            return False
        return True
