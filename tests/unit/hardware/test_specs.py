"""What a node says about its machine."""

import sys
import types

import pytest

from infernet_tui.hardware import gpus
from infernet_tui.hardware.gpus import Gpu, nvidia_gpus
from infernet_tui.hardware.load import measure_load
from infernet_tui.hardware.specs import collect_specs

GIB = 1024**3


class FakeNvml(types.ModuleType):
    """Stands in for the driver's library."""

    class NVMLError(Exception):
        """As in the real module."""

    def __init__(self, names: list[str]) -> None:
        super().__init__("pynvml")
        self.names = names
        self.is_open = False

    def nvmlInit(self) -> None:
        if not self.names:
            raise self.NVMLError("driver not loaded")
        self.is_open = True

    def nvmlShutdown(self) -> None:
        self.is_open = False

    def nvmlDeviceGetCount(self) -> int:
        return len(self.names)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetMemoryInfo(self, _handle: int) -> object:
        return types.SimpleNamespace(total=24 * GIB - 10_000_000, free=20 * GIB)

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> object:
        if handle == 1:
            raise self.NVMLError("not supported")
        return types.SimpleNamespace(gpu=37)

    def nvmlDeviceGetName(self, handle: int) -> str:
        return self.names[handle]


def test_gpus_are_described_coarsely(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = FakeNvml(["NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 4090"])
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    specs = collect_specs()
    assert specs["gpu_count"] == 2
    assert specs["gpus"][0] == {
        "vendor": "nvidia",
        "vram_tier": "24-48gb",
        "model": "NVIDIA GeForce RTX 4090",
    }
    load = measure_load(1, 4)
    assert load["gpu_utilization_max"] == 37
    assert load["vram"]["free_gb"] == 40.0
    assert not nvml.is_open


def test_a_machine_without_driver_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml([]))
    assert nvidia_gpus() == []
    load = measure_load(0, 4)
    assert (load["gpu_utilization_max"], load["vram"]) == (None, {"total_gb": 0, "free_gb": 0})
    assert (load["active_jobs"], load["concurrency_cap"]) == (0, 4)
    assert load["ram"]["total_gb"] > 0


def test_a_machine_without_the_package_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert gpus.nvidia_gpus() == []


@pytest.mark.parametrize(
    ("gib", "tier"),
    [(6, "<8gb"), (8, "8-16gb"), (16, "16-24gb"), (24, "24-48gb"), (48, ">=48gb"), (141, ">=48gb")],
)
def test_memory_is_told_in_classes(gib: int, tier: str) -> None:
    assert Gpu("m", gib * GIB, 0, None).vram_tier == tier
