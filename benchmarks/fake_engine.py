"""A deterministic OpenAI server that costs almost nothing, so that only what is before it is seen.

`python benchmarks/fake_engine.py` prints its address on the first line and serves until stopped.
Models: `fake-unlimited` writes as fast as it is read, `fake-50` 50 tokens a second. Every answer
has `max_tokens` tokens, each of them `TOKEN` in a write of its own; the first comes at once.
"""

import argparse
import asyncio
import contextlib
from typing import Any, cast

import orjson
import uvloop

TOKEN = " tok"
UNLIMITED = "fake-unlimited"
PACED = "fake-50"
RATES: dict[str, float | None] = {UNLIMITED: None, PACED: 50.0}
"""Tokens a second by model; None is as fast as it goes."""

_SSE_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


def _frame(delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return _data({"choices": [choice]})


def _data(fields: dict[str, Any]) -> bytes:
    head = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 0, "model": "fake"}
    return b"data: %b\n\n" % orjson.dumps(head | fields)


def _http_chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


_TOKEN_CHUNK = _http_chunk(_frame({"content": TOKEN}))


class Connection(asyncio.Protocol):
    """One client, one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._timer: asyncio.Handle | None = None
        self._left = 0
        self._total = 0
        self._rate: float | None = None
        self._next_at = 0.0
        self._is_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass
        self._loop = asyncio.get_running_loop()

    def connection_lost(self, _error: Exception | None) -> None:
        """They went away: stop."""
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Serve a request once it is whole."""
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if len(rest) >= length:
            self._buffer = rest[length:]
            self._serve(head.split(b" ", 2)[1], rest[:length])

    def _serve(self, path: bytes, body: bytes) -> None:
        if path == b"/v1/models":
            models = [{"id": name, "object": "model", "owned_by": "benchmark"} for name in RATES]
            self._reply({"object": "list", "data": models})
        elif path == b"/v1/chat/completions":
            self._chat(orjson.loads(body))
        else:
            self._transport.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")

    def _chat(self, request: dict[str, Any]) -> None:
        self._left = self._total = int(request.get("max_tokens") or 16)
        if not request.get("stream"):
            self._reply(_whole(self._total))
            return
        self._rate = RATES.get(str(request.get("model")))
        self._next_at = self._loop.time()
        self._transport.write(_SSE_HEAD + _http_chunk(_frame({"role": "assistant", "content": ""})))
        self._step()

    def _reply(self, value: Any) -> None:
        body = orjson.dumps(value)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)

    def _step(self) -> None:
        """Write one token and come back for the next; a paused reader stops the clockwork."""
        self._left -= 1
        self._transport.write(_TOKEN_CHUNK)
        if self._rate is not None:
            self._next_at += 1 / self._rate
        if not self._left:
            self._finish()
        elif not self._is_paused:
            self._schedule()

    def _schedule(self) -> None:
        if self._rate is None:
            self._timer = self._loop.call_soon(self._step)
        else:
            self._timer = self._loop.call_at(self._next_at, self._step)

    def _finish(self) -> None:
        self._timer = None
        counts = {"prompt_tokens": 1, "completion_tokens": self._total}
        counts["total_tokens"] = 1 + self._total
        end = _frame({}, "stop") + _data({"choices": [], "usage": counts}) + b"data: [DONE]\n\n"
        self._transport.write(_http_chunk(end) + b"0\r\n\r\n")

    def pause_writing(self) -> None:
        """The reader is slower than we are."""
        self._is_paused = True
        if self._timer:
            self._timer.cancel()

    def resume_writing(self) -> None:
        """The reader caught up."""
        self._is_paused = False
        if self._left:
            self._schedule()


def _whole(tokens: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": TOKEN * tokens}
    usage = {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": 1 + tokens}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    head = {"id": "chatcmpl-fake", "object": "chat.completion", "created": 0, "model": "fake"}
    return head | {"choices": [choice], "usage": usage}


async def main() -> None:
    """Serve on a free loopback port (or `--port`)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", options.port, backlog=512)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(main())
