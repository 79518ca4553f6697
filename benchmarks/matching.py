"""How long a match takes with many nodes known: `python benchmarks/matching.py [--nodes N]`.

Prints JSON. Each case is the worst of its kind: all nodes serve the one model that is asked for. A
time covers the choice and its stored explanation, and is CPU time, so that neighbours do not count.
The reference point is what a router without an index does: look at every node for every job.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable

from infernet_server.matching import filters
from infernet_server.matching.decision import JobNeeds, choose
from infernet_server.services.directory import NodeDirectory

NOW = 1_800_000_000.0
TARGET_P95_MS = 2.0


def network(count: int, active_jobs: Callable[[int], int], seen_at: float = NOW) -> NodeDirectory:
    """A directory of nodes that all serve the model `m`."""
    directory = NodeDirectory(lambda: NOW)
    rng = random.Random(1)
    for number in range(count):
        provider_id = f"{number:036}"
        directory.upsert(_row(provider_id, number, seen_at))
        load = {"active_jobs": active_jobs(number), "ram": {"free_gb": rng.random() * 60}}
        specs = {"served_models": ["m"], "load": load}
        directory.heartbeat(provider_id, "available", specs, seen_at)
    return directory


def _row(provider_id: str, number: int, seen_at: float) -> dict[str, object]:
    name = f"provider-{number:08x}"
    return {
        "id": provider_id,
        "node_id": name,
        "public_key": f"{number:064x}",
        "name": name,
        "gpu_model": None,
        "address": None,
        "port": None,
        "price_micros": 0,
        "reputation": 50,
        "is_public": True,
        "status": "available",
        "last_seen": int(seen_at * 1e6),
        "specs": {},
    }


def match(directory: NodeDirectory, needs: JobNeeds, rng: random.Random) -> None:
    """What one submitted job costs."""
    choose(needs, directory.candidates(needs.model), NOW, rng).to_json()


def scan(directory: NodeDirectory, needs: JobNeeds, rng: random.Random) -> None:
    """The reference point: ask every node for its reason, weigh all that have none."""
    demanded = filters.demands(needs)
    serving = directory.candidates(needs.model).serving
    free = [node for node in serving if filters.rejection(node, demanded, NOW) is None]
    if free:
        rng.choices(free, weights=[node.weight for node in free])


def measure(work: Callable[[], None], rounds: int) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    times_ms: list[float] = []
    for _ in range(rounds):
        started = time.thread_time()
        work()
        times_ms.append((time.thread_time() - started) * 1000)
    p95 = statistics.quantiles(times_ms, n=20)[-1]
    return {"p50_ms": round(statistics.median(times_ms), 3), "p95_ms": round(p95, 3)}


def main() -> None:
    """Measure every case and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=500)
    asked = parser.parse_args()
    rng = random.Random(2)
    half_busy = network(asked.nodes, lambda number: number % 2 * 4)
    all_busy = network(asked.nodes, lambda _: 4)
    all_silent = network(asked.nodes, lambda _: 0, seen_at=NOW - 500)
    cases = {
        "half of the nodes busy": (half_busy, JobNeeds("m")),
        "after a failed attempt": (half_busy, JobNeeds("m").excluding({"x"})),
        "a model nobody serves": (half_busy, JobNeeds("other")),
        "all nodes busy": (all_busy, JobNeeds("m")),
        "all nodes silent": (all_silent, JobNeeds("m")),
        "no node has the interconnect": (half_busy, JobNeeds("m", {"nvlink": True})),
    }
    results = {}
    for name, (directory, needs) in cases.items():
        ours = measure(lambda d=directory, n=needs: match(d, n, rng), asked.rounds)  # type: ignore[misc]
        every = measure(lambda d=directory, n=needs: scan(d, n, rng), asked.rounds // 10)  # type: ignore[misc]
        ratio = round(every["p50_ms"] / ours["p50_ms"], 1)
        results[name] = {"ours": ours, "look at every node": every, "times_faster": ratio}
    slowest = max(result["ours"]["p95_ms"] for result in results.values())  # type: ignore[index]
    figures = {"nodes": asked.nodes, "target_p95_ms": TARGET_P95_MS, "slowest_p95_ms": slowest}
    print(json.dumps(figures | {"cases": results}, indent=2))


if __name__ == "__main__":
    main()
