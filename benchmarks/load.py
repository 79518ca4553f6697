"""The client side of a measurement: raw connections that count tokens, so that they cost little.

Every answer is checked: a stream must bring exactly the tokens that were asked for and `[DONE]`,
a whole answer exactly its text. Times are in seconds on the monotonic clock.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import orjson
from fake_engine import TOKEN

_MARK = orjson.dumps({"content": TOKEN})[1:-1]
_DONE = b"[DONE]"
_CARRY = len(_MARK) - 1
_TIMEOUT_SECONDS = 120.0


class WrongAnswer(Exception):
    """What came back is not what was asked for: the measurement is worth nothing."""


@dataclass(slots=True)
class StreamTimes:
    """When a stream began, spoke and ended."""

    sent_at: float
    first_at: float
    ended_at: float

    @property
    def first_token_seconds(self) -> float:
        """Time to first token."""
        return self.first_at - self.sent_at

    @property
    def total_seconds(self) -> float:
        """From the request to `[DONE]`."""
        return self.ended_at - self.sent_at


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self) -> None:
        self._answered: asyncio.Future[None] | None = None
        self._is_stream = False

    @classmethod
    async def open(cls, url: str) -> "Connection":
        """Connect."""
        parts = urlsplit(url)
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(cls, parts.hostname, parts.port)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to send."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing more will come."""
        self._fail(error or ConnectionResetError("closed in mid-answer"))

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    async def stream(self, model: str, tokens: int) -> StreamTimes:
        """Ask for a stream and read it to its end.

        Raises:
            WrongAnswer: a token too many or too few, or no `[DONE]`.
        """
        self._first_at = 0.0
        self._tokens = 0
        sent_at = time.perf_counter()
        await self._send(model, tokens, is_stream=True)
        if self._tokens != tokens or _DONE not in self._body:
            raise WrongAnswer(f"{self._tokens} tokens instead of {tokens}: {self._body!r}")
        return StreamTimes(sent_at, self._first_at, self._ended_at)

    async def whole(self, model: str, tokens: int) -> None:
        """Ask for a whole answer.

        Raises:
            WrongAnswer: not the text that was asked for.
        """
        await self._send(model, tokens, is_stream=False)
        if orjson.dumps(TOKEN * tokens) not in self._body:
            raise WrongAnswer(self._body[:500].decode(errors="replace"))

    async def _send(self, model: str, tokens: int, *, is_stream: bool) -> None:
        body = orjson.dumps(
            {
                "model": model,
                "messages": [{"role": "user", "content": "say tok"}],
                "stream": is_stream,
                "max_tokens": tokens,
            }
        )
        self._is_stream = is_stream
        self._head: bytes | None = None
        self._received = bytearray()
        self._body = b""
        self._answered = asyncio.get_running_loop().create_future()
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json"
        self._transport.write(head + b"\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            await self._answered

    def data_received(self, data: bytes) -> None:
        """Take apart what came; see the end."""
        self._received += data
        if self._head is None:
            head, end, rest = self._received.partition(b"\r\n\r\n")
            if not end:
                return
            self._head, self._received = head, bytearray(rest)
        if not self._head.startswith(b"HTTP/1.1 200"):
            words = (self._head + b"\n" + self._received).decode(errors="replace")
            self._fail(WrongAnswer(words[-500:]))
        elif length := _content_length(self._head):
            if len(self._received) >= length:
                self._take(bytes(self._received))
                self._finish()
        else:
            self._take_chunks()

    def _take_chunks(self) -> None:
        """Undo HTTP's chunks, wherever a proxy has cut them."""
        received, position = self._received, 0
        parts = []
        is_over = False
        while (line_end := received.find(b"\r\n", position)) >= 0:
            size = int(received[position:line_end], 16)
            start, end = line_end + 2, line_end + 2 + size
            if len(received) < end + 2:
                break
            parts.append(received[start:end])
            position = end + 2
            is_over = not size
        del received[:position]
        if parts:
            self._take(b"".join(parts))
        if is_over:
            self._finish()

    def _take(self, body: bytes) -> None:
        if not self._is_stream:
            self._body += body
            return
        window = self._body + body
        count = window.count(_MARK)
        if count:
            self._tokens += count
            self._first_at = self._first_at or time.perf_counter()
        # A mark that was cut in two is found with the next piece; one that was counted is not kept.
        counted_to = window.rfind(_MARK) + len(_MARK) if count else 0
        self._body = window[max(counted_to, len(window) - _CARRY) :]

    def _fail(self, error: Exception) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_exception(error)

    def _finish(self) -> None:
        self._ended_at = time.perf_counter()
        if self._answered and not self._answered.done():
            self._answered.set_result(None)


def _content_length(head: bytes) -> int | None:
    """The length of a body that is not chunked."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return None
