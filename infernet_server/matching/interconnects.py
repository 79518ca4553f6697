"""Fabrics between GPUs and machines: what a node advertises against what a job requires.

Shapes are `wire.md` §14. A node that advertises nothing has no fabric; a requirement that is
missing or empty matches every node.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_RANKS = {"pair": 1, "mesh": 2, "all-to-all": 3}
"""A topology satisfies those of its own rank and below."""
_UNKNOWN = 0
_ABSENT = -1
_IMPOSSIBLE = 99
"""Rank of a required topology that nobody has heard of."""


@dataclass(frozen=True, slots=True)
class Fabric:
    """The interconnects of one node, or the least a job needs of each. Ranks are of `_RANKS`."""

    nvlink: int = _ABSENT
    xgmi: int = _ABSENT
    infiniband_ports: int = 0
    has_efa: bool = False
    has_rdma: bool = False

    def is_met_by(self, found: "Fabric") -> bool:
        """Whether every fabric found is at least what is required here."""
        return (
            found.nvlink >= self.nvlink
            and found.xgmi >= self.xgmi
            and found.infiniband_ports >= self.infiniband_ports
            and found.has_efa >= self.has_efa
            and found.has_rdma >= self.has_rdma
        )


NO_FABRIC = Fabric()
"""The only instance without any fabric: `is` tells, and most nodes and jobs have it."""


def advertised(specs: Mapping[str, Any]) -> Fabric:
    """The fabric that `specs.interconnects` tells of."""
    found = specs.get("interconnects")
    if not isinstance(found, Mapping):
        return NO_FABRIC
    infiniband = _available(found, "infiniband")
    fabric = Fabric(
        nvlink=_advertised_rank(found, "nvlink"),
        xgmi=_advertised_rank(found, "xgmi"),
        infiniband_ports=_count(infiniband.get("active_port_count")) if infiniband else 0,
        has_efa=_available(found, "efa") is not None,
        has_rdma=found.get("rdma_capable") is True,
    )
    return NO_FABRIC if fabric == NO_FABRIC else fabric


def required(requires: object) -> Fabric:
    """The least fabric that a job's `requires.interconnects` accepts."""
    if not isinstance(requires, Mapping) or not requires:
        return NO_FABRIC
    fabric = Fabric(
        nvlink=_required_rank(requires.get("nvlink")),
        xgmi=_required_rank(requires.get("xgmi")),
        infiniband_ports=_count(requires.get("min_active_ib_ports")),
        has_efa=requires.get("efa") is True,
        has_rdma=requires.get("rdma") is True,
    )
    return NO_FABRIC if fabric == NO_FABRIC else fabric


def _available(found: Mapping[str, Any], fabric: str) -> Mapping[str, Any] | None:
    part = found.get(fabric)
    return part if isinstance(part, Mapping) and part.get("available") is True else None


def _advertised_rank(found: Mapping[str, Any], fabric: str) -> int:
    part = _available(found, fabric)
    if part is None:
        return _ABSENT
    topology = part.get("topology")
    return _RANKS.get(topology, _UNKNOWN) if isinstance(topology, str) else _UNKNOWN


def _required_rank(value: object) -> int:
    if value is True:
        return _UNKNOWN
    if isinstance(value, str):
        return _RANKS.get(value, _IMPOSSIBLE)
    return _ABSENT


def _count(value: object) -> int:
    return max(0, value) if type(value) is int else 0
