"""The coarse fabric a node advertises (`wire.md` §14).

Nothing is probed here: each kind is reported as not available, which a control plane reads as
"no fabric", never as a fabric that is broken.
"""

from typing import Any


def advertised_interconnects() -> dict[str, Any]:
    """The `specs.interconnects` of a machine on which no fabric was detected."""
    return {
        "nvlink": {"available": False, "topology": "none", "link_count": 0},
        "xgmi": {"available": False, "topology": "none", "link_count": 0},
        "infiniband": {"available": False, "active_port_count": 0},
        "efa": {"available": False, "adapter_count": 0},
        "rdma_capable": False,
    }
