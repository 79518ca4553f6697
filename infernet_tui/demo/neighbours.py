"""The other nodes of the demo network: who they are and who answers."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from infernet_tui.demo.catalogue import INSTALLED
from infernet_tui.demo.machine import GPU_MODEL, advertised_interconnects
from infernet_tui.demo.noise import between, bits, hexadecimal, identifier, noise, pick
from infernet_tui.demo.series import GPU_COUNT
from infernet_tui.demo.strangers import Strangers
from infernet_tui.demo.world import CONTROL_PLANE, HEARTBEAT_SECONDS, NODE_NAME, World
from infernet_tui.errors import NotFound, TimedOut
from infernet_tui.node.times import iso_millis

_NAMES = (
    "basement-4090",
    "oslo-h100",
    "kitchen-mac",
    "lab-7",
    "tin-can",
    "north-rack",
    "attic",
    "runpod-a40",
    "hydro-2",
    "campus-gpu",
    "old-miner",
    "garage",
)
_GPUS = (
    ("NVIDIA GeForce RTX 4090", (1, 2, 4)),
    ("NVIDIA GeForce RTX 3090", (1, 2, 6)),
    ("NVIDIA H100 80GB HBM3", (2, 8)),
    ("NVIDIA L40S", (1, 4)),
    ("AMD Instinct MI300X", (8,)),
    ("Apple M3 Max", (1,)),
    (None, (0,)),
)


NOT_LOOKED = "this version does not look there"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One other node."""

    key: int
    pubkey: str
    node_id: str
    provider_id: str
    name: str
    multiaddr: str | None
    models: tuple[str, ...]
    gpu_model: str | None
    gpu_count: int


def neighbours(world: World) -> list[Neighbour]:
    """All of them, without this node."""
    return list(_everyone(world.scenario.peer_count, world.strangers, world.seed))


@lru_cache(maxsize=4)  # a thousand of them take 40 ms, and never change
def _everyone(count: int, strangers: Strangers, seed: int) -> tuple[Neighbour, ...]:
    return tuple(_neighbour(strangers, seed, key) for key in range(1, count))


def _neighbour(strangers: Strangers, seed: int, key: int) -> Neighbour:
    say = strangers.say
    gpu_model, counts = pick(_GPUS, seed, key, 61)
    names = [model.name for model in INSTALLED]
    models = names[bits(seed, key, 62) % 4 :][: 1 + bits(seed, key, 63) % 3]
    prefix = ("203.0.113", "198.51.100", "192.0.2")[key % 3]  # reserved for documentation
    address = f"/ip4/{prefix}.{1 + bits(seed, key, 64) % 254}/tcp/46337"
    return Neighbour(
        key=key,
        pubkey=hexadecimal(64, seed, key, 65),
        node_id=f"provider-{hexadecimal(8, seed, key, 66)}",
        provider_id=identifier(seed, key, 67),
        name=say(f"{pick(_NAMES, seed, key, 68)}-{key}", key),
        multiaddr=say(address, key + 2) if noise(seed, key, 69) < 0.8 else None,
        models=tuple(say(model, key + place) for place, model in enumerate(models)),
        gpu_model=say(gpu_model, key + 4) if gpu_model else None,
        gpu_count=pick(counts, seed, key, 70),
    )


def peers(world: World, payload: dict[str, Any], own_models: list[str]) -> dict[str, Any]:
    """`peers`: this node first, then the most recently seen."""
    limit = min(1000, max(1, int(payload.get("limit") or 100)))
    is_lost = world.lost_at is not None
    rows = [] if is_lost else _seen(world, own_models)[:limit]
    problem = f"cannot reach {CONTROL_PLANE}: connection refused" if is_lost else None
    return {
        "peers": rows,
        "sources": [
            _source("control plane", "failed" if is_lost else "ok", len(rows), problem),
            _source("Nostr", "not_set_up", 0, NOT_LOOKED),
            _source("DHT", "not_set_up", 0, NOT_LOOKED),
        ],
    }


def _source(name: str, state: str, count: int, detail: str | None) -> dict[str, Any]:
    return {"name": name, "state": state, "count": count, "detail": detail}


def _seen(world: World, own_models: list[str]) -> list[dict[str, Any]]:
    now = world.now()
    rows = [_row(world, neighbour, now) for neighbour in neighbours(world)]
    rows.sort(key=lambda row: row["last_seen"], reverse=True)
    return [_own_row(world, own_models, now), *rows]


def _row(world: World, neighbour: Neighbour, now: float) -> dict[str, Any]:
    key, seed = neighbour.key, world.seed
    delay = 0.0 if noise(seed, key, 71) < 0.85 else between(60, 540, seed, key, 72)
    phase = between(0, HEARTBEAT_SECONDS, seed, key, 73)
    return {
        "pubkey": neighbour.pubkey,
        "name": neighbour.name,
        "multiaddr": neighbour.multiaddr,
        "last_seen": iso_millis(now - (now - phase) % HEARTBEAT_SECONDS - delay),
        "served_models": list(neighbour.models),
        "gpu_model": neighbour.gpu_model,
        "gpu_count": neighbour.gpu_count,
        "cpu": {
            "vendor": pick(("amd", "intel", "apple"), seed, key, 74),
            "arch": "x64",
            "cores": pick((8, 16, 32, 64), seed, key, 75),
            "groups": 1,
            "ram_gb": pick((32, 64, 128, 256), seed, key, 76),
        },
        "interconnects": advertised_interconnects(neighbour.gpu_count >= 4),
        "source": "control plane",
        "is_self": False,
    }


def _own_row(world: World, own_models: list[str], now: float) -> dict[str, Any]:
    has_gpus = world.scenario.has_gpus
    return {
        "pubkey": world.public_key,
        "name": NODE_NAME,
        "multiaddr": "/ip4/203.0.113.7/tcp/46337" if has_gpus else None,
        "last_seen": iso_millis(now - (now - world.started_at) % HEARTBEAT_SECONDS),
        "served_models": own_models,
        "gpu_model": GPU_MODEL if has_gpus else None,
        "gpu_count": GPU_COUNT if has_gpus else 0,
        "cpu": {
            "vendor": "amd" if has_gpus else "intel",
            "arch": "x64",
            "cores": 64 if has_gpus else 8,
            "groups": 1,
            "ram_gb": 512 if has_gpus else 16,
        },
        "interconnects": advertised_interconnects(has_gpus),
        "source": "control plane",
        "is_self": True,
    }


async def ping(world: World, payload: dict[str, Any]) -> dict[str, Any]:
    """`peer.ping`.

    Raises:
        NotFound: nobody has that address.
        TimedOut: the node does not answer; every seventh does not.
    """
    address = payload.get("multiaddr")
    found = next((one for one in neighbours(world) if address and one.multiaddr == address), None)
    if found is None:
        raise NotFound(f"No peer at {str(address)[:80]}.", hint="infernet peers")
    milliseconds = round(between(9, 180, world.seed, found.key, 77))
    if found.key % 7 == 6:
        await world.pause(2.0)
        raise TimedOut(f"{str(address)[:80]} did not answer within 2 s.", hint="infernet peers")
    await world.pause(milliseconds / 1000)
    return {"node_id": found.node_id, "round_trip_ms": milliseconds}
