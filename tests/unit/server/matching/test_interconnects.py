"""What a job's `requires.interconnects` accepts (`wire.md` §14)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infernet_server.matching.interconnects import NO_FABRIC, advertised, required


def node_with(**fabrics: Any) -> dict[str, Any]:
    return {"interconnects": fabrics}


def nvlink(topology: str) -> dict[str, Any]:
    return node_with(nvlink={"available": True, "topology": topology, "link_count": 1})


IB_2 = node_with(infiniband={"available": True, "active_port_count": 2}, rdma_capable=True)
EFA = node_with(efa={"available": True, "adapter_count": 1}, rdma_capable=True)


@pytest.mark.parametrize(
    ("requires", "specs", "is_accepted"),
    [
        ({}, {}, True),
        (None, {}, True),
        ({"nvlink": False, "rdma": False}, {}, True),
        ({"rdma": True}, IB_2, True),
        ({"rdma": True}, {}, False),
        ({"nvlink": True}, nvlink("unknown"), True),
        ({"nvlink": True}, {}, False),
        ({"nvlink": True}, node_with(nvlink={"available": False, "topology": "mesh"}), False),
        ({"nvlink": "pair"}, nvlink("pair"), True),
        ({"nvlink": "pair"}, nvlink("mesh"), True),
        ({"nvlink": "pair"}, nvlink("all-to-all"), True),
        ({"nvlink": "mesh"}, nvlink("pair"), False),
        ({"nvlink": "mesh"}, nvlink("all-to-all"), True),
        ({"nvlink": "all-to-all"}, nvlink("mesh"), False),
        ({"nvlink": "pair"}, nvlink("none"), False),
        ({"nvlink": "ring"}, nvlink("all-to-all"), False),
        ({"xgmi": "mesh"}, node_with(xgmi={"available": True, "topology": "all-to-all"}), True),
        ({"xgmi": True}, nvlink("all-to-all"), False),
        ({"efa": True}, EFA, True),
        ({"efa": True}, IB_2, False),
        ({"min_active_ib_ports": 2}, IB_2, True),
        ({"min_active_ib_ports": 3}, IB_2, False),
        ({"min_active_ib_ports": 0}, {}, True),
        ({"rdma": True, "efa": True, "min_active_ib_ports": 1}, EFA, False),
    ],
)
def test_a_requirement_accepts_what_the_wire_says(
    requires: Any, specs: dict[str, Any], is_accepted: bool
) -> None:
    assert required(requires).is_met_by(advertised(specs)) is is_accepted


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
names = st.sampled_from(["nvlink", "xgmi", "infiniband", "efa", "rdma_capable", "rdma"])


@given(st.dictionaries(names, anything) | anything, st.dictionaries(names, anything) | anything)
def test_junk_on_either_side_is_read_without_an_error(found: Any, requires: Any) -> None:
    required(requires).is_met_by(advertised({"interconnects": found}))


def test_no_fabric_is_recognised_in_every_way_of_saying_it() -> None:
    assert advertised(node_with(nvlink={"available": False})) is NO_FABRIC
    assert required({"nvlink": False, "min_active_ib_ports": 0}) is NO_FABRIC
