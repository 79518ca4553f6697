"""The demo node's snapshot: what `status` answers and `subscribe` repeats."""

from statistics import fmean, median
from typing import Any

from infernet_tui import __version__
from infernet_tui.demo.ledger import DemoJob
from infernet_tui.demo.models import Shelf
from infernet_tui.demo.noise import between
from infernet_tui.demo.world import CONTROL_PLANE, HEARTBEAT_SECONDS, NODE_NAME, PID, World
from infernet_tui.node.stats import MAX_BENCH_SAMPLES
from infernet_tui.node.times import iso_millis

POLL_SECONDS = 15
MAX_RECENT_JOBS = 50
CAPACITY = 4


def snapshot(world: World, shelf: Shelf) -> dict[str, Any]:
    """The state now."""
    now = world.now()
    recent = world.ledger.newest(MAX_RECENT_JOBS)
    is_offline = world.lost_at is not None
    first_tokens = [job.first_token_ms for job in recent if job.first_token_at <= now]
    return {
        "pid": PID,
        "startedAt": iso_millis(world.started_at),
        "uptimeMs": round((now - world.started_at) * 1000),
        "node": {
            "nodeId": world.node_id,
            "id": world.row_id,
            "role": "provider",
            "name": NODE_NAME,
        },
        "controlPlaneUrl": CONTROL_PLANE,
        "intervals": {"heartbeatMs": HEARTBEAT_SECONDS * 1000, "pollMs": POLL_SECONDS * 1000},
        "stats": _counters(world, now),
        "p2p": _p2p(world, now),
        "version": __version__,
        "connection": "offline" if is_offline else "channel",
        "isDraining": world.is_draining,
        "engine": "ollama" if world.has_models else "llamacpp",
        "model": shelf.default,
        "servedModels": list(shelf.on_disk),
        "capacity": CAPACITY,
        "healthzPort": 8080,
        "bench": _bench(recent, world, now),
        "jobs": [job.as_json(now) for job in recent],
        "tokensPerSecond": round(_speed(world, now), 1),
        "firstTokenP50Ms": round(median(first_tokens)) if first_tokens else None,
        "controlPlaneLatencyMs": None if is_offline else _latency_ms(world, now),
        "jobsCancelled": world.ledger.counts["cancelled"],
        "jobTotal": len(world.ledger.jobs),
        "mode": "background",
        "loadedModels": sorted(shelf.loaded),
    }


def _speed(world: World, now: float) -> float:
    """Tokens a second over the last two seconds."""
    running = (job.as_json(now)["tokensPerSecond"] for job in world.ledger.running)
    return sum(value or 0.0 for value in running)


def _latency_ms(world: World, now: float) -> int:
    beat = int((now - world.started_at) // HEARTBEAT_SECONDS)
    return round(between(34, 52, beat, world.seed, 91))


def _counters(world: World, now: float) -> dict[str, Any]:
    ledger, lost_at = world.ledger, world.lost_at
    heard_until = now if lost_at is None else min(now, lost_at)
    beats = int((heard_until - world.started_at) // HEARTBEAT_SECONDS)
    missed = 0 if lost_at is None else int((now - lost_at) // HEARTBEAT_SECONDS)
    error = f"POST {CONTROL_PLANE}/api/v1/node/heartbeat: connection refused"
    last_heartbeat = world.started_at + beats * HEARTBEAT_SECONDS
    return {
        "heartbeatsOk": beats + 1,
        "heartbeatsFailed": missed,
        "lastHeartbeatAt": iso_millis(last_heartbeat),
        "lastHeartbeatError": None if lost_at is None else world.strangers.say(error),
        "jobsPicked": ledger.picked,
        "jobsCompleted": ledger.counts["completed"],
        "jobsFailed": ledger.counts["failed"],
        "activeJobs": len(ledger.running),
        "activeJobIds": [job.id for job in ledger.running],
        "lastJobAt": None if ledger.last_end_at is None else iso_millis(ledger.last_end_at),
        "pollsOk": 0,
        "pollsFailed": 0,
        "lastPollAt": None,  # jobs come over the channel
    }


def _p2p(world: World, now: float) -> dict[str, Any]:
    address = "203.0.113.7" if world.scenario.has_gpus else None
    minutes = int((now - world.started_at) // 60)
    return {
        "enabled": True,
        "port": 46337,
        "localPort": 46337,
        "address": address,
        "endpoint": f"{address}:46337" if address else None,
        "connectionsTotal": 3 * minutes if address else 0,
        "lastConnectionAt": iso_millis(world.started_at + 60 * minutes) if address else None,
    }


def _bench(recent: list[DemoJob], world: World, now: float) -> dict[str, Any] | None:
    ended = [job for job in recent if job.ends_at <= now and job.outcome == "completed"]
    samples = ended[:MAX_BENCH_SAMPLES]
    if not samples:
        return None
    return {
        "tokens_per_second_avg": round(fmean(job.tokens_per_second for job in samples), 2),
        "samples": len(samples),
        "window_started_at": iso_millis(samples[-1].ends_at),
    }
