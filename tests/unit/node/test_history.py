"""What the node remembers of the last minutes, hours and days."""

import asyncio
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infernet_tui.errors import UsageError
from infernet_tui.hardware.base import Cpu, Gpu, Ram, Sample
from infernet_tui.hardware.fake import FakeHardware
from infernet_tui.node.hardware_thread import HardwareThread
from infernet_tui.node.history import Recorder
from infernet_tui.node.node import Node
from infernet_tui.node.rings import Gauge, Ring
from infernet_tui.node.stats import Stats
from infernet_tui.node.verbs import VERBS

START = 1_764_021_600.0
"""A full hour, 2025-11-24T22:00:00Z."""
GPU = Gpu(
    0, "nvidia", "m", utilization_percent=50, vram_used_bytes=100, power_watts=300.0,
    temperature_c=60,
)  # fmt: skip
SAMPLE = Sample((GPU,), Cpu("intel", "m", "x64", 4, 1, 20.0, 0.5), Ram(1000, 400, 600))


@dataclass
class Bench:
    """A recorder whose time is a number."""

    stats: Stats = field(default_factory=Stats)
    now: float = START
    active: int = 0

    def __post_init__(self) -> None:
        self.recorder = Recorder(
            HardwareThread(FakeHardware()),
            self.stats,
            lambda: self.active,
            clock=lambda: self.now,
            monotonic=lambda: self.now,
        )

    def tick(self, sample: Sample = SAMPLE, seconds: float = 1.0) -> None:
        self.now += seconds
        self.recorder.add(sample)


def test_before_the_first_sample_every_value_is_a_gap() -> None:
    window = Bench().recorder.window("10m")
    assert window["end"] == "2025-11-24T22:00:00.000Z"
    assert window["tokens_per_second"] == [None] * 600
    assert window["gpus"] == []


def test_a_second_has_what_happened_in_it() -> None:
    bench = Bench()
    bench.stats.tokens_total = 84
    bench.stats.jobs_completed, bench.stats.jobs_failed, bench.active = 2, 1, 3
    bench.tick()
    bench.tick()
    window = bench.recorder.window("10m")
    assert window["end"] == "2025-11-24T22:00:02.000Z"
    assert window["tokens_per_second"][-3:] == [None, 84.0, 0.0]
    assert window["jobs_completed"][-3:] == [None, 2, 0]
    assert window["jobs_failed"][-2:] == [1, 0]
    assert window["active_jobs"][-2:] == [3.0, 3.0]
    assert window["cpu_percent"][-1] == 20.0
    assert window["ram_used_bytes"][-1] == 400
    (gpu,) = window["gpus"]
    assert {name: values if name == "index" else values[-1] for name, values in gpu.items()} == {
        "index": 0, "utilization_percent": 50.0, "vram_used_bytes": 100, "power_watts": 300.0,
        "temperature_c": 60.0,
    }  # fmt: skip


def test_every_list_is_as_long_as_its_window() -> None:
    bench = Bench()
    for _ in range(700):
        bench.tick()
    for name, length, step in (("10m", 600, 1), ("24h", 1440, 60), ("30d", 720, 3600)):
        window = bench.recorder.window(name)
        assert (window["window"], window["step_seconds"]) == (name, step)
        lists = [value for value in window.values() if isinstance(value, list)]
        lists = [values for values in lists if values is not window["gpus"]]
        lists += [values for key, values in window["gpus"][0].items() if key != "index"]
        assert {len(values) for values in lists} == {length}
    assert None not in bench.recorder.window("10m")["cpu_percent"]


def test_a_pause_is_a_gap_and_not_a_zero() -> None:
    bench = Bench()
    bench.tick()
    bench.tick(seconds=3)
    assert bench.recorder.window("10m")["cpu_percent"][-4:] == [20.0, None, None, 20.0]


def test_a_pause_longer_than_the_window_leaves_only_gaps() -> None:
    bench = Bench()
    for _ in range(50):
        bench.tick()
    bench.tick(seconds=100_000)
    assert bench.recorder.window("10m")["cpu_percent"] == [None] * 599 + [20.0]


