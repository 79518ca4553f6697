"""NVIDIA GPUs, through a driver that a test plays."""

import os
import types
from collections.abc import Callable
from pathlib import Path

from infernet_tui.hardware.nvidia import RETRY_SECONDS, Nvml
from infernet_tui.hardware.pci import PciDevices
from tests.support.fake_nvml import GIB, FakeDevice, FakeNvml

NO_PCI = PciDevices(Path("/nonexistent"))


def process(pid: int, size: int | None) -> object:
    return types.SimpleNamespace(pid=pid, usedGpuMemory=size)


def test_everything_a_device_tells() -> None:
    own = os.getpid()
    device = FakeDevice(
        values={
            "ComputeRunningProcesses": [process(own, 3 * GIB), process(2**22 + 1, None)],
            "GraphicsRunningProcesses": [process(own, GIB)],
        }
    )
    (gpu,) = Nvml(FakeNvml(device), pci=NO_PCI).gpus(in_full=True)
    assert (gpu.index, gpu.vendor, gpu.model) == (0, "nvidia", "NVIDIA GeForce RTX 4090")
    assert (gpu.utilization_percent, gpu.vram_used_bytes) == (37, 4 * GIB)
    assert (gpu.power_watts, gpu.power_limit_watts, gpu.temperature_c) == (312.4, 450.0, 64)
    assert (gpu.clock_mhz, gpu.clock_max_mhz, gpu.fan_percent) == (2520, 3105, 41)
    assert (gpu.pcie_generation, gpu.pcie_lanes, gpu.pcie_rx_bytes_per_second) == (4, 16, 1_024_000)
    ours, other = gpu.processes
    assert (ours.pid, ours.vram_bytes) == (own, 3 * GIB)
    assert ours.name
    assert (other.name, other.vram_bytes) == (None, None)


def test_what_a_device_does_not_support_is_not_known() -> None:
    device = FakeDevice(values={"UtilizationRates": None, "FanSpeed": None})
    (gpu,) = Nvml(FakeNvml(device), pci=NO_PCI).gpus(in_full=True)
    assert (gpu.utilization_percent, gpu.fan_percent, gpu.temperature_c) == (None, None, 64)


def test_devices_stay_open_between_samples() -> None:
    library = FakeNvml(FakeDevice(), FakeDevice(bus_id="00000000:02:00.0"))
    nvml = Nvml(library, pci=NO_PCI)
    for _ in range(3):
        assert len(nvml.gpus(in_full=False)) == 2
    assert library.calls == ["nvmlInit", "open 0", "open 1"]
    assert nvml.probe().detail == "2 GPUs, driver 560.35.03"
    nvml.close()
    assert not library.is_open


def test_a_lost_device_is_looked_for_anew() -> None:
    device = FakeDevice()
    library = FakeNvml(device)
    nvml = Nvml(library, pci=NO_PCI)
    nvml.gpus(in_full=False)
    device.is_lost = True
    (gpu,) = nvml.gpus(in_full=False)
    assert gpu.utilization_percent is None
    assert not library.is_open
    device.is_lost = False
    assert nvml.gpus(in_full=False)[0].utilization_percent == 37


def test_a_machine_without_driver_is_left_alone_for_a_minute() -> None:
    now = [0.0]
    library = FakeNvml(problem="no library")
    nvml = Nvml(library, pci=NO_PCI, clock=lambda: now[0])
    for _ in range(5):
        assert nvml.gpus(in_full=False) == ()
    assert library.calls == ["nvmlInit"]
    assert nvml.probe().detail == "libnvidia-ml.so.1 is not installed"
    library.problem, library.devices = "", [FakeDevice()]
    now[0] = RETRY_SECONDS
    assert len(nvml.gpus(in_full=False)) == 1


def test_a_driver_that_is_not_loaded_says_so() -> None:
    nvml = Nvml(FakeNvml(problem="Driver Not Loaded"), pci=NO_PCI)
    assert nvml.gpus(in_full=False) == ()
    assert not nvml.probe().found
    assert nvml.probe().detail == "Driver Not Loaded"


def test_gpus_that_all_sleep_are_shown_without_opening_the_driver(
    pci_folder: Callable[[dict[str, str]], Path],
) -> None:
    library = FakeNvml(FakeDevice())
    folder = pci_folder({"0000:01:00.0": "suspended"})
    nvml = Nvml(library, pci=PciDevices(folder))
    (gpu,) = nvml.gpus(in_full=True)
    assert (gpu.is_asleep, gpu.utilization_percent, gpu.processes) == (True, None, ())
    assert library.calls == []
    assert nvml.probe().detail == "1 GPU (all asleep)"

    pci_folder({"0000:01:00.0": "active"})
    (gpu,) = nvml.gpus(in_full=True)
    assert (gpu.is_asleep, gpu.model, gpu.utilization_percent) == (
        False,
        "NVIDIA GeForce RTX 4090",
        37,
    )


def test_one_that_falls_asleep_is_not_asked_and_its_size_is_remembered(
    pci_folder: Callable[[dict[str, str]], Path],
) -> None:
    library = FakeNvml(FakeDevice(), FakeDevice(bus_id="00000000:02:00.0"))
    folder = pci_folder({"0000:01:00.0": "active", "0000:02:00.0": "suspended"})
    nvml = Nvml(library, pci=PciDevices(folder))
    first, second = nvml.gpus(in_full=False)
    assert (first.is_asleep, second.is_asleep) == (False, True)
    assert library.calls == ["nvmlInit", "open 0000:01:00.0"]

    pci_folder({"0000:01:00.0": "suspended"})
    first, _second = nvml.gpus(in_full=False)
    assert first.is_asleep
    assert first.utilization_percent is None
    assert first.vram_total_bytes == 24 * GIB - 10_000_000


def test_devices_of_another_container_are_not_ours(
    pci_folder: Callable[[dict[str, str]], Path],
) -> None:
    folder = pci_folder({"0000:01:00.0": "active", "0000:02:00.0": "active"})
    nvml = Nvml(FakeNvml(FakeDevice(bus_id="00000000:02:00.0")), pci=PciDevices(folder))
    assert len(nvml.gpus(in_full=False)) == 1
