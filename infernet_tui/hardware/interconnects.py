"""The fabric of this machine: what is known, what is advertised, what an engine is told.

Known and shown exactly; advertised coarsely: no device name, board id or PCI address leaves the
machine (`wire.md` §14).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from infernet_tui.hardware.rdma import EfaAdapter, InfinibandPort
from infernet_tui.hardware.topology import NO_FABRIC, GpuFabric

_NAME = re.compile(r"[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Interconnects:
    """Everything that was detected."""

    nvlink: GpuFabric = NO_FABRIC
    xgmi: GpuFabric = NO_FABRIC
    infiniband: tuple[InfinibandPort, ...] = ()
    efa: tuple[EfaAdapter, ...] = ()

    @property
    def active_ports(self) -> tuple[InfinibandPort, ...]:
        """InfiniBand and RoCE ports that carry traffic."""
        return tuple(port for port in self.infiniband if port.is_active)

    @property
    def is_rdma_capable(self) -> bool:
        """Whether other hosts can be reached without the kernel's network stack."""
        return bool(self.active_ports or self.efa)


NO_INTERCONNECTS = Interconnects()


def advertised(found: Interconnects = NO_INTERCONNECTS) -> dict[str, Any]:
    """`specs.interconnects`: just enough to route a job, not enough to recognise a machine."""
    return {
        "nvlink": _coarse(found.nvlink),
        "xgmi": _coarse(found.xgmi),
        "infiniband": {
            "available": bool(found.active_ports),
            "active_port_count": len(found.active_ports),
        },
        "efa": {"available": bool(found.efa), "adapter_count": len(found.efa)},
        "rdma_capable": found.is_rdma_capable,
    }


def engine_environment(
    found: Interconnects, own: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """The variables that make NCCL, RCCL and libfabric use the fabric.

    `own` is what the operator or the caller has set: it always wins.
    """
    environment: dict[str, str] = {}
    if found.nvlink.is_available:
        environment |= {"INFERNET_NVLINK": "1", "INFERNET_NVLINK_TOPOLOGY": found.nvlink.topology}
    if found.xgmi.is_available:
        environment |= {"INFERNET_XGMI": "1", "INFERNET_XGMI_TOPOLOGY": found.xgmi.topology}
    ports = [
        f"{port.name}:{port.port}" for port in found.active_ports if _NAME.fullmatch(port.name)
    ]
    if ports:
        environment |= {"NCCL_IB_DISABLE": "0", "NCCL_IB_HCA": ",".join(ports)}
    if found.efa:
        environment |= {"FI_PROVIDER": "efa", "NCCL_PROTO": "simple", "INFERNET_EFA": "1"}
    if found.is_rdma_capable:
        environment |= {"INFERNET_RDMA": "1"}
    return {name: own.get(name, value) for name, value in environment.items()}


def interconnects_document(found: Interconnects) -> dict[str, Any]:
    """The full shape; it stays on the machine."""
    nvlink, xgmi = found.nvlink, found.xgmi
    return {
        "nvlink": _fabric(nvlink)
        | {
            "links": [
                {"from": link.first, "to": link.second, "kind": link.kind} for link in nvlink.links
            ]
        },
        "xgmi": _fabric(xgmi)
        | {
            "links": [
                {"from": link.first, "to": link.second, "weight": link.weight}
                for link in xgmi.links
            ]
        },
        "infiniband": {
            "available": bool(found.active_ports),
            "devices": [
                {
                    "name": port.name,
                    "board_id": port.board_id,
                    "port": port.port,
                    "state": port.state,
                    "rate": port.rate,
                    "link_layer": port.link_layer,
                }
                for port in found.infiniband
            ],
        },
        "efa": {
            "available": bool(found.efa),
            "devices": [{"bdf": adapter.bdf, "raw": adapter.raw} for adapter in found.efa],
        },
        "rdma_capable": found.is_rdma_capable,
    }


def _coarse(fabric: GpuFabric) -> dict[str, Any]:
    return {
        "available": fabric.is_available,
        "topology": fabric.topology,
        "link_count": len(fabric.links),
    }


def _fabric(fabric: GpuFabric) -> dict[str, Any]:
    return {
        "available": fabric.is_available,
        "topology": fabric.topology,
        "matrix": [list(row) for row in fabric.matrix],
    }
