"""What a node says about its machine: coarse; no host name, bus id or serial number (`wire.md` §7).

Blocking calls; callers keep them off the event loop and cache the result.
"""

import contextlib
from typing import Any

from infernet_tui.hardware.base import GIB, Cpu, Gpu, Hardware, HardwareReading, Ram
from infernet_tui.hardware.detect import MachineHardware
from infernet_tui.hardware.interconnects import advertised

MAX_GPUS = 16
"""A control plane stores no more."""
_TIERS = ((8, "<8gb"), (16, "8-16gb"), (24, "16-24gb"), (48, "24-48gb"))


def collect_specs(hardware: Hardware | None = None) -> dict[str, Any]:
    """The part of `specs` that rarely changes: `cpu`, `gpu_count`, `gpus`, `interconnects`."""
    return specs_of(_read(hardware))


def specs_of(reading: HardwareReading) -> dict[str, Any]:
    """The same, of a reading."""
    return {
        "cpu": _cpu(reading.cpu, reading.ram),
        "gpu_count": len(reading.gpus),
        "gpus": [_gpu(gpu) for gpu in reading.gpus[:MAX_GPUS]],
        "interconnects": advertised(reading.interconnects),
    }


def vram_tier(total_bytes: int) -> str:
    """Coarse class of a GPU's memory size, the wire's spelling; 24 means "sold as 24 GB"."""
    gigabytes = round(total_bytes / GIB)
    return next((name for limit, name in _TIERS if gigabytes < limit), ">=48gb")


def _read(hardware: Hardware | None) -> HardwareReading:
    if hardware:
        return hardware.read()
    with contextlib.closing(MachineHardware()) as machine:
        return machine.read()


def _cpu(cpu: Cpu, ram: Ram) -> dict[str, Any]:
    """Logical cores, sockets (`groups`), and memory in whole GiB."""
    return {
        "vendor": cpu.vendor,
        "arch": cpu.arch,
        "cores": cpu.cores,
        "groups": cpu.groups,
        "ram_gb": round(ram.total_bytes / GIB),
    }


def _gpu(gpu: Gpu) -> dict[str, Any]:
    size = gpu.vram_total_bytes
    tier = {} if size is None else {"vram_tier": vram_tier(size)}  # never seen awake
    return {"vendor": gpu.vendor, **tier, "model": gpu.model}
