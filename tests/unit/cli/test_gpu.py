"""`infernet gpu`: what the machine is, for people and for programs."""

import json
import os

import jsonschema
import pytest

from infernet_tui.cli import gpu
from infernet_tui.cli.schema import load_schema
from infernet_tui.hardware.base import Gpu, HardwareReading, Sample
from infernet_tui.hardware.fake import FakeHardware
from tests.support.cli import Infernet

NOON = 1_764_072_000.0


class Sleeping(FakeHardware):
    """Its one GPU has been put to sleep by the kernel."""

    def __init__(self) -> None:
        super().__init__(lambda: NOON, gpu_count=1)

    def sample(self) -> Sample:
        """As the fake, but for the GPU."""
        sample = super().sample()
        return Sample((Gpu(0, "nvidia", "RTX 4070", is_asleep=True),), sample.cpu, sample.ram)


@pytest.fixture(autouse=True)
def fake_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four GPUs, and a clock that stands still."""
    monkeypatch.setattr(gpu, "machine", lambda: FakeHardware(lambda: NOON))


def test_people_see_a_block_for_each_gpu_and_then_the_rest(infernet: Infernet) -> None:
    out = infernet("gpu").out
    for index in range(4):
        assert f"GPU {index}\n  Model:        NVIDIA H100 80GB HBM3\n" in out
    assert "NVLink:      all-to-all, 6 links" in out
    assert "InfiniBand:  2 of 2 ports active (mlx5_0:1, mlx5_1:1)" in out
    assert "GPU1  NV18  X     NV18  NV18" in out
    assert "  NCCL_IB_HCA=mlx5_0:1,mlx5_1:1\n" in out
    assert "112 cores in 2 sockets" in out
    assert "None" not in out
    assert "Fan" not in out, "what is not known is left out"


def test_programs_get_the_existing_keys_first(infernet: Infernet) -> None:
    document = infernet("gpu", "--json").document
    assert list(document)[2:6] == ["host", "gpus", "cpus", "interconnects"]
    assert document["gpus"][0]["model"] == "NVIDIA H100 80GB HBM3"
    assert document["interconnects"]["nvlink"]["topology"] == "all-to-all"
    assert document["engine_environment"]["INFERNET_RDMA"] == "1"
    assert document["probes"][0]["name"] == "NVML"


def test_a_machine_without_a_gpu_says_how_to_learn_why(
    infernet: Infernet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "machine", lambda: FakeHardware(gpu_count=0))
    finished = infernet("gpu", "--explain")
    assert finished.code == 0
    assert finished.out.startswith("No GPU found; serving on CPU. Why: infernet gpu --explain\n")
    assert "NVML\tnot found\tlibnvidia-ml.so.1 is not installed" in finished.out


def test_a_sleeping_gpu_is_shown_as_asleep(
    infernet: Infernet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "machine", Sleeping)
    assert "State:  asleep; not woken to look at it" in infernet("gpu").out
    assert infernet("gpu", "--json").document["gpus"][0]["is_asleep"] is True


@pytest.fixture
def two_looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The watched machine is looked at twice; then Ctrl-C is pressed."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(gpu, "pause", wait)
    return waits


def test_watching_appends_where_there_is_no_terminal(
    infernet: Infernet, two_looks: list[float]
) -> None:
    finished = infernet("gpu", "--watch")
    assert (finished.code, two_looks) == (130, [2.0, 2.0])
    assert finished.out.count("2025-11-25T12:00:00.000Z\n") == 2
    assert "\x1b" not in finished.out


def test_watching_redraws_a_terminal(
    infernet: Infernet, two_looks: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infernet_tui.cli.output._is_terminal", lambda _stream: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((80, 10)))
    out = infernet("gpu", "--watch", "500ms").out
    assert two_looks == [0.5, 0.5]
    assert out.startswith("\x1b[2J\x1b[H2025-11-25T12:00:00.000Z")
    assert out.count("\n") == 18, "one line less than the terminal has, twice"


def test_watching_as_json_is_a_line_for_each_look(
    infernet: Infernet, two_looks: list[float]
) -> None:
    finished = infernet("gpu", "--json", "--watch=1s")
    lines = [json.loads(line) for line in finished.out.splitlines()]
    assert [line["type"] for line in lines] == ["reading", "reading", "result"]
    assert lines[-1]["error"]["code"] == "interrupted"
    for line in lines:
        jsonschema.validate(line, load_schema("gpu"))


def test_hardware_is_let_go_of(infernet: Infernet, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    class Closing(FakeHardware):
        def read(self) -> HardwareReading:
            raise OSError("no")

        def close(self) -> None:
            closed.append(True)

    monkeypatch.setattr(gpu, "machine", Closing)
    assert infernet("gpu").code == 1
    assert closed == [True]
