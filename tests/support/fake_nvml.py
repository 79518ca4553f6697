"""Stands in for the module `pynvml`: devices a test describes, and errors like the driver's."""

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GIB = 1024**3
UNSUPPORTED, LOST = 3, 15

VALUES: Mapping[str, Any] = {
    "UtilizationRates": types.SimpleNamespace(gpu=37),
    "MemoryInfo": types.SimpleNamespace(total=24 * GIB - 10_000_000, used=4 * GIB),
    "PowerUsage": 312_400,
    "EnforcedPowerLimit": 450_000,
    "Temperature": 64,
    "ClockInfo": 2520,
    "MaxClockInfo": 3105,
    "FanSpeed": 41,
    "CurrPcieLinkGeneration": 4,
    "CurrPcieLinkWidth": 16,
    "PcieThroughput": 1000,
    "ComputeRunningProcesses": (),
    "GraphicsRunningProcesses": (),
}


@dataclass
class FakeDevice:
    """One GPU; a value that is None is one it does not support."""

    name: str = "NVIDIA GeForce RTX 4090"
    bus_id: str = "00000000:01:00.0"
    values: dict[str, Any] = field(default_factory=dict)
    is_lost: bool = False


class FakeNvml(types.ModuleType):
    """The driver's library. Everything that was called is remembered."""

    class NVMLError(Exception):
        """As in the real module: `value` is the number."""

        def __init__(self, value: int, text: str = "Not Supported") -> None:
            super().__init__(text)
            self.value = value

    class NVMLError_LibraryNotFound(NVMLError):
        """No driver on this machine."""

    def __init__(self, *devices: FakeDevice, problem: str = "") -> None:
        super().__init__("pynvml")
        self.devices = list(devices)
        self.problem = problem
        self.is_open = False
        self.calls: list[str] = []

    def nvmlInit(self) -> None:
        self.calls.append("nvmlInit")
        if self.problem == "no library":
            raise self.NVMLError_LibraryNotFound(12)
        if self.problem:
            raise self.NVMLError(9, self.problem)
        self.is_open = True

    def nvmlShutdown(self) -> None:
        self.is_open = False

    def nvmlSystemGetDriverVersion(self) -> str:
        return "560.35.03"

    def nvmlDeviceGetCount(self) -> int:
        return len(self.devices)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> FakeDevice:
        self.calls.append(f"open {index}")
        return self.devices[index]

    def nvmlDeviceGetHandleByPciBusId(self, bus_id: bytes) -> FakeDevice:
        self.calls.append(f"open {bus_id.decode()}")
        for device in self.devices:
            if device.bus_id.endswith(bus_id.decode()):
                return device
        raise self.NVMLError(6, "Not Found")

    def nvmlDeviceGetPciInfo(self, device: FakeDevice) -> object:
        return types.SimpleNamespace(busId=device.bus_id.encode())

    def nvmlDeviceGetName(self, device: FakeDevice) -> bytes:
        return device.name.encode()

    def __getattr__(self, function: str) -> Any:
        name = function.removeprefix("nvmlDeviceGet")
        if name not in VALUES:
            raise AttributeError(function)

        def ask(device: FakeDevice, *_arguments: int) -> Any:
            if device.is_lost:
                raise self.NVMLError(LOST, "GPU is lost")
            value = device.values.get(name, VALUES[name])
            if value is None:
                raise self.NVMLError(UNSUPPORTED)
            return value

        return ask
