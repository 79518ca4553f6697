"""What the vendors' tools say about links between GPUs."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infernet_tui.hardware.topology import (
    GpuFabric,
    classify,
    parse_nvidia_topology,
    parse_rocm_topology,
)


@pytest.mark.parametrize(
    ("name", "topology", "links", "gpus"),
    [
        ("nvidia_topo_1_gpu", "none", 0, 1),
        ("nvidia_topo_2_gpus_pcie", "none", 0, 2),
        ("nvidia_topo_2_gpus_bridge", "pair", 1, 2),
        ("nvidia_topo_4_gpus_mesh", "mesh", 4, 4),
        ("nvidia_topo_8_gpus_all_to_all", "all-to-all", 28, 8),
        ("nvidia_topo_no_driver", "none", 0, 0),
    ],
)
def test_nvlink_of_real_machines(
    data: Path, name: str, topology: str, links: int, gpus: int
) -> None:
    fabric = parse_nvidia_topology((data / f"{name}.txt").read_text())
    assert (fabric.topology, len(fabric.links), len(fabric.matrix)) == (topology, links, gpus)
    assert fabric.is_available == bool(links)


def test_the_matrix_keeps_the_paths_that_are_no_links(data: Path) -> None:
    fabric = parse_nvidia_topology((data / "nvidia_topo_4_gpus_mesh.txt").read_text())
    assert fabric.matrix[0] == ("X", "NV2", "NV2", "SYS")
    assert {(link.first, link.second, link.kind) for link in fabric.links} == {
        (0, 1, "NV2"), (0, 2, "NV2"), (1, 3, "NV2"), (2, 3, "NV2"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "topology", "links"),
    [
        ("rocm_topo_4_gpus_all_to_all", "all-to-all", 6),
        ("rocm_topo_8_gpus_two_hives", "mesh", 12),
        ("rocm_topo_4_gpus_pcie", "none", 0),
    ],
)
def test_xgmi_of_real_machines(data: Path, name: str, topology: str, links: int) -> None:
    fabric = parse_rocm_topology((data / f"{name}.txt").read_text())
    assert (fabric.topology, len(fabric.links)) == (topology, links)
    assert all(link.weight == 15 for link in fabric.links)
    assert set(sum(fabric.matrix, ())) <= {"X", "XGMI", "PCIE"}


def test_the_weight_that_still_is_a_link_is_a_parameter(data: Path) -> None:
    text = (data / "rocm_topo_4_gpus_pcie.txt").read_text()
    assert parse_rocm_topology(text, weight_limit=40).topology == "all-to-all"


def test_a_matrix_that_was_cut_off_has_an_unknown_shape(data: Path) -> None:
    lines = (data / "nvidia_topo_8_gpus_all_to_all.txt").read_text().splitlines()
    fabric = parse_nvidia_topology("\n".join(lines[:3]))
    assert (fabric.topology, len(fabric.links)) == ("unknown", 13)


@pytest.mark.parametrize(
    ("gpus", "links", "shape"),
    [(4, 0, "none"), (2, 1, "pair"), (3, 2, "mesh"), (3, 3, "all-to-all"), (8, 27, "mesh")],
)
def test_shapes_follow_from_the_counts(gpus: int, links: int, shape: str) -> None:
    assert classify(gpus, links) == shape


def check(fabric: GpuFabric) -> None:
    pairs = [(link.first, link.second) for link in fabric.links]
    assert len(set(pairs)) == len(pairs)
    assert all(first < second for first, second in pairs)
    assert all(len(row) == len(fabric.matrix) for row in fabric.matrix)


WORDS = st.sampled_from(
    ["GPU0", "GPU1", "GPU2", "GPU9999", "X", "NV4", "NV", "NV99999", "SYS", "15", "0", "-1", "²",
     "CPU", "Affinity", "\x1b[4m", "GPU", "NIC0", "N/A"]
)  # fmt: skip


@given(st.lists(st.lists(WORDS, max_size=6).map("\t".join), max_size=8).map("\n".join))
@example("GPU0\tGPU0\nGPU0\tNV4\tNV4")
def test_no_arrangement_of_the_words_confuses_the_parsers(text: str) -> None:
    check(parse_nvidia_topology(text))
    check(parse_rocm_topology(f"=== Weight between two GPUs ===\n{text}"))


@given(st.text(max_size=300), st.integers(0, 2000))
def test_junk_and_truncation_never_raise(junk: str, length: int) -> None:
    folder = Path(__file__).parents[2] / "data/hardware"
    for name in ("nvidia_topo_4_gpus_mesh", "rocm_topo_8_gpus_two_hives"):
        text = (folder / f"{name}.txt").read_text()[:length] + junk
        check(parse_nvidia_topology(text))
        check(parse_rocm_topology(text))
