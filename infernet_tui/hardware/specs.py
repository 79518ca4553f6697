"""What a node says about its machine: coarse; no host name, bus id or serial number (`wire.md` §7).

Blocking calls; callers keep them off the event loop and cache the result.
"""

import platform
from pathlib import Path
from typing import Any

import psutil

from infernet_tui.hardware.gpus import GIB, nvidia_gpus
from infernet_tui.hardware.interconnects import advertised_interconnects

MAX_GPUS = 16
"""A control plane stores no more."""
_ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}
_CPU_INFO = Path("/proc/cpuinfo")
_VENDORS = {"intel": "intel", "amd": "amd", "apple": "apple", "arm": "arm"}


def collect_specs() -> dict[str, Any]:
    """The part of `specs` that rarely changes: `cpu`, `gpu_count`, `gpus`, `interconnects`."""
    gpus = nvidia_gpus()
    return {
        "cpu": cpu(),
        "gpu_count": len(gpus),
        "gpus": [
            {"vendor": "nvidia", "vram_tier": gpu.vram_tier, "model": gpu.model}
            for gpu in gpus[:MAX_GPUS]
        ],
        "interconnects": advertised_interconnects(),
    }


def cpu() -> dict[str, Any]:
    """Vendor, architecture, logical cores, sockets (`groups`) and memory in whole GiB."""
    machine = platform.machine().lower()
    info = _cpu_info()
    return {
        "vendor": _vendor(info),
        "arch": _ARCHITECTURES.get(machine, machine),
        "cores": psutil.cpu_count() or 1,
        "groups": max(1, len({line for line in info if line.startswith("physical id")})),
        "ram_gb": round(psutil.virtual_memory().total / GIB),
    }


def _cpu_info() -> list[str]:
    try:
        return _CPU_INFO.read_text("utf-8", "replace").splitlines()
    except OSError:  # not Linux
        return []


def _vendor(info: list[str]) -> str:
    vendors = [line for line in info if line.startswith(("vendor_id", "CPU implementer"))]
    text = (vendors[0] if vendors else platform.processor() or platform.machine()).lower()
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return "apple"
    return next((name for word, name in _VENDORS.items() if word in text), "unknown")
