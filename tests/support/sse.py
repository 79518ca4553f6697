"""Reads a job's event stream the way a browser does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson


@dataclass(frozen=True)
class Frame:
    """One server-sent event."""

    kind: str
    data: Any
    id: int | None = None


class Stream:
    """An open stream."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self, *kinds: str) -> Frame:
        """The next frame (of one of these kinds)."""
        async with asyncio.timeout(15):
            async for frame in self:
                if not kinds or frame.kind in kinds:
                    return frame
        raise AssertionError(f"the stream ended before {kinds}")

    async def __aiter__(self) -> AsyncIterator[Frame]:
        fields: dict[str, str] = {}
        async for line in self._lines:
            if line:
                name, _, value = line.partition(": ")
                if name:
                    fields[name] = value
            elif "data" in fields:
                number = fields.get("id")
                yield Frame(
                    fields["event"], orjson.loads(fields["data"]), int(number) if number else None
                )
                fields = {}

    async def rest(self) -> list[Frame]:
        """Every frame until the stream ends."""
        async with asyncio.timeout(15):
            return [frame async for frame in self]


@contextlib.asynccontextmanager
async def open_stream(
    http: httpx.AsyncClient, path: str, *, after: int | None = None
) -> AsyncIterator[Stream]:
    """Follow a job."""
    headers = {"last-event-id": str(after)} if after is not None else {}
    async with http.stream("GET", path, headers=headers, timeout=30) as answer:
        assert answer.status_code == 200, answer.status_code
        yield Stream(answer.aiter_lines())


async def read_stream(http: httpx.AsyncClient, path: str, after: int | None = None) -> list[Frame]:
    """A whole stream."""
    async with open_stream(http, path, after=after) as stream:
        return await stream.rest()


def text_of(frames: list[Frame]) -> str:
    """The answer that the token frames make."""
    return "".join(frame.data["text"] for frame in frames if frame.kind == "token")
