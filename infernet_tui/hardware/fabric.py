"""Looks for each kind of fabric once, and remembers what came of it. Blocks for up to seconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infernet_tui.hardware.base import Gpu, Probe
from infernet_tui.hardware.interconnects import Interconnects
from infernet_tui.hardware.probing import Outcome, run_tool
from infernet_tui.hardware.rdma import INFINIBAND_FOLDER, parse_lspci, read_infiniband
from infernet_tui.hardware.topology import (
    NO_FABRIC,
    GpuFabric,
    parse_nvidia_topology,
    parse_rocm_topology,
)

RunTool = Callable[[Sequence[str]], Outcome]


@dataclass(frozen=True, slots=True)
class DetectedFabric:
    """The fabric, and the probes that looked for it."""

    interconnects: Interconnects
    probes: tuple[Probe, ...]


def detect_fabric(
    gpus: Sequence[Gpu],
    *,
    run: RunTool = run_tool,
    infiniband_folder: Path = INFINIBAND_FOLDER,
) -> DetectedFabric:
    """Ask each vendor's tool. `gpus` are NVIDIA's: none of them is woken for this."""
    nvlink, nvlink_probe = _nvlink(gpus, run)
    xgmi, xgmi_probe = _xgmi(run)
    ports = read_infiniband(infiniband_folder)
    active = sum(port.is_active for port in ports)
    lspci = run(("lspci", "-d", "1d0f:", "-mm"))
    adapters = parse_lspci(lspci.text or "")
    probes = (
        nvlink_probe,
        xgmi_probe,
        Probe(
            "InfiniBand",
            bool(active),
            f"{active} of {len(ports)} ports active" if ports else f"no {infiniband_folder}",
        ),
        Probe("EFA", bool(adapters), lspci.detail or f"{len(adapters)} adapters"),
    )
    return DetectedFabric(Interconnects(nvlink, xgmi, ports, adapters), probes)


def _nvlink(gpus: Sequence[Gpu], run: RunTool) -> tuple[GpuFabric, Probe]:
    if any(gpu.is_asleep for gpu in gpus):
        return NO_FABRIC, Probe("NVLink", False, "not asked: a GPU is asleep")
    if len(gpus) == 1:
        return NO_FABRIC, Probe("NVLink", False, "there is only one GPU")
    outcome = run(("nvidia-smi", "topo", "-m"))
    fabric = parse_nvidia_topology(outcome.text or "")
    return fabric, _probe("NVLink", fabric, outcome)


def _xgmi(run: RunTool) -> tuple[GpuFabric, Probe]:
    outcome = run(("rocm-smi", "--showtopo"))
    fabric = parse_rocm_topology(outcome.text or "")
    return fabric, _probe("xGMI", fabric, outcome)


def _probe(name: str, fabric: GpuFabric, outcome: Outcome) -> Probe:
    if fabric.is_available:
        links = f"{len(fabric.links)} link" + "s" * (len(fabric.links) > 1)
        return Probe(name, True, f"{fabric.topology}, {links} among {len(fabric.matrix)} GPUs")
    count = len(fabric.matrix)
    return Probe(name, False, outcome.detail or f"no link among {count} GPUs")
