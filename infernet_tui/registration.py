"""What a node tells a control plane of itself when it registers.

Invariant: what the caller does not name keeps its value on the control plane. A node that is not
running is registered as offline, so that no job is given to nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infernet_protocol.ipc import P2P_PORT
from infernet_tui.config import NodeConfig


@dataclass(frozen=True, slots=True)
class Details:
    """What to change; None leaves it as it is."""

    name: str | None = None
    gpu_model: str | None = None
    price: float | None = None
    address: str | None = None
    p2p_port: int | None = None
    no_advertise: bool = False
    no_advertise_interconnects: bool = False


def register_body(
    node: NodeConfig,
    details: Details,
    *,
    row: Mapping[str, Any] | None,
    snapshot: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The body of a register call. Looks at the hardware, which blocks.

    `row` is the control plane's row of this node before, `snapshot` the running node's.
    """
    body: dict[str, Any] = {
        "role": node.role,
        "node_id": node.node_id,
        "name": details.name or node.name or node.node_id,
    }
    if node.role != "client":
        body |= _endpoint(node, details)
        if snapshot is None:
            body["status"] = "offline"
    if node.role == "provider":
        given = {"gpu_model": details.gpu_model, "price": details.price}
        kept = {key: (row or {}).get(key) for key, value in given.items() if value is None}
        body |= {key: value for key, value in (given | kept).items() if value is not None}
        body["specs"] = _specs(details, snapshot or {})
    return body


def _endpoint(node: NodeConfig, details: Details) -> dict[str, Any]:
    address = details.address or node.address
    if details.no_advertise or not address:
        return {}
    return {"address": address, "port": details.p2p_port or node.port or P2P_PORT}


def _specs(details: Details, snapshot: Mapping[str, Any]) -> dict[str, Any]:
    from infernet_tui.hardware.specs import collect_specs

    specs = collect_specs()
    if details.no_advertise_interconnects:
        specs.pop("interconnects", None)
    if models := snapshot.get("servedModels"):
        specs["served_models"] = models
    return specs
