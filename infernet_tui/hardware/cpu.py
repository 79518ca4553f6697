"""Processor, memory and disk, through psutil and /proc. Blocking, and cheap."""

import functools
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from infernet_tui import paths
from infernet_tui.hardware.base import Cpu, Disk, Ram

_ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}
_CPU_INFO = Path("/proc/cpuinfo")
_VENDORS = {"intel": "intel", "amd": "amd", "apple": "apple", "arm": "arm"}
_MODEL_KEYS = ("model name", "Model", "Hardware")


class CpuMeter:
    """Measures how busy the processor was from one look to the next.

    Not `psutil.cpu_percent`, whose memory all callers of the process share: two readers would
    shorten each other's interval.
    """

    def __init__(self, times: Callable[[], Any] = psutil.cpu_times) -> None:
        self._times = times
        self._before: tuple[float, float] | None = None

    def percent(self) -> float | None:
        """Since the last call; None in the first one, or when no time has passed."""
        now = _busy_and_all(self._times())
        before, self._before = self._before, now
        if before is None or now[1] <= before[1]:
            return None
        share = (now[0] - before[0]) / (now[1] - before[1])
        return round(100 * min(1.0, max(0.0, share)), 1)


def read_cpu(percent: float | None = None) -> Cpu:
    """The processor."""
    vendor, model, groups = _description()
    machine = platform.machine().lower()
    return Cpu(
        vendor=vendor,
        model=model,
        arch=_ARCHITECTURES.get(machine, machine),
        cores=psutil.cpu_count() or 1,
        groups=groups,
        percent=percent,
        load_1m=_load(),
    )


def read_ram() -> Ram:
    """Main memory."""
    memory = psutil.virtual_memory()
    return Ram(memory.total, memory.total - memory.available, memory.available)


def read_disk(folder: Path | None = None) -> Disk:
    """The file system of the models folder, or of the nearest folder above it that exists."""
    folder = folder or paths.models_dir()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return Disk(str(folder), None, None)
    return Disk(str(folder), usage.total, usage.free)


def _busy_and_all(times: Any) -> tuple[float, float]:
    values = times._asdict()
    # Linux counts a guest's time again in `user` and `nice`.
    everything = sum(values.values()) - values.get("guest", 0) - values.get("guest_nice", 0)
    return everything - values.get("idle", 0) - values.get("iowait", 0), everything


def _load() -> float | None:
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None


@functools.cache
def _description() -> tuple[str, str | None, int]:
    """Vendor, model and sockets: they do not change while we run."""
    lines = _cpu_info()
    sockets = {line for line in lines if line.startswith("physical id")}
    return _vendor(lines), _model(lines), max(1, len(sockets))


def _cpu_info() -> list[str]:
    try:
        return _CPU_INFO.read_text("utf-8", "replace").splitlines()
    except OSError:  # not Linux
        return []


def _model(lines: list[str]) -> str | None:
    for key in _MODEL_KEYS:
        for line in lines:
            if line.startswith(key):
                return " ".join(line.partition(":")[2].split())[:64] or None
    return platform.processor()[:64] or None


def _vendor(lines: list[str]) -> str:
    vendors = [line for line in lines if line.startswith(("vendor_id", "CPU implementer"))]
    text = (vendors[0] if vendors else platform.processor() or platform.machine()).lower()
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return "apple"
    return next((name for word, name in _VENDORS.items() if word in text), "unknown")
