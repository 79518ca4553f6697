"""NVIDIA GPUs through NVML, kept open between samples.

Best effort: no package, no driver or a driver that fails is no GPU, and a value that a device does
not tell is None. A GPU that the kernel has put to sleep is never asked anything, because that would
wake it; not even NVML is opened while all of them sleep. Blocking, and not thread-safe: the caller
holds a lock.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from infernet_tui.hardware.base import Gpu, GpuProcess, Probe
from infernet_tui.hardware.pci import PciDevices

PROBE_NAME = "NVML"
RETRY_SECONDS = 60.0
"""How long a machine without a working driver is left alone."""
UNKNOWN_MODEL = "NVIDIA GPU"
"""A device that has slept ever since we looked."""
MAX_MODEL_CHARS = 64

# Numbers of nvml.h, the same in every release.
_GRAPHICS_CLOCK = 0
_CORE_TEMPERATURE = 0
_PCIE_SENT, _PCIE_RECEIVED = 0, 1
_LOST = frozenset({1, 9, 15, 16})
"""Uninitialised, driver not loaded, GPU lost, reset required: what was opened is of no use now."""


@dataclass(slots=True)
class _Device:
    index: int
    address: str | None
    """Its PCI address in the spelling of sysfs."""
    handle: Any = None
    """None until it has been awake once."""
    model: str = UNKNOWN_MODEL
    vram_total_bytes: int | None = None


class Nvml:
    """The devices that NVML lists."""

    def __init__(
        self,
        library: Any = None,
        *,
        pci: PciDevices | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`library` stands in for the module `pynvml`, which is else imported when needed."""
        self._given = library
        self._library: Any = None
        self._pci = pci or PciDevices()
        self._clock = clock
        self._devices: list[_Device] = []
        self._not_before = float("-inf")
        self._problem = ""
        self._is_lost = False

    def gpus(self, *, in_full: bool) -> tuple[Gpu, ...]:
        """Every device; `in_full` also what is slow to ask (PCIe throughput takes 20 ms each)."""
        if not self._devices and self._clock() >= self._not_before:
            self._find_devices()
            if not self._devices:
                self._not_before = self._clock() + RETRY_SECONDS
        found = tuple(self._read(device, in_full) for device in self._devices)
        if self._is_lost:
            self.close()
        return found

    def probe(self) -> Probe:
        """How looking for devices went; to be called after `gpus`."""
        if not self._devices:
            return Probe(PROBE_NAME, False, self._problem or "no NVIDIA GPU")
        count = f"{len(self._devices)} GPU" + "s" * (len(self._devices) > 1)
        driver = self._ask("nvmlSystemGetDriverVersion") if self._library else None
        asleep = " (all asleep)" if not self._library else ""
        return Probe(PROBE_NAME, True, count + (f", driver {_text(driver)}" if driver else asleep))

    def close(self) -> None:
        """Let go of NVML; a later call opens it again."""
        if self._library:
            self._ask("nvmlShutdown")
        self._library, self._devices, self._is_lost = None, [], False

    def _find_devices(self) -> None:
        addresses = self._pci.addresses()
        awake = [address for address in addresses if not self._pci.is_asleep(address)]
        if addresses and not awake:
            self._devices = [_Device(index, address) for index, address in enumerate(addresses)]
        elif self._open() and len(awake) == len(addresses):
            count = self._ask("nvmlDeviceGetCount") or 0
            self._devices = [self._device_at(index) for index in range(count)]
        elif self._library:
            self._devices = self._devices_among(addresses)
        if self._library and not self._devices:
            self._problem = self._problem or "the driver lists no GPU"
            self.close()

    def _device_at(self, index: int) -> _Device:
        """By number, as NVML counts: right also where sysfs shows devices that are not ours."""
        handle = self._ask("nvmlDeviceGetHandleByIndex", index)
        info = self._ask("nvmlDeviceGetPciInfo", handle)
        address = _text(info.busId)[-12:].lower() if info else None
        return self._described(_Device(index, address, handle))

    def _devices_among(self, addresses: Any) -> list[_Device]:
        """By address, so that those asleep are left alone."""
        devices: list[_Device] = []
        for address in addresses:
            device = _Device(len(devices), address)
            if self._pci.is_asleep(address) or self._wake(device):
                devices.append(device)
        return devices

    def _wake(self, device: _Device) -> bool:
        """Open a device that is awake by itself."""
        if device.handle is None and device.address and self._open():
            address = device.address.encode()
            device.handle = self._ask("nvmlDeviceGetHandleByPciBusId", address)
            self._described(device)
        return device.handle is not None

    def _described(self, device: _Device) -> _Device:
        if device.handle is not None:
            name = self._ask("nvmlDeviceGetName", device.handle)
            device.model = _text(name)[:MAX_MODEL_CHARS] if name else UNKNOWN_MODEL
            memory = self._ask("nvmlDeviceGetMemoryInfo", device.handle)
            device.vram_total_bytes = int(memory.total) if memory else None
        return device

    def _read(self, device: _Device, in_full: bool) -> Gpu:
        is_asleep = device.address is not None and self._pci.is_asleep(device.address)
        known: dict[str, Any] = {
            "index": device.index,
            "vendor": "nvidia",
            "model": device.model,
            "vram_total_bytes": device.vram_total_bytes,
        }
        if is_asleep or not self._wake(device):
            return Gpu(**known, is_asleep=is_asleep)
        known["model"], known["vram_total_bytes"] = device.model, device.vram_total_bytes
        known |= self._moving(device.handle)
        return Gpu(**known, **(self._rest(device.handle) if in_full else {}))

    def _moving(self, handle: Any) -> dict[str, Any]:
        rates = self._ask("nvmlDeviceGetUtilizationRates", handle)
        memory = self._ask("nvmlDeviceGetMemoryInfo", handle)
        return {
            "utilization_percent": int(rates.gpu) if rates else None,
            "vram_used_bytes": int(memory.used) if memory else None,
            "power_watts": _watts(self._ask("nvmlDeviceGetPowerUsage", handle)),
            "temperature_c": self._ask("nvmlDeviceGetTemperature", handle, _CORE_TEMPERATURE),
        }

    def _rest(self, handle: Any) -> dict[str, Any]:
        sent = self._ask("nvmlDeviceGetPcieThroughput", handle, _PCIE_SENT)
        received = self._ask("nvmlDeviceGetPcieThroughput", handle, _PCIE_RECEIVED)
        return {
            "power_limit_watts": _watts(self._ask("nvmlDeviceGetEnforcedPowerLimit", handle)),
            "clock_mhz": self._ask("nvmlDeviceGetClockInfo", handle, _GRAPHICS_CLOCK),
            "clock_max_mhz": self._ask("nvmlDeviceGetMaxClockInfo", handle, _GRAPHICS_CLOCK),
            "fan_percent": self._ask("nvmlDeviceGetFanSpeed", handle),
            "pcie_generation": self._ask("nvmlDeviceGetCurrPcieLinkGeneration", handle),
            "pcie_lanes": self._ask("nvmlDeviceGetCurrPcieLinkWidth", handle),
            "pcie_tx_bytes_per_second": None if sent is None else sent * 1024,
            "pcie_rx_bytes_per_second": None if received is None else received * 1024,
            "processes": self._processes(handle),
        }

    def _processes(self, handle: Any) -> tuple[GpuProcess, ...]:
        """Those that compute or draw, the largest first; one that does both is counted once."""
        sizes: dict[int, int | None] = {}
        for kind in ("Compute", "Graphics"):
            for process in self._ask(f"nvmlDeviceGet{kind}RunningProcesses", handle) or ():
                size = process.usedGpuMemory
                sizes[int(process.pid)] = max(size or 0, sizes.get(process.pid) or 0) or None
        found = [GpuProcess(pid, _process_name(pid), size) for pid, size in sizes.items()]
        return tuple(sorted(found, key=lambda process: (-(process.vram_bytes or 0), process.pid)))

    def _open(self) -> bool:
        """Load the library and the driver."""
        if self._library:
            return True
        library = self._given or _import()
        if library is None:
            self._problem = "the package nvidia-ml-py is not installed"
            return False
        try:
            library.nvmlInit()
        except library.NVMLError as error:
            self._problem = _words(error)
            return False
        self._library, self._problem = library, ""
        return True

    def _ask(self, function: str, *arguments: Any) -> Any:
        """What NVML answers; None when the device or the driver does not say."""
        library = self._library
        call = getattr(library, function, None)
        if call is None:  # an older package
            return None
        try:
            return call(*arguments)
        except library.NVMLError as error:
            self._is_lost = self._is_lost or getattr(error, "value", None) in _LOST
            return None


def _import() -> Any:
    try:
        import pynvml
    except ImportError:
        return None
    return pynvml


def _words(error: Exception) -> str:
    if type(error).__name__.endswith("LibraryNotFound"):
        return "libnvidia-ml.so.1 is not installed"
    return str(error) or type(error).__name__


def _watts(milliwatts: int | None) -> float | None:
    return None if milliwatts is None else round(milliwatts / 1000, 1)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _process_name(pid: int) -> str | None:
    try:
        return psutil.Process(pid).name()[:MAX_MODEL_CHARS]
    except (psutil.Error, OSError, ValueError):  # gone, or of another container
        return None
