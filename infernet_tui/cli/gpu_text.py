"""A reading of the hardware as lines for people; what is not known is left out."""

from collections.abc import Iterable, Mapping, Sequence

from infernet_tui.cli.output import Output
from infernet_tui.hardware.base import GIB, Cpu, Gpu, GpuProcess, HardwareReading, Probe, Ram
from infernet_tui.hardware.interconnects import Interconnects
from infernet_tui.hardware.topology import GpuFabric
from infernet_tui.text import align, one_line

NO_GPU = "No GPU found; serving on CPU. Why: infernet gpu --explain"


def summary(output: Output, reading: HardwareReading) -> list[str]:
    """A block for each GPU, the fabric, the processor and the memory."""
    blocks = [_block(output, f"GPU {gpu.index}", _gpu(gpu)) for gpu in reading.gpus] or [[NO_GPU]]
    blocks.append(_block(output, "Interconnects", _fabric(reading.interconnects)))
    if reading.interconnects.nvlink.is_available:
        blocks.append(_matrix(reading.interconnects.nvlink))
    if environment := reading.engine_environment:
        blocks.append(["Engine environment", *(f"  {k}={v}" for k, v in environment.items())])
    machine = {"CPU": _cpu(reading.cpu), "Memory": _ram(reading.ram), "Model disk": _disk(reading)}
    blocks.append(output.pairs(machine))
    return [line for block in blocks for line in (*block, "")][:-1]


def explanation(output: Output, probes: Sequence[Probe]) -> list[str]:
    """Every probe, and what it found."""
    words = {True: "found", False: "not found"}
    rows = [(probe.name, words[probe.found], probe.detail) for probe in probes]
    return output.table(("PROBE", "RESULT", "DETAIL"), rows)


def _block(output: Output, heading: str, values: Mapping[str, object]) -> list[str]:
    return [heading, *(f"  {line}" for line in output.pairs(values))]


def _gpu(gpu: Gpu) -> dict[str, str | None]:
    if gpu.is_asleep:
        size = gpu.vram_total_bytes
        memory = None if size is None else f"{_gigabytes(size)} GB"
        return {"Model": gpu.model, "State": "asleep; not woken to look at it", "Memory": memory}
    return {
        "Model": gpu.model,
        "Utilisation": _with_unit(gpu.utilization_percent, " %"),
        "Memory": _of(_gigabytes(gpu.vram_used_bytes), _gigabytes(gpu.vram_total_bytes), "GB"),
        "Power": _of(_rounded(gpu.power_watts), _rounded(gpu.power_limit_watts), "W"),
        "Temperature": _with_unit(gpu.temperature_c, " °C"),
        "Clock": _of(_rounded(gpu.clock_mhz), _rounded(gpu.clock_max_mhz), "MHz"),
        "Fan": _with_unit(gpu.fan_percent, " %"),
        "PCIe": _pcie(gpu),
        "Processes": ", ".join(map(_process, gpu.processes)) or None,
    }


def _pcie(gpu: Gpu) -> str | None:
    if gpu.pcie_generation is None or gpu.pcie_lanes is None:
        return None
    text = f"generation {gpu.pcie_generation} ×{gpu.pcie_lanes}"
    received, sent = gpu.pcie_rx_bytes_per_second, gpu.pcie_tx_bytes_per_second
    if received is None or sent is None:
        return text
    return f"{text}, {received / 1e9:.1f} GB/s in, {sent / 1e9:.1f} GB/s out"


def _process(process: GpuProcess) -> str:
    size = _gigabytes(process.vram_bytes)
    name = one_line(process.name or "?")
    return f"{name} ({process.pid})" + (f" {size} GB" if size else "")


def _fabric(found: Interconnects) -> dict[str, str]:
    return {
        "NVLink": _links(found.nvlink),
        "xGMI": _links(found.xgmi),
        "InfiniBand": _ports(found),
        "EFA": _count(len(found.efa), "adapter") if found.efa else "not detected",
        "RDMA": "yes" if found.is_rdma_capable else "no",
    }


def _links(fabric: GpuFabric) -> str:
    if not fabric.is_available:
        return "not detected"
    return f"{fabric.topology}, {_count(len(fabric.links), 'link')}"


def _ports(found: Interconnects) -> str:
    if not found.infiniband:
        return "not detected"
    names = ", ".join(f"{port.name}:{port.port}" for port in found.active_ports)
    text = f"{len(found.active_ports)} of {_count(len(found.infiniband), 'port')} active"
    return f"{text} ({names})" if names else text


def _matrix(fabric: GpuFabric) -> list[str]:
    names = [f"GPU{number}" for number in range(len(fabric.matrix))]
    rows = [["", *names], *([name, *row] for name, row in zip(names, fabric.matrix, strict=True))]
    return align(rows)


def _cpu(cpu: Cpu) -> str:
    parts: Iterable[str | None] = (
        cpu.model or cpu.vendor,
        cpu.arch,
        f"{_count(cpu.cores, 'core')} in {_count(cpu.groups, 'socket')}",
        None if cpu.load_1m is None else f"load {cpu.load_1m:g}",
        _with_unit(cpu.percent, " % busy"),
    )
    return ", ".join(part for part in parts if part)


def _ram(ram: Ram) -> str | None:
    return _of(_gigabytes(ram.used_bytes), _gigabytes(ram.total_bytes), "GB used")


def _disk(reading: HardwareReading) -> str | None:
    disk = reading.disk
    if disk.free_bytes is None:
        return None
    return f"{disk.path}, {disk.free_bytes / 1e9:.0f} GB free"


def _of(used: str | None, total: str | None, unit: str) -> str | None:
    if used is None:
        return None if total is None else f"? of {total} {unit}"
    return f"{used} {unit}" if total is None else f"{used} of {total} {unit}"


def _with_unit(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value:g}{unit}"


def _rounded(value: float | None) -> str | None:
    return None if value is None else f"{value:.0f}"


def _gigabytes(size: int | None) -> str | None:
    """Memory, as it is sold: 24 GB is 24 × 2³⁰ bytes."""
    return None if size is None else f"{size / GIB:.1f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
