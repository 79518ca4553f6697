"""What our two hops cost a token: client → control plane → node → engine, beside its peers.

`python benchmarks/relay.py [--rounds 3] [--litellm-python /path/to/python]` starts everything it
needs on loopback, measures each target in turn in every round, and prints one JSON document:
medians over the rounds, by row and target, and our ratio to each peer.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import uvloop
from fake_engine import PACED, RATES, UNLIMITED
from load import Connection
from network import control_plane, node
from peers import litellm, nginx
from processes import fake_engine, uvicorn

STREAMS = 64
CLIENTS = 16
IDLE_REQUESTS = 200
PACED_TOKENS = 100
UNLIMITED_TOKENS = 4000
WHOLE_SECONDS = 3.0

Figures = dict[str, float]
Measure = Callable[[str], Awaitable[Figures]]


async def idle(url: str) -> Figures:
    """Time to first token, one stream at a time on a warm connection."""
    connection = await Connection.open(url)
    seconds = []
    for _ in range(IDLE_REQUESTS):
        times = await connection.stream(UNLIMITED, 4)
        seconds.append(times.first_token_seconds)
        await asyncio.sleep(0.003)  # idle means that the last request's bookkeeping is over
    connection.close()
    seconds = sorted(seconds[IDLE_REQUESTS // 10 :])
    return {
        "ttft_p50_ms": 1000 * statistics.median(seconds),
        "ttft_p95_ms": 1000 * seconds[int(len(seconds) * 0.95)],
    }


async def paced(url: str) -> Figures:
    """64 streams at once, each 50 tokens a second at its source."""
    connections = await asyncio.gather(*(Connection.open(url) for _ in range(STREAMS)))
    streams = await asyncio.gather(*(c.stream(PACED, PACED_TOKENS) for c in connections))
    for connection in connections:
        connection.close()
    rate = RATES[PACED]
    assert rate is not None
    ideal_seconds = (PACED_TOKENS - 1) / rate
    return {
        "ttft_p50_ms": 1000 * statistics.median(s.first_token_seconds for s in streams),
        "slowest_over_ideal": max(s.total_seconds for s in streams) / ideal_seconds,
    }


async def unlimited(url: str) -> Figures:
    """64 streams as fast as they go."""
    connections = await asyncio.gather(*(Connection.open(url) for _ in range(STREAMS)))
    started_at = time.perf_counter()
    await asyncio.gather(*(c.stream(UNLIMITED, UNLIMITED_TOKENS) for c in connections))
    elapsed = time.perf_counter() - started_at
    for connection in connections:
        connection.close()
    return {"tokens_per_second": STREAMS * UNLIMITED_TOKENS / elapsed}


async def whole(url: str) -> Figures:
    """Answers a second without streaming, 16 clients."""
    deadline = time.perf_counter() + WHOLE_SECONDS

    async def client() -> int:
        connection = await Connection.open(url)
        answered = 0
        while time.perf_counter() < deadline:
            await connection.whole(UNLIMITED, 16)
            answered += 1
        connection.close()
        return answered

    started_at = time.perf_counter()
    answered = sum(await asyncio.gather(*(client() for _ in range(CLIENTS))))
    return {"requests_per_second": answered / (time.perf_counter() - started_at)}


ROWS: dict[str, Measure] = {
    "idle": idle,
    "64_streams_at_50_tokens_per_second": paced,
    "64_streams_unlimited": unlimited,
    "whole_answers_16_clients": whole,
}


@contextlib.contextmanager
def targets(folder: Path, litellm_python: str | None) -> Iterator[dict[str, str]]:
    """Everything that is measured, by name: its address."""
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(fake_engine(folder))
        plane = stack.enter_context(control_plane(folder))
        stack.enter_context(node(folder, plane, engine, UNLIMITED))
        found = {"direct": engine, "infernet": plane}
        peer = uvicorn("passthrough:app", folder, env={"ENGINE_URL": engine}, ready_path="/health")
        found["fastapi_httpx"] = stack.enter_context(peer)
        peers = {
            "nginx": nginx(folder, engine),
            "litellm": litellm(folder, engine, litellm_python),
        }
        for name, start in peers.items():
            if (url := stack.enter_context(start)) is not None:
                found[name] = url
        yield found


async def measure(urls: dict[str, str], rows: list[str], rounds: int) -> dict[str, object]:
    """Medians of every row for every target, and the ratio of ours to each other one."""
    results: dict[str, object] = {}
    for row in rows:
        figures: dict[str, list[Figures]] = {name: [] for name in urls}
        for _ in range(rounds):
            for name, url in urls.items():
                figures[name].append(await ROWS[row](url))
        medians = {name: _medians(several) for name, several in figures.items()}
        results[row] = {"figures": medians, "infernet_over": _ratios(medians)}
    return results


def _medians(several: list[Figures]) -> Figures:
    return {
        name: round(statistics.median(figures[name] for figures in several), 3)
        for name in several[0]
    }


def _ratios(medians: dict[str, Figures]) -> dict[str, Figures]:
    ours = medians["infernet"]
    return {
        peer: {name: round(ours[name] / value, 3) for name, value in figures.items()}
        for peer, figures in medians.items()
        if peer != "infernet"
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", nargs="*", choices=ROWS, default=list(ROWS))
    parser.add_argument("--litellm-python", help="an interpreter that can import litellm")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        targets(Path(folder), options.litellm_python) as urls,
    ):
        results = uvloop.run(measure(urls, options.rows, options.rounds))
    print(
        json.dumps({"cores": os.cpu_count(), "rounds": options.rounds, "rows": results}, indent=1)
    )


if __name__ == "__main__":
    main()
