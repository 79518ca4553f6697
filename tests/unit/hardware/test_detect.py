"""The machine as a whole: what is cached, what is measured, and the fake one."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

from infernet_tui.hardware.base import Gpu, Hardware, Probe
from infernet_tui.hardware.cpu import CpuMeter, read_disk
from infernet_tui.hardware.detect import FABRIC_SECONDS, MachineHardware
from infernet_tui.hardware.document import hardware_document
from infernet_tui.hardware.fabric import DetectedFabric
from infernet_tui.hardware.fake import FakeHardware
from infernet_tui.hardware.interconnects import Interconnects
from infernet_tui.hardware.nvidia import Nvml
from infernet_tui.hardware.pci import PciDevices
from infernet_tui.hardware.rdma import EfaAdapter
from tests.support.fake_nvml import FakeDevice, FakeNvml

NO_PCI = PciDevices(Path("/nonexistent"))


def test_the_fabric_is_looked_at_again_only_after_five_minutes() -> None:
    now, looks = [0.0], list[int]()

    def detect(gpus: Sequence[Gpu]) -> DetectedFabric:
        looks.append(len(gpus))
        found = Interconnects(efa=(EfaAdapter("10:1b.0", "EFA"),))
        return DetectedFabric(found, (Probe("EFA", True, "1 adapters"),))

    nvml = Nvml(FakeNvml(FakeDevice()), pci=NO_PCI)
    machine = MachineHardware(
        nvml, detect=detect, environ={"NCCL_PROTO": "LL"}, clock=lambda: now[0]
    )
    machine.sample()
    assert looks == []
    reading = machine.read()
    machine.read()
    assert looks == [1]
    now[0] = FABRIC_SECONDS + 1
    machine.read()
    assert looks == [1, 1]
    assert reading.backend == "nvml"
    assert reading.engine_environment["FI_PROVIDER"] == "efa"
    assert reading.engine_environment["NCCL_PROTO"] == "LL"
    found = {probe.name: probe.found for probe in reading.probes}
    assert found == {
        "NVML": True, "AMD": False, "Apple": False, "EFA": True, "CPU and memory": True,
    }  # fmt: skip


def test_a_machine_with_nothing_says_what_was_tried() -> None:
    machine = MachineHardware(Nvml(FakeNvml(problem="no library"), pci=NO_PCI))
    reading = machine.read()
    assert (reading.backend, reading.gpus) == ("none", ())
    assert reading.cpu.cores > 0
    assert reading.ram.used_bytes + reading.ram.available_bytes == reading.ram.total_bytes
    assert all(probe.detail for probe in reading.probes)


def test_the_processor_is_measured_from_look_to_look() -> None:
    def ticks(user: float, idle: float, guest: float = 0.0) -> SimpleNamespace:
        values = {"user": user, "idle": idle, "iowait": 0.0, "guest": guest}
        return SimpleNamespace(_asdict=lambda: values)

    looks = iter([ticks(10, 90), ticks(40, 160), ticks(40, 160), ticks(60, 180, guest=20)])
    meter = CpuMeter(lambda: next(looks))
    assert [meter.percent() for _ in range(4)] == [None, 30.0, None, 50.0]


def test_the_disk_is_that_of_a_folder_that_is_not_made_yet(tmp_path: Path) -> None:
    disk = read_disk(tmp_path / "not" / "yet")
    assert disk.path == str(tmp_path)
    assert disk.total_bytes


def test_the_fake_machine_moves_with_its_clock_alone() -> None:
    now = [1_700_000_000.0]
    machine: Hardware = FakeHardware(lambda: now[0])
    before = hardware_document(machine.read())
    assert hardware_document(machine.read()) == before
    now[0] += 5
    after = hardware_document(machine.read())
    assert [gpu["utilization_percent"] for gpu in after["gpus"]] != [
        gpu["utilization_percent"] for gpu in before["gpus"]
    ]
    for second in range(600):
        now[0] += 1
        for gpu in machine.sample().gpus:
            assert 0 <= (gpu.utilization_percent or 0) <= 100, second
            assert (gpu.vram_used_bytes or 0) < (gpu.vram_total_bytes or 0)


def test_the_fake_machine_can_be_without_a_gpu() -> None:
    reading = FakeHardware(gpu_count=0).read()
    assert (reading.backend, reading.gpus, reading.interconnects) == ("none", (), Interconnects())


def test_a_document_is_json_and_leaves_no_key_out() -> None:
    fake = json.loads(json.dumps(hardware_document(FakeHardware().read())))
    bare = json.loads(json.dumps(hardware_document(FakeHardware(gpu_count=0).read())))
    assert fake.keys() == bare.keys()
    assert fake["measured_at"].endswith("Z")
    assert fake["gpus"][0]["fan_percent"] is None
