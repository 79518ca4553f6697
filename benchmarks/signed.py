"""Signed heartbeats a second, each stored, beside a bare FastAPI endpoint that only verifies.

`python benchmarks/signed.py [--rounds 3]` prints JSON. Each server has one process; requests are
signed before the clock starts, and come over 32 keep-alive connections from this process.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import uvloop
from network import control_plane
from processes import uvicorn
from scripted_node import sign, signed_post

from infernet_protocol import endpoints, envelope
from infernet_protocol.keys import SecretKey

CONNECTIONS = 32
KEYS = 64
HEARTBEATS = 6_400

BODY = orjson.dumps(
    {
        "role": "provider",
        "status": "available",
        "specs": {"served_models": ["llama3"], "load": {"active_jobs": 1, "concurrency_cap": 4}},
    }
)


def signed_requests(url: str, keys: list[SecretKey]) -> list[bytes]:
    """Whole HTTP requests, every one with a nonce of its own."""
    host = urlsplit(url).netloc
    path = endpoints.HEARTBEAT
    return [
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(BODY)}\r\n"
        f"{envelope.HEADER}: {sign(url, keys[n % KEYS], 'POST', path, BODY)}\r\n\r\n".encode()
        + BODY
        for n in range(HEARTBEATS)
    ]


async def send_all(url: str, requests: list[bytes]) -> float:
    """Requests a second.

    Raises:
        SystemExit: one was not answered with 200.
    """
    parts = urlsplit(url)
    shares = [requests[n::CONNECTIONS] for n in range(CONNECTIONS)]
    streams = await asyncio.gather(
        *(asyncio.open_connection(parts.hostname, parts.port) for _ in shares)
    )

    async def client(
        share: list[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for request in share:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            if b" 200 " not in head.partition(b"\r\n")[0]:
                raise SystemExit(f"refused: {body.decode()}")
        writer.close()

    started_at = time.perf_counter()
    await asyncio.gather(
        *(client(share, *stream) for share, stream in zip(shares, streams, strict=True))
    )
    return len(list(chain(*shares))) / (time.perf_counter() - started_at)


def register(url: str, keys: list[SecretKey]) -> None:
    """Make every key a provider."""
    for key in keys:
        identity = {"role": "provider", "node_id": f"provider-{key.public_hex[:8]}"}
        signed_post(url, key, endpoints.REGISTER, identity)


def one_round(folder: Path) -> dict[str, float]:
    """Ours, then the peer, each alone."""
    keys = [SecretKey.generate() for _ in range(KEYS)]
    with control_plane(folder) as url:
        register(url, keys)
        stored = uvloop.run(send_all(url, signed_requests(url, keys)))
    with uvicorn("bare_verify:app", folder, env={}, ready_path="/health") as url:
        verified = uvloop.run(send_all(url, signed_requests(url, keys)))
    return {"infernet_stored": stored, "fastapi_verify_only": verified}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rounds = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(one_round(Path(folder)))
    figures = {name: round(statistics.median(r[name] for r in rounds)) for name in rounds[0]}
    ratio = figures["infernet_stored"] / figures["fastapi_verify_only"]
    document = {
        "cores": os.cpu_count(),
        "rounds": options.rounds,
        "requests_per_second": figures,
        "infernet_over_peer": round(ratio, 3),
    }
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
