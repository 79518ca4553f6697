"""Fabrics to other hosts, what is advertised of all, and what an engine is told."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from infernet_tui.hardware.base import Gpu
from infernet_tui.hardware.fabric import detect_fabric
from infernet_tui.hardware.fake import FakeHardware
from infernet_tui.hardware.interconnects import (
    Interconnects,
    advertised,
    engine_environment,
    interconnects_document,
)
from infernet_tui.hardware.probing import Outcome, run_tool
from infernet_tui.hardware.rdma import InfinibandPort, parse_lspci, read_infiniband

NOTHING = Path("/nonexistent")


def test_ports_that_carry_traffic_count_also_over_ethernet(data: Path) -> None:
    ports = read_infiniband(data / "infiniband")
    assert [(port.name, port.port, port.is_active) for port in ports] == [
        ("mlx5_0", 1, True),
        ("mlx5_1", 1, False),
        ("mlx5_2", 1, True),
        ("mlx5_2", 2, False),
        ("rdmap16s27", 1, False),  # the EFA's own, which is counted as EFA
    ]
    assert ports[0] == InfinibandPort(
        "mlx5_0", 1, "ACTIVE", "400 Gb/sec (4X NDR)", "InfiniBand", "MT_0000000838"
    )


def test_a_port_with_unreadable_files_is_there_and_not_active(tmp_path: Path) -> None:
    (tmp_path / "mlx5_0/ports/1/state").mkdir(parents=True)
    (tmp_path / "mlx5_0/ports/junk").mkdir()
    (tmp_path / "mlx5_0/board_id").write_bytes(b"\xff\x00" * 1000)
    (port,) = read_infiniband(tmp_path)
    assert not port.is_active
    assert len(port.board_id or "") <= 64


def test_only_elastic_fabric_lines_are_adapters(data: Path) -> None:
    adapters = parse_lspci((data / "lspci_ena_and_efa.txt").read_text())
    assert [adapter.bdf for adapter in adapters] == ["10:1b.0", "20:1b.0"]


@given(st.text(max_size=200))
def test_junk_is_no_adapter(junk: str) -> None:
    assert parse_lspci(junk) == ()


def everything(data: Path) -> Interconnects:
    def run(argv: Sequence[str]) -> Outcome:
        files = {
            "nvidia-smi": "nvidia_topo_4_gpus_mesh.txt",
            "rocm-smi": "rocm_topo_4_gpus_all_to_all.txt",
            "lspci": "lspci_ena_and_efa.txt",
        }
        return Outcome((data / files[argv[0]]).read_text())

    return detect_fabric((), run=run, infiniband_folder=data / "infiniband").interconnects


def test_what_is_advertised_is_coarse(data: Path) -> None:
    found = everything(data)
    assert advertised(found) == {
        "nvlink": {"available": True, "topology": "mesh", "link_count": 4},
        "xgmi": {"available": True, "topology": "all-to-all", "link_count": 6},
        "infiniband": {"available": True, "active_port_count": 2},
        "efa": {"available": True, "adapter_count": 2},
        "rdma_capable": True,
    }
    told = str(advertised(found))
    assert not any(word in told for word in ("mlx5", "MT_", "DEL", "1b.0"))


def test_nothing_found_is_advertised_as_nothing() -> None:
    assert advertised() == {
        "nvlink": {"available": False, "topology": "none", "link_count": 0},
        "xgmi": {"available": False, "topology": "none", "link_count": 0},
        "infiniband": {"available": False, "active_port_count": 0},
        "efa": {"available": False, "adapter_count": 0},
        "rdma_capable": False,
    }


def test_the_full_shape_has_names_and_a_matrix(data: Path) -> None:
    document = interconnects_document(everything(data))
    assert document["nvlink"]["links"][0] == {"from": 0, "to": 1, "kind": "NV2"}
    assert document["nvlink"]["matrix"][3] == ["SYS", "NV2", "NV2", "X"]
    assert document["xgmi"]["links"][0] == {"from": 0, "to": 1, "weight": 15}
    assert document["infiniband"]["devices"][1]["state"] == "DOWN"
    assert document["efa"]["devices"][0]["bdf"] == "10:1b.0"


def test_an_engine_is_told_of_each_fabric(data: Path) -> None:
    assert engine_environment(everything(data)) == {
        "INFERNET_NVLINK": "1",
        "INFERNET_NVLINK_TOPOLOGY": "mesh",
        "INFERNET_XGMI": "1",
        "INFERNET_XGMI_TOPOLOGY": "all-to-all",
        "NCCL_IB_DISABLE": "0",
        "NCCL_IB_HCA": "mlx5_0:1,mlx5_2:1",
        "FI_PROVIDER": "efa",
        "NCCL_PROTO": "simple",
        "INFERNET_EFA": "1",
        "INFERNET_RDMA": "1",
    }
    assert engine_environment(Interconnects()) == {}


def test_what_the_operator_set_wins(data: Path) -> None:
    environment = engine_environment(everything(data), {"NCCL_IB_HCA": "mlx5_9", "HOME": "/"})
    assert environment["NCCL_IB_HCA"] == "mlx5_9"
    assert "HOME" not in environment


def test_a_sleeping_gpu_is_not_woken_for_the_topology() -> None:
    asked: list[str] = []

    def run(argv: Sequence[str]) -> Outcome:
        asked.append(argv[0])
        return Outcome(None, f"{argv[0]} is not installed")

    gpus = [Gpu(0, "nvidia", "m"), Gpu(1, "nvidia", "m", is_asleep=True)]
    found = detect_fabric(gpus, run=run, infiniband_folder=NOTHING)
    assert "nvidia-smi" not in asked
    details = {probe.name: probe.detail for probe in found.probes}
    assert details["NVLink"] == "not asked: a GPU is asleep"
    assert details["xGMI"] == "rocm-smi is not installed"
    assert found.interconnects == Interconnects()


def test_a_tool_that_is_missing_fails_or_hangs_is_no_answer_and_says_why() -> None:
    assert run_tool(("no-such-tool-here",)).detail == "no-such-tool-here is not installed"
    failed = run_tool(("sh", "-c", "echo driver not loaded >&2; exit 9"))
    assert (failed.text, failed.detail) == (None, "sh failed: driver not loaded")
    assert run_tool(("sleep", "60"), 0.05).detail == "sleep did not answer within 0.05 s"
    assert run_tool(("printf", "\\377ok")).text == "\ufffdok"


def test_the_fake_machine_has_the_fabric_it_says() -> None:
    reading = FakeHardware(lambda: 1000.0).read()
    assert advertised(reading.interconnects)["nvlink"]["topology"] == "all-to-all"
    assert len(reading.interconnects.active_ports) == 2
