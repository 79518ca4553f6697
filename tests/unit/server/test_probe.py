"""The reachability probe: no way into a private network, and one answer for every failure."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv4Address, IPv6Address

import pytest

from infernet_server.errors import InvalidRequest
from infernet_server.services.probe import Prober, is_public

REFUSED = "host required and must be a public address"


def words(text: str) -> list[str]:
    return text.split()


LOOPBACK_FORMS = words("""
    127.0.0.1 127.0.0.2 127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 017700000001
    0x7f.1 localhost localhost. LOCALHOST 0.0.0.0 0 00 0x0 ::1 [::1] :: ::127.0.0.1
    ::ffff:127.0.0.1 ::ffff:7f00:1 0:0:0:0:0:ffff:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::7f00:1
    64:ff9b:1::7f00:1 2002:7f00:1:: 2001:0:7f00:1:: ::1%lo ①②⑦.⓪.⓪.① 127。0。0。1 127.0.0.1%00
""")
PRIVATE_FORMS = words("""
    10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 2852039166 0xa9fea9fe 100.64.0.1
    100.127.255.254 192.0.0.1 192.0.0.9 192.0.0.170 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1
    203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 fe80::1 fe80::1%1 fc00::1
    fd00::1 fd12:3456::1 fec0::1 ff02::1 ff0e::1 2001:db8::1 2001:10::1 2001:20::1 3fff::1 100::1
    5f00::1 4000::1 2002:a00:1:: ::ffff:10.0.0.1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::
    ::8.8.8.8
""")
NOT_NAMES = ["", " ", "a" * 254, "a\0b", "..", "-", "a b", "http://127.0.0.1", "127.0.0.1:80", "\n"]


class Canary:
    """A port that is open on every loopback address, and who connected to it."""

    def __init__(self) -> None:
        self.port = 0
        self._seen: asyncio.Queue[tuple[str, int]] = asyncio.Queue()

    async def met(self, _reader: object, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        writer.close()
        await self._seen.put((peer[0], peer[1]))

    async def visitors(self) -> int:
        """How many came since the last call. Our own visit shows that all before it were seen."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        own = writer.get_extra_info("sockname")
        count = 0
        while await asyncio.wait_for(self._seen.get(), 10) != own:
            count += 1
        writer.close()
        return count


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    found = Canary()
    server = await asyncio.start_server(found.met, "0.0.0.0", 0)
    found.port = server.sockets[0].getsockname()[1]
    on_v6 = await asyncio.start_server(found.met, "::1", found.port)
    async with server, on_v6:
        yield found


async def system_without_network(host: str, port: int) -> Sequence[str]:
    """What the operating system makes of a host, with no name server."""
    numeric = 0 if host.lower() in {"localhost", "localhost."} else socket.AI_NUMERICHOST
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=numeric)
    return [str(sockaddr[0]) for *_, sockaddr in found]


@pytest.mark.parametrize("host", [*LOOPBACK_FORMS, *PRIVATE_FORMS, *NOT_NAMES])
async def test_no_form_of_a_private_address_is_connected_to(host: str, canary: Canary) -> None:
    with pytest.raises(InvalidRequest, match=REFUSED):
        await Prober(system_without_network).probe(host, canary.port)
    assert await canary.visitors() == 0


async def test_the_canary_would_have_sung(canary: Canary) -> None:
    prober = Prober(system_without_network, is_allowed=lambda _: True)
    for host in ("127.0.0.1", "2130706433", "::1"):
        assert (await prober.probe(host, canary.port)).is_reachable
    assert await canary.visitors() == 3


@pytest.mark.parametrize("port", [-1, 0, 22, 1023, 65536, 10**9])
async def test_ports_of_system_services_are_not_probed(port: int) -> None:
    with pytest.raises(InvalidRequest, match=r"port must be in \[1024, 65535\]"):
        await Prober().probe("1.1.1.1", port)


async def test_a_name_that_answers_differently_the_second_time_gains_nothing(
    canary: Canary,
) -> None:
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    def only_the_first(address: IPv4Address | IPv6Address) -> bool:
        return str(address) == "127.0.0.2"

    prober = Prober(rebinding, only_the_first)
    assert (await prober.probe("rebind.example", canary.port)).is_reachable
    with pytest.raises(InvalidRequest):
        await prober.probe("rebind.example", canary.port)
    assert asked == ["rebind.example"] * 2
    assert await canary.visitors() == 1


async def test_one_private_answer_among_public_ones_refuses_the_name(
    canary: Canary,
) -> None:

    async def mixed(_host: str, _port: int) -> Sequence[str]:
        return ["8.8.8.8", "127.0.0.1"]

    with pytest.raises(InvalidRequest, match=REFUSED):
        await Prober(mixed).probe("mixed.example", canary.port)
    assert await canary.visitors() == 0


async def test_a_refused_and_an_unanswered_connection_look_the_same() -> None:
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = [socket.socket() for _ in range(4)]
    try:
        for one in waiting:  # the backlog is full from here on: connections are not answered
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        prober = Prober(is_allowed=lambda _: True, timeout_seconds=0.2)
        found = [
            await prober.probe("127.0.0.1", port)
            for port in (closed.getsockname()[1], full.getsockname()[1])
        ]
        assert [result.is_reachable for result in found] == [False, False]
    finally:
        for one in (closed, full, *waiting):
            one.close()


@pytest.mark.parametrize("text", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "2a00:1450::1"])
def test_addresses_on_the_internet_are_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len({*LOOPBACK_FORMS, *PRIVATE_FORMS}) >= 60
