"""Serving NDJSON to strangers: one JSON object a line, bounded in every direction.

Used by the Unix socket and by the P2P port. A line that is not JSON is answered, not punished; a
line that is too long ends the connection, since where the next one starts is unknown.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import orjson

from infernet_protocol.ipc import MAX_LINE_BYTES, failure

log = logging.getLogger(__name__)
WRITE_SECONDS = 10.0
"""How long a peer may take to read an answer."""

Answers = Callable[[object], AsyncGenerator[dict[str, Any], None]]
"""Every answer to one message, which is any JSON value."""


class LineServer:
    """Keeps track of connections, so that closing ends them and their number is bounded."""

    def __init__(
        self, answers: Answers, *, max_connections: int, idle_seconds: float | None = None
    ) -> None:
        self._answers = answers
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; the callback of `asyncio.start_server`."""
        if len(self._connections) >= self._max_connections:
            writer.close()
            return
        task = asyncio.create_task(
            serve_lines(reader, writer, self._answers, idle_seconds=self._idle_seconds)
        )
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def close(self) -> None:
        """Hang up on everybody."""
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)


async def serve_lines(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answers: Answers,
    *,
    idle_seconds: float | None = None,
) -> None:
    """Answer a peer's lines until it hangs up, is silent for too long, or stops reading."""
    try:
        while line := await _line(reader, idle_seconds):
            try:
                message = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                await _write(writer, failure("bad-json", str(error)))
                continue
            async with contextlib.aclosing(answers(message)) as replies:
                async for reply in replies:
                    await _write(writer, reply)
    except ValueError:
        with contextlib.suppress(OSError, TimeoutError):
            await _write(writer, failure("line-too-long", f"at most {MAX_LINE_BYTES} bytes"))
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        pass  # gone, or not worth waiting for
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _line(reader: asyncio.StreamReader, idle_seconds: float | None) -> bytes:
    async with asyncio.timeout(idle_seconds):
        return await reader.readline()


async def _write(writer: asyncio.StreamWriter, message: Mapping[str, Any]) -> None:
    writer.write(orjson.dumps(message) + b"\n")
    async with asyncio.timeout(WRITE_SECONDS):
        await writer.drain()