def test_minutes_and_hours_average_and_sum_up_jobs() -> None:
    bench = Bench(now=START - 1)
    for second in range(120):
        bench.stats.jobs_completed += second % 2
        bench.stats.tokens_total += 60 if second < 60 else 0
        busy = replace(SAMPLE.cpu, percent=100.0 if second < 60 else 0.0)
        bench.tick(replace(SAMPLE, cpu=busy))
    minutes, hours = bench.recorder.window("24h"), bench.recorder.window("30d")
    assert minutes["tokens_per_second"][-3:] == [None, 60.0, 0.0]
    assert minutes["jobs_completed"][-2:] == [30, 30]
    assert minutes["cpu_percent"][-2:] == [100.0, 0.0]
    assert (hours["jobs_completed"][-1], hours["cpu_percent"][-1]) == (60, 50.0)


def test_what_was_not_measured_is_a_gap_while_the_rest_is_there() -> None:
    bench = Bench()
    asleep = Gpu(0, "nvidia", "m", is_asleep=True)
    bench.tick(replace(SAMPLE, gpus=(asleep,)))
    latest = bench.recorder.latest()
    assert latest["gpus"][0]["power_watts"] is None
    assert latest["cpu_percent"] == 20.0


def test_the_latest_second_has_the_keys_of_a_window_and_says_when() -> None:
    bench = Bench()
    bench.tick()
    latest = bench.recorder.latest()
    assert latest.keys() - {"at"} == bench.recorder.window("10m").keys()
    assert latest["at"] == "2025-11-24T22:00:01.000Z"
    assert latest["gpus"][0]["utilization_percent"] == 50.0


def test_a_clock_that_is_set_back_forgets_the_future() -> None:
    ring = Ring[str](1, 5)
    for second in range(10, 15):
        ring.add(second, {"a": second})
    ring.add(12.5, {"a": 12})
    assert ring.values("a", Gauge.MEAN) == [None, None, 10.0, 11.0, 12.0]
    ring.add(3, {"a": 3})
    assert ring.values("a", Gauge.MEAN) == [None, None, None, None, 3.0]


async def test_the_recorder_samples_by_itself_at_the_next_full_second() -> None:
    has_sampled = asyncio.Event()

    class Told(Recorder):
        def add(self, sample: Sample) -> None:
            super().add(sample)
            has_sampled.set()

    # Just before a full second, so that the test need not wait for one.
    recorder = Told(HardwareThread(FakeHardware()), Stats(), lambda: 0, clock=lambda: START + 0.999)
    running = asyncio.create_task(recorder.run())
    await asyncio.wait_for(has_sampled.wait(), 10)
    running.cancel()
    assert len(recorder.latest()["gpus"]) == 4


@pytest.fixture
def node() -> Node:
    """As much of a node as these verbs look at."""
    bench = Bench()
    bench.tick()
    hardware = HardwareThread(FakeHardware(lambda: START))
    return cast(Node, SimpleNamespace(recorder=bench.recorder, hardware=hardware))


async def answer_of(node: Node, verb: str, payload: Any = None) -> Any:
    answers = [answer async for answer in VERBS[verb](node, payload)]
    assert [answer["ok"] for answer in answers] == [True]
    return answers[0]["data"]


async def test_the_verbs_answer_the_window_that_was_asked_for(node: Node) -> None:
    assert (await answer_of(node, "history"))["window"] == "10m"
    assert (await answer_of(node, "history", {"window": "30d"}))["step_seconds"] == 3600
    assert (await answer_of(node, "history.latest"))["cpu_percent"] == 20.0
    with pytest.raises(UsageError, match="10m, 24h, 30d"):
        await answer_of(node, "history", {"window": ["1y"]})


async def test_the_verb_hardware_reads_the_nodes_machine(node: Node) -> None:
    found = await answer_of(node, "hardware")
    assert (found["backend"], len(found["gpus"])) == ("fake", 4)
    assert found["engine_environment"]["INFERNET_NVLINK_TOPOLOGY"] == "all-to-all"
    assert found.keys() == {
        "measured_at", "backend", "gpus", "cpu", "ram", "disk", "interconnects",
        "engine_environment", "probes",
    }  # fmt: skip
