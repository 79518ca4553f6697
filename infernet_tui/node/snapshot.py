"""The node's state as one JSON object: what `status` answers and `subscribe` repeats.

The existing network's fields come first and keep their names (`wire.md` §7); ours are added. No
prompt, no answer and no secret is in it.
"""

import os
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from infernet_tui import __version__
from infernet_tui.node.stats import Stats
from infernet_tui.node.times import iso_millis
from infernet_tui.node.times import iso_millis_or_none as _iso

if TYPE_CHECKING:
    from infernet_tui.node.node import Node

SHOWN_JOBS = 50


def snapshot(node: "Node") -> dict[str, Any]:
    """The state now."""
    identity, stats, options = node.identity, node.stats, node.options
    now = time.monotonic()
    return {
        "pid": os.getpid(),
        "startedAt": iso_millis(stats.started_at),
        "uptimeMs": round((time.time() - stats.started_at) * 1000),
        "node": {
            "nodeId": identity.node_id,
            "id": node.heartbeat.row_id,
            "role": identity.role,
            "name": identity.name,
        },
        "controlPlaneUrl": node.config.control_plane_url,
        "intervals": {
            "heartbeatMs": round(options.heartbeat_seconds * 1000),
            "pollMs": round(options.poll_seconds * 1000),
        },
        "stats": _counters(node),
        "p2p": node.p2p.as_snapshot(),
        "version": __version__,
        "connection": node.link.mode,
        "isDraining": node.jobs.is_closed,
        "engine": node.engine.kind,
        "model": node.engine.default_model,
        "servedModels": node.heartbeat.models,
        "capacity": node.jobs.capacity,
        "healthzPort": node.health.port,
        "bench": node.jobs.bench.as_specs(),
        "mode": options.mode,
        "loadedModels": node.heartbeat.loaded_models,
        "controlPlaneLatencyMs": stats.control_plane_latency_ms,
        "tokensPerSecond": stats.token_rate.per_second(now),
        "firstTokenP50Ms": stats.first_token_p50_ms,
        "jobsCancelled": stats.jobs_cancelled,
        "jobTotal": len(stats.records),
        "jobs": [record.as_json(now) for record in islice(stats.records.newest(), SHOWN_JOBS)],
    }


def _counters(node: "Node") -> dict[str, Any]:
    stats = node.stats
    return {
        "heartbeatsOk": stats.heartbeats_ok,
        "heartbeatsFailed": stats.heartbeats_failed,
        "lastHeartbeatAt": _iso(stats.last_heartbeat_at),
        "lastHeartbeatError": stats.last_heartbeat_error,
        "jobsPicked": stats.jobs_picked,
        "jobsCompleted": stats.jobs_completed,
        "jobsFailed": stats.jobs_failed,
        "activeJobs": len(node.jobs.runs),
        "activeJobIds": [job_id for job_id, _attempt in node.jobs.runs],
        "lastJobAt": _iso(stats.last_job_at),
        "pollsOk": stats.polls_ok,
        "pollsFailed": stats.polls_failed,
        "lastPollAt": _iso(stats.last_poll_at),
    }


def healthz(node: "Node") -> dict[str, Any]:
    """The body of /healthz (`wire.md` §7)."""
    stats: Stats = node.stats
    return {
        "ok": True,
        "pid": os.getpid(),
        "uptime_ms": round((time.time() - stats.started_at) * 1000),
        "role": node.identity.role,
        "node_id": node.identity.node_id,
        "control_plane": node.config.control_plane_url,
        "heartbeats_ok": stats.heartbeats_ok,
        "heartbeats_failed": stats.heartbeats_failed,
        "last_heartbeat_at": _iso(stats.last_heartbeat_at),
        "last_heartbeat_error": stats.last_heartbeat_error,
        "jobs_completed": stats.jobs_completed,
        "jobs_failed": stats.jobs_failed,
        "active_jobs": len(node.jobs.runs),
    }
