"""A SOCKS5 proxy on loopback that notes what it was asked for (RFC 1928, CONNECT, no login)."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator


class SocksProxy:
    """Where it listens, and every destination it was asked to connect to."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, int]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side hangs up."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            _version, count = await reader.readexactly(2)
            await reader.readexactly(count)
            writer.write(b"\x05\x00")
            *_, kind = await reader.readexactly(4)
            host = await _host(reader, kind)
            port = int.from_bytes(await reader.readexactly(2), "big")
            self.asked.append((host, port))
            # Every name is this machine: a test's own name resolves nowhere else.
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"\x05\x00\x00\x01" + bytes(6))
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        writer.close()


async def _host(reader: asyncio.StreamReader, kind: int) -> str:
    if kind == 3:
        return (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
    return socket.inet_ntop(family, await reader.readexactly(size))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def socks_proxy() -> AsyncIterator[SocksProxy]:
    """A running proxy."""
    proxy = SocksProxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"socks5://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await server.wait_closed()
