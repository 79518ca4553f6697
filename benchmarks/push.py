"""How long from a submit until the job is in the node's hands, idle and with 1,000 jobs waiting.

Client and node live in this process, so one clock times both ends: from the first byte of the
request to the `job` message being read. `python benchmarks/push.py [--rounds 3]` prints JSON.
The peer is the same path without anything of ours in between: a bare ASGI application that passes
each request on to a WebSocket (`bare_push.py`), nothing matched and nothing stored.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import uvloop
from network import control_plane
from processes import uvicorn
from scripted_node import Message, ScriptedNode, scripted_node
from websockets.asyncio.client import connect

from infernet_protocol import endpoints

SUBMITS = 200
WAITING = 1_000
FREE, BUSY = "fake-free", "fake-busy"
_JSON = "content-type: application/json\r\ncontent-length: %d\r\n\r\n"

Figures = dict[str, float]


class Client:
    """One keep-alive connection that submits jobs."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> "Client":
        """Connect."""
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    async def submit(self, model: str) -> None:
        """Submit one chat; returns when it is answered.

        Raises:
            SystemExit: it was refused.
        """
        messages = [{"role": "user", "content": "say tok"}]
        body = orjson.dumps({"modelName": model, "messages": messages, "maxTokens": 1})
        head = f"POST {endpoints.CHAT} HTTP/1.1\r\nhost: x\r\n{_JSON % len(body)}"
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in answer.partition(b"\r\n")[0]:
            raise SystemExit(f"a job was refused: {answer!r}")
        fields = dict(line.lower().split(b": ", 1) for line in answer.split(b"\r\n")[1:-2])
        await self._reader.readexactly(int(fields[b"content-length"]))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


class Arrivals:
    """When jobs reached the node."""

    def __init__(self) -> None:
        self.at: asyncio.Queue[float] = asyncio.Queue()
        self.node: ScriptedNode | None = None
        self._answers: set[asyncio.Task[None]] = set()

    def __call__(self, offer: Message) -> None:
        """Note the time, then answer so that the node is free again."""
        self.at.put_nowait(time.perf_counter())
        assert self.node is not None
        answer = asyncio.create_task(self.node.answer(offer, 1))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)


async def pushes(client: Client, model: str, arrivals: "asyncio.Queue[float]") -> Figures:
    """Submit one job at a time and see when it arrives."""
    seconds = []
    for _ in range(SUBMITS):
        started_at = time.perf_counter()
        submitting = asyncio.create_task(client.submit(model))
        seconds.append(await arrivals.get() - started_at)
        await submitting
        await asyncio.sleep(0.005)  # idle: the last job's bookkeeping is over
    seconds.sort()
    return {
        "p50_ms": round(1000 * statistics.median(seconds), 3),
        "p95_ms": round(1000 * seconds[int(SUBMITS * 0.95)], 3),
    }


async def ours(url: str) -> dict[str, Figures]:
    """Idle first, then with 1,000 jobs that wait for another, busy node."""
    arrivals = Arrivals()
    async with AsyncExitStack() as stack:
        free = await stack.enter_async_context(scripted_node(url, FREE, on_job=arrivals))
        arrivals.node = free
        busy = await stack.enter_async_context(
            scripted_node(url, BUSY, capacity=1, on_job=lambda _offer: None)
        )
        running = [asyncio.create_task(node.run()) for node in (free, busy)]
        client = await Client.open(url)
        idle = await pushes(client, FREE, arrivals.at)
        for _ in range(1 + WAITING):  # the first one keeps the node busy
            await client.submit(BUSY)
        waiting = await pushes(client, FREE, arrivals.at)
        client.close()
        for task in running:
            task.cancel()
    return {"idle": idle, f"{WAITING}_waiting": waiting}


async def bare(url: str) -> Figures:
    """The peer."""
    arrivals: asyncio.Queue[float] = asyncio.Queue()
    async with connect(url.replace("http", "ws", 1) + "/node", compression=None) as socket:

        async def take() -> None:
            async for _ in socket:
                arrivals.put_nowait(time.perf_counter())

        taking = asyncio.create_task(take())
        client = await Client.open(url)
        figures = await pushes(client, FREE, arrivals)
        client.close()
        taking.cancel()
    return figures


async def one_round(folder: Path) -> dict[str, Figures]:
    """A fresh control plane, then the peer."""
    with control_plane(folder) as url:
        figures = await ours(url)
    with uvicorn("bare_push:app", folder, env={}, ready_path="/health") as url:
        return figures | {"bare_push": await bare(url)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rounds = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(uvloop.run(one_round(Path(folder))))
    figures = {
        row: {name: statistics.median(r[row][name] for r in rounds) for name in rounds[0][row]}
        for row in rounds[0]
    }
    document = {"cores": os.cpu_count(), "rounds": options.rounds, "figures": figures}
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
