"""What the node's socket promises: the keys of every answer, for the real node and the demo's.

A shape is a mapping of keys to shapes, a list of one shape (any number of those), or `ANY`.
`Maybe` marks what may be null as a whole. Keys beyond the shape are fine: they may be added later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Maybe:
    """Null, or of this shape."""

    shape: Any


ANY = object()


def keys(words: str) -> dict[str, Any]:
    """A shape of keys whose values may be anything, null included."""
    return dict.fromkeys(words.split(), ANY)


JOB = keys(
    "id attempt model state startedAt finishedAt firstTokenMs tokens tokensPerSecond error "
    "paymentOffer paymentCoin promptTokens sequence"
)
SNAPSHOT = {
    **keys(
        "pid startedAt uptimeMs controlPlaneUrl version connection isDraining engine model "
        "servedModels capacity healthzPort bench tokensPerSecond firstTokenP50Ms "
        "controlPlaneLatencyMs jobsCancelled jobTotal mode loadedModels"
    ),
    "node": keys("nodeId id role name"),
    "intervals": keys("heartbeatMs pollMs"),
    "stats": keys(
        "heartbeatsOk heartbeatsFailed lastHeartbeatAt lastHeartbeatError jobsPicked jobsCompleted "
        "jobsFailed activeJobs activeJobIds lastJobAt pollsOk pollsFailed lastPollAt"
    ),
    "p2p": keys("enabled"),
    "jobs": [JOB],
}
_GPU_VALUES = "index utilization_percent vram_used_bytes power_watts temperature_c"
_VALUES = "tokens_per_second active_jobs jobs_completed jobs_failed cpu_percent ram_used_bytes"
FIT = keys(
    "verdict device weights_bytes kv_cache_bytes overhead_bytes need_bytes have_bytes "
    "context_length explanation"
)
PROGRESS = keys("name status completed_bytes total_bytes bytes_per_second eta_seconds")
TIMELINE = {"job": JOB, "events": [keys("at kind detail")]}
PAYOUT = keys("id coin network address is_default created_at")
DECISION = {
    **keys("provider_id serving free rejected"),
    "candidates": [keys("provider_id node_id name score reasons")],
}
STREAM_ERROR = keys("code message hint")

ANSWERS: Mapping[str, Any] = {
    "ping": keys("pong"),
    "status": SNAPSHOT,
    "stats": SNAPSHOT,
    "subscribe": SNAPSHOT,
    "drain": keys("draining activeJobs"),
    "shutdown": keys("shuttingDown"),
    "node.info": keys(
        "config_path log_path node_id name role public_key npub control_plane_url p2p_port version"
        " options"
    ),
    "history": {**keys(f"window step_seconds end {_VALUES}"), "gpus": [keys(_GPU_VALUES)]},
    "history.latest": {**keys(f"at {_VALUES}"), "gpus": [keys(_GPU_VALUES)]},
    "hardware": {
        **keys("measured_at backend engine_environment"),
        "gpus": [
            {
                **keys(
                    f"{_GPU_VALUES} vendor model vram_total_bytes power_limit_watts clock_mhz "
                    "clock_max_mhz fan_percent pcie_generation pcie_lanes pcie_rx_bytes_per_second "
                    "pcie_tx_bytes_per_second is_asleep"
                ),
                "processes": [keys("pid name vram_bytes")],
            }
        ],
        "cpu": keys("vendor model arch cores groups percent load_1m"),
        "ram": keys("total_bytes used_bytes available_bytes"),
        "disk": keys("path total_bytes free_bytes"),
        "interconnects": {
            "nvlink": {**keys("available topology matrix"), "links": [keys("from to kind")]},
            "xgmi": {**keys("available topology matrix"), "links": [keys("from to weight")]},
            "infiniband": {
                "available": ANY,
                "devices": [keys("name board_id port state rate link_layer")],
            },
            "efa": {"available": ANY, "devices": [keys("bdf raw")]},
            "rdma_capable": ANY,
        },
        "probes": [keys("name found detail")],
    },
    "models": {
        "engine": keys("kind ok detail version"),
        **keys("default recommended"),
        "models": [
            {
                **keys(
                    "name size_bytes family quantization parameter_size context_length modified_at "
                    "digest is_default is_loaded"
                ),
                "fit": FIT,
            }
        ],
        "available": [
            {
                **keys("name size_bytes parameter_size note is_installed is_recommended"),
                "fit": FIT,
            }
        ],
        "pulls": [PROGRESS],
    },
    "model.pull": keys("name"),
    "model.use": keys("model"),
    "model.remove": keys("model was_default"),
    "model.load": keys("model"),
    "model.unload": keys("model"),
    "chat": keys("route"),
    "jobs": {
        "jobs": [JOB],
        **keys("total next"),
        "counts": keys("running completed failed cancelled"),
    },
    "job": TIMELINE,
    "job.follow": TIMELINE,
    "job.cancel": keys("id cancelled"),
    "job.explain": {
        **keys("job_id model sentences"),
        "attempts": [
            {
                **keys("number node_id name is_self state tokens"),
                "decision": Maybe(DECISION),
            }
        ],
    },
    "peers": {
        "peers": [
            keys(
                "pubkey name multiaddr last_seen served_models gpu_model gpu_count cpu "
                "interconnects source is_self"
            )
        ],
        "sources": [keys("name state count detail")],
    },
    "peer.ping": keys("node_id round_trip_ms"),
    "payouts": {"payouts": [PAYOUT]},
    "payout.set": {"payout": PAYOUT},
    "payout.remove": {"removed": [PAYOUT]},
    "payments": {
        "payments": [
            keys(
                "id direction job_id provider_id client_id coin network amount amount_usd address "
                "tx_hash invoice_id status provider_gateway metadata created_at confirmed_at"
            )
        ]
    },
    "earnings": {
        **keys("currency today_micros settled_micros pending_micros as_of"),
        "days": [keys("date settled_micros pending_micros")],
    },
}
"""Verb → the shape of its (first) answer's data."""

EVENTS: Mapping[str, Mapping[str, Any]] = {
    "subscribe": {"state": SNAPSHOT},
    "model.pull": {
        "progress": PROGRESS,
        "done": keys("name digest"),
        "error": STREAM_ERROR,
    },
    "job.follow": {"job": TIMELINE},
    "chat": {
        "job": {
            **keys("jobId source"),
            "provider": Maybe(keys("id name nodeId gpuModel model")),
        },
        "queue": ANY,
        "meta": keys("provider_node_id provider_name model engine"),
        "token": keys("text"),
        "done": {
            **keys(
                "reason job_id node_id node_name model engine first_token_ms tokens "
                "tokens_per_second total_ms"
            ),
            "usage": Maybe(keys("prompt_tokens completion_tokens")),
        },
        "error": STREAM_ERROR,
    },
}
"""Streaming verb → event → the shape of its data."""


def departures(shape: Any, value: Any, path: str = "data") -> list[str]:
    """Where a value departs from its shape; empty when it does not."""
    if shape is ANY:
        return []
    if isinstance(shape, Maybe):
        return [] if value is None else departures(shape.shape, value, path)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{path} is not a list"]
        return [
            problem
            for place, item in enumerate(value)
            for problem in departures(shape[0], item, f"{path}[{place}]")
        ]
    if not isinstance(value, dict):
        return [f"{path} is not an object"]
    missing = [f"{path}.{key} is missing" for key in shape if key not in value]
    return missing + [
        problem
        for key, inner in shape.items()
        if key in value
        for problem in departures(inner, value[key], f"{path}.{key}")
    ]
