"""What anybody may see of the network, as the wire shows it (`wire.md` §5).

Only public nodes; of jobs nothing that tells whose they are or what was said. Everything a node
said of itself is reduced to known fields before it is shown.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from infernet_protocol.nodes import Role
from infernet_server.matching.node import Node
from infernet_server.services.container import Services
from infernet_server.services.directory import LISTED_SECONDS
from infernet_server.services.specs import reduced_specs
from infernet_server.storage import jobs as jobs_sql
from infernet_server.storage import nodes as nodes_sql
from infernet_server.timestamps import iso, iso_millis, micros

Row = dict[str, Any]
DAY_SECONDS = 86_400.0
MAX_COUNTED = 10_000
FABRIC_NAMES = {"nvlink": "NVLink", "xgmi": "xGMI", "infiniband": "InfiniBand", "efa": "EFA"}


def health(services: Services) -> Row:
    """That the process answers; asks no database."""
    commit = services.settings.commit
    return {
        "ok": True,
        "uptime_s": int(services.clock() - services.started_at),
        "node_env": services.settings.environment,
        "commit": commit[:7] if commit else None,
    }


async def overview(services: Services) -> Row:
    """Four figures about the network."""
    now = services.clock()
    nodes = services.directory.listed(now)
    since = micros(now - DAY_SECONDS)
    recent = await services.database.read(jobs_sql.count_since, since, MAX_COUNTED)
    unfinished = sum(not job.is_final for job in services.dispatcher.live.values())
    models = services.directory.served_models(now)
    last = f"{max(0, int(now - nodes[0].seen_at))} s ago" if nodes else "never"
    return {
        "cards": [
            _card("Online nodes", len(nodes), "heard of in the last 10 minutes"),
            _card("Models served", len(models), "by nodes that are online"),
            _card(
                "Jobs",
                recent if recent < MAX_COUNTED else f"{MAX_COUNTED}+",
                f"in the last 24 hours, {unfinished} waiting or running now",
            ),
            _card("Last heartbeat", last, "of any node"),
        ]
    }


def _card(label: str, value: int | str, note: str) -> Row:
    return {"label": label, "value": value, "note": note}


def peers(services: Services, limit: int) -> list[Row]:
    """Nodes to start from when joining the network, the one heard of last first."""
    return [_peer(node) for node in services.directory.listed(services.clock())[:limit]]


def _peer(node: Node) -> Row:
    specs = reduced_specs(node.specs)
    gpus = specs.get("gpus", [])
    return {
        "pubkey": node.public_key,
        "name": node.name or None,
        "multiaddr": _multiaddr(node),
        "last_seen": iso_millis(node.seen_at),
        "served_models": list(node.models),
        "gpu_model": node.gpu_model or next((gpu["model"] for gpu in gpus), None),
        "gpu_count": len(gpus),
        "cpu": specs.get("cpu"),
        "interconnects": _fabrics(specs),
    }


def _multiaddr(node: Node) -> str | None:
    if node.address is None or node.port is None:
        return None
    try:
        address = ipaddress.ip_address(node.address)
    except ValueError:
        return None
    return f"/ip{address.version}/{address}/tcp/{node.port}"


def _fabrics(specs: Mapping[str, Any]) -> dict[str, bool] | None:
    found = specs.get("interconnects")
    if found is None:
        return None
    available = {name: found.get(name, {}).get("available") is True for name in FABRIC_NAMES}
    return available | {"rdma_capable": found.get("rdma_capable") is True}


async def nodes(services: Services, role: Role | None, status: str | None, limit: int) -> list[Row]:
    """Registered keys of a role (None: all), the one heard of last first."""
    seen_after = micros(services.clock() - LISTED_SECONDS)
    wanted = role.value if role else None
    rows = await services.database.read(nodes_sql.listed, wanted, status, seen_after, limit)
    return [_node_row(row, services) for row in rows]


def _node_row(row: Mapping[str, Any], services: Services) -> Row:
    view = {"id": row["id"], "name": row["name"], "status": row["shown_status"]}
    if row["role"] == Role.CLIENT:
        return view | {"role": row["role"], "last_seen": iso(row["last_seen"])}
    node = services.directory.by_provider_id(row["id"])
    reputation = node.reputation.value if node else row["reputation"]
    if row["role"] == Role.AGGREGATOR:
        extra = {"role": row["role"], "reputation": reputation, "last_seen": iso(row["last_seen"])}
        return view | extra
    specs = reduced_specs(row["specs"])
    return view | {
        "role": row["role"],
        "gpu_summary": _gpu_summary(specs, row["gpu_model"]),
        "cpu_summary": _cpu_summary(specs.get("cpu", {})),
        "fabric": _fabric_summary(specs),
        "price_display": _dollars(row["price_micros"]),
        "reputation": reputation,
        "last_seen": iso(row["last_seen"]),
    }


def _gpu_summary(specs: Mapping[str, Any], gpu_model: str | None) -> str:
    gpus = specs.get("gpus") or []
    if not gpus:
        return gpu_model or "no GPU"
    first = gpus[0]
    name = first["model"] or gpu_model or first["vendor"]
    count = f"{len(gpus)} × " if len(gpus) > 1 else ""
    return f"{count}{name} ({first['vram_tier']})"


def _cpu_summary(cpu: Mapping[str, Any]) -> str:
    cores, memory_gb, kind = cpu.get("cores"), cpu.get("ram_gb"), cpu.get("arch")
    parts = (
        str(kind) if kind else None,
        f"{cores} cores" if cores else None,
        f"{memory_gb} GB" if memory_gb else None,
    )
    return ", ".join(part for part in parts if part) or "unknown"


def _fabric_summary(specs: Mapping[str, Any]) -> str:
    available = _fabrics(specs) or {}
    names = [name for key, name in FABRIC_NAMES.items() if available.get(key)]
    return ", ".join(names) or "none"


def _dollars(amount_micros: int) -> str:
    return f"${amount_micros / 1e6:.4f}"


async def jobs(services: Services, status: str | None, limit: int) -> list[Row]:
    """The newest jobs. Whose they are and what they say stays private: those fields are null."""
    rows = await services.database.read(jobs_sql.listed, status, limit)
    return [
        {
            "id": None,
            "title": None,
            "status": row["status"],
            "model_name": row["model_name"],
            "payment_offer": _dollars(row["payment_offer_micros"]),
            "client_name": None,
        }
        for row in rows
    ]


def models(services: Services, limit: int) -> list[Row]:
    """What is served now, and by how many nodes; the most served first."""
    counts = services.directory.served_model_counts(services.clock())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"id": name, "name": name, "node_count": count} for name, count in ranked[:limit]]
