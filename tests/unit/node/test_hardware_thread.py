"""A driver that fails or hangs takes nothing with it."""

import asyncio
import errno
import threading
from collections.abc import Iterator

import pytest

from infernet_tui.hardware.base import HardwareReading, Sample
from infernet_tui.hardware.fake import FakeHardware
from infernet_tui.node import hardware_thread
from infernet_tui.node.hardware_thread import HardwareSilent, HardwareThread
from infernet_tui.node.history import Recorder
from infernet_tui.node.stats import Stats


class HangingHardware(FakeHardware):
    """Answers until it is told to hang."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.asked = 0

    def sample(self) -> Sample:
        self.asked += 1
        self.goes_on.wait()
        return super().sample()

    def read(self) -> HardwareReading:
        self.goes_on.wait()
        return super().read()


@pytest.fixture
def hardware() -> Iterator[HangingHardware]:
    made = HangingHardware()
    yield made
    made.goes_on.set()


async def test_a_driver_that_hangs_is_said_to_and_parks_no_thread_for_each_question(
    hardware: HangingHardware,
) -> None:
    asking = HardwareThread(hardware, answer_seconds=0.02)
    hardware.goes_on.clear()
    threads = threading.active_count()
    for question in (asking.sample, asking.sample, asking.fresh_sample, asking.read):
        with pytest.raises(HardwareSilent, match="a driver may hang"):
            await question()
    assert threading.active_count() <= threads + 1
    assert hardware.asked == 1


async def test_what_was_seen_last_is_served_meanwhile(hardware: HangingHardware) -> None:
    asking = HardwareThread(hardware, answer_seconds=0.02)
    first, reading = await asking.sample(), await asking.read()
    hardware.goes_on.clear()
    assert await asking.sample() is first
    assert await asking.read() is reading
    with pytest.raises(HardwareSilent):
        await asking.fresh_sample()
    hardware.goes_on.set()
    assert await asking.fresh_sample() is not first


async def test_closing_lets_go_of_a_driver_that_hangs(
    hardware: HangingHardware, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware_thread, "CLOSE_SECONDS", 0.02)
    asking = HardwareThread(hardware, answer_seconds=0.02)
    hardware.goes_on.clear()
    with pytest.raises(HardwareSilent):
        await asking.sample()
    async with asyncio.timeout(2):
        await asking.close()


async def test_a_sample_that_fails_is_a_gap_and_not_the_end_of_the_node(
    caplog: pytest.LogCaptureFixture,
) -> None:
    has_sampled = asyncio.Event()

    class Failing(FakeHardware):
        failures = 2

        def sample(self) -> Sample:
            if self.failures:
                self.failures -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().sample()

    class Told(Recorder):
        def add(self, sample: Sample) -> None:
            has_sampled.set()

    # Just before a full second, so that the test need not wait for one.
    thread = HardwareThread(Failing())
    recorder = Told(thread, Stats(), lambda: 0, clock=lambda: 0.999)
    running = asyncio.create_task(recorder.run())
    await asyncio.wait_for(has_sampled.wait(), 10)
    running.cancel()
    assert caplog.text.count("Too many open files") == 1
    await thread.close()
