"""Asking another node's P2P port whether it is there (`wire.md` §7)."""

import asyncio
import contextlib
import ipaddress
import re
import time
from dataclasses import dataclass

import orjson

from infernet_protocol.ipc import MAX_LINE_BYTES
from infernet_tui.errors import InfernetError, TimedOut, UsageError

PING_SECONDS = 5.0
_NAME_KINDS = ("dns", "dns4", "dns6")
_PORT = re.compile("[0-9]{1,5}")


class PeerUnreachable(InfernetError):
    """The other node cannot be reached."""

    code = "peer_unreachable"
    retryable = True


@dataclass(frozen=True, slots=True)
class Pong:
    """A peer's answer."""

    node_id: str | None
    round_trip_ms: int


async def ping(multiaddr: str, proxy: str | None = None) -> Pong:
    """Connect, ask once, hang up.

    Raises:
        UsageError: that is not an address this understands.
        TimedOut: nothing came in time.
        PeerUnreachable: it cannot be connected to, or is no node.
    """
    host, port = parse(multiaddr)
    try:
        async with asyncio.timeout(PING_SECONDS):
            reader, writer = await _connect(host, port, proxy)
            try:
                began = time.monotonic()
                writer.write(b'{"cmd":"ping"}\n')
                await writer.drain()
                line = await reader.readline()
                elapsed = time.monotonic() - began
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError:
        raise TimedOut(f"{multiaddr} did not answer within {PING_SECONDS:g} s.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise PeerUnreachable(f"{multiaddr} cannot be reached: {why}.") from None
    return Pong(_node_id(line, multiaddr), round(elapsed * 1000))


def parse(multiaddr: str) -> tuple[str, int]:
    """Host and port of `/ip4/203.0.113.7/tcp/46337` and its like.

    Raises:
        UsageError: it is something else.
    """
    parts = multiaddr.split("/")
    if len(parts) == 5 and parts[0] == "" and parts[3] == "tcp" and _PORT.fullmatch(parts[4]):
        kind, host, port = parts[1], parts[2], int(parts[4])
        if 0 < port < 65536 and host and (kind in _NAME_KINDS or _is_address(kind, host)):
            return host, port
    raise UsageError(f"{multiaddr[:128]!r} is not an address like /ip4/203.0.113.7/tcp/46337.")


def require_public(multiaddr: str) -> None:
    """Let no list of strangers make this node knock on the doors of its own network.

    Raises:
        UsageError: the address is of this machine or of a private network.
    """
    host, _port = parse(multiaddr)
    if not _is_public(host):
        raise UsageError(
            f"{host[:64]} is an address of a private network or of this machine.",
            hint="if you mean it: infernet peers ping ADDRESS",
        )


def _is_public(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.rstrip(".").lower() != "localhost" and "." in host.rstrip(".")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_global and not mapped.is_multicast)


def _is_address(kind: str, host: str) -> bool:
    with contextlib.suppress(ValueError):
        return kind == f"ip{ipaddress.ip_address(host).version}"
    return False


async def _connect(
    host: str, port: int, proxy: str | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if proxy is None:
        return await asyncio.open_connection(host, port, limit=MAX_LINE_BYTES)
    from python_socks import ProxyError
    from python_socks.async_.asyncio import Proxy

    try:
        # The proxy looks names up: what goes through Tor must not ask the local resolver.
        connected = await Proxy.from_url(proxy, rdns=True).connect(host, port)
    except ProxyError as error:
        raise OSError(f"the proxy refused: {error}") from None
    return await asyncio.open_connection(sock=connected, limit=MAX_LINE_BYTES)


def _node_id(line: bytes, multiaddr: str) -> str | None:
    try:
        answer = orjson.loads(line)
    except orjson.JSONDecodeError:
        answer = None
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or "pong" not in data:
        raise PeerUnreachable(f"{multiaddr} answers, but not like an Infernet node.")
    node_id = data.get("node_id")
    return node_id if isinstance(node_id, str) else None
