"""Serving NDJSON to strangers: one JSON object a line, bounded in every direction.

Used by the Unix socket and by the P2P port. A line that is not JSON is answered, not punished; a
line that is too long ends the connection, since where the next one starts is unknown. A peer whose
input has ended gets its answer; a stream that goes on after the first answer is closed then, also
while it waits for something to say.
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
LOOK_SECONDS = 0.25
"""How often it is looked whether a peer that sends ahead is still there."""

Answers = Callable[[object], AsyncGenerator[dict[str, Any], None]]
"""Every answer to one message, which is any JSON value."""
IsStream = Callable[[object], bool]
"""Whether a message asks for a stream; the connection ends with it, so that the peer knows."""


class LineServer:
    """Keeps track of connections, so that closing ends them and their number is bounded."""

    def __init__(
        self,
        answers: Answers,
        *,
        max_connections: int,
        max_line_bytes: int = MAX_LINE_BYTES,
        idle_seconds: float | None = None,
        is_stream: IsStream = lambda _message: False,
    ) -> None:
        self._answers = answers
        self._is_stream = is_stream
        self._max_connections = max_connections
        self._max_line_bytes = max_line_bytes
        self._idle_seconds = idle_seconds
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; the callback of `asyncio.start_server`."""
        if len(self._connections) >= self._max_connections:
            writer.close()
            return
        connection = _Connection(reader, writer, self._answers, self._is_stream)
        task = asyncio.create_task(connection.serve(self._max_line_bytes, self._idle_seconds))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def close(self) -> None:
        """Hang up on everybody."""
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)


class _Connection:
    """One peer. While it is answered, its next line is read already: that is how one knows that it
    has gone.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answers: Answers,
        is_stream: IsStream,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._answers = answers
        self._is_stream = is_stream
        self._is_over = False
        self._next_line: asyncio.Task[bytes]

    async def serve(self, max_line_bytes: int, idle_seconds: float | None) -> None:
        """Answer lines until the peer hangs up, is silent for too long, or stops reading."""
        self._next_line = asyncio.create_task(self._reader.readline())
        try:
            while not self._is_over and (line := await self._line(idle_seconds)):
                self._next_line = asyncio.create_task(self._reader.readline())
                await self._answer_while_there(line)
        except ValueError:
            with contextlib.suppress(OSError, TimeoutError):
                await self._write(failure("line-too-long", f"at most {max_line_bytes} bytes"))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # gone, or not worth waiting for
        finally:
            await _ended(self._next_line)
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def _line(self, idle_seconds: float | None) -> bytes:
        async with asyncio.timeout(idle_seconds):
            return await self._next_line

    async def _answer_while_there(self, line: bytes) -> None:
        has_answered = asyncio.Event()
        answering = asyncio.create_task(self._answer(line, has_answered))
        leaving = asyncio.create_task(self._left(has_answered))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        finally:
            await _ended(answering, leaving)

    async def _left(self, has_answered: asyncio.Event) -> None:
        """Return once the peer has hung up and has its first answer."""
        await asyncio.wait({self._next_line})
        if not _is_hangup(self._next_line):
            await self._input_over()  # it has sent more, and may leave all the same
        await has_answered.wait()

    async def _input_over(self) -> None:
        reader = self._reader
        while not reader.at_eof() and reader.exception() is None:  # noqa: ASYNC110 - has no event
            await asyncio.sleep(LOOK_SECONDS)

    async def _answer(self, line: bytes, has_answered: asyncio.Event) -> None:
        try:
            message = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            await self._write(failure("bad-json", str(error)))
            return
        async with contextlib.aclosing(self._answers(message)) as replies:
            async for reply in replies:
                await self._write(reply)
                has_answered.set()
        self._is_over = self._is_stream(message)

    async def _write(self, message: Mapping[str, Any]) -> None:
        self._writer.write(orjson.dumps(message) + b"\n")
        async with asyncio.timeout(WRITE_SECONDS):
            await self._writer.drain()


def _is_hangup(reading: "asyncio.Task[bytes]") -> bool:
    if reading.cancelled():
        return True
    error = reading.exception()
    return isinstance(error, OSError) or (error is None and not reading.result())


async def _ended(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel the tasks and wait until they are gone; what they raised was for somebody else."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
