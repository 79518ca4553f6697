"""What a node says about its machine."""

import sys

import pytest

from infernet_tui.hardware.fake import FakeHardware
from infernet_tui.hardware.load import measure_load
from infernet_tui.hardware.specs import collect_specs, vram_tier
from tests.support.fake_nvml import GIB, FakeDevice, FakeNvml


def test_gpus_are_described_coarsely(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = FakeNvml(
        FakeDevice(), FakeDevice(bus_id="00000000:02:00.0", values={"UtilizationRates": None})
    )
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
    assert load["vram"]["free_gb"] == 39.98
    assert not nvml.is_open


def test_a_machine_without_driver_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(problem="no library"))
    assert collect_specs()["gpus"] == []
    load = measure_load(0, 4)
    assert (load["gpu_utilization_max"], load["vram"]) == (None, {"total_gb": 0, "free_gb": 0})
    assert (load["active_jobs"], load["concurrency_cap"]) == (0, 4)
    assert load["ram"]["total_gb"] > 0


def test_a_machine_without_the_package_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert collect_specs()["gpu_count"] == 0


def test_the_hardware_of_a_node_is_asked_when_there_is_one() -> None:
    hardware = FakeHardware(lambda: 1000.0)
    specs = collect_specs(hardware)
    assert specs["gpu_count"] == 4
    assert specs["interconnects"]["nvlink"] == {
        "available": True, "topology": "all-to-all", "link_count": 6,
    }  # fmt: skip
    assert measure_load(2, 4, hardware)["vram"]["total_gb"] == 318.59


@pytest.mark.parametrize(
    ("gib", "tier"),
    [(6, "<8gb"), (8, "8-16gb"), (16, "16-24gb"), (24, "24-48gb"), (48, ">=48gb"), (141, ">=48gb")],
)
def test_memory_is_told_in_classes(gib: int, tier: str) -> None:
    assert vram_tier(gib * GIB) == tier
