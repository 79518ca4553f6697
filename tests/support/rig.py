"""A demo node on another machine: so many GPUs, one of them asleep or a fabric of another kind."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from infernet_protocol.ipc import success
from infernet_tui.demo import DemoNode
from infernet_tui.hardware.document import hardware_document
from infernet_tui.hardware.fake import FakeHardware
from infernet_tui.session import DemoSession
from tests.support.cockpit import NOON

KNOWN_OF_A_SLEEPER = ("index", "vendor", "model", "vram_total_bytes")


class Rig(DemoNode):
    """Answers `hardware` with a document of its own."""

    def __init__(self, hardware: dict[str, Any]) -> None:
        super().__init__(clock=lambda: NOON, seed=1, scenario="busy")
        self.hardware = hardware

    async def handle(self, message: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """As the demo node, but for the machine."""
        if message.get("cmd") == "hardware":
            yield success(self.hardware)
            return
        async for answer in super().handle(message):
            yield answer


def machine_with(gpus: int, *, asleep: int | None = None) -> dict[str, Any]:
    """The document of a machine with so many GPUs."""
    document = hardware_document(FakeHardware(lambda: NOON, gpu_count=gpus).read())
    if asleep is not None:
        gpu = document["gpus"][asleep]
        unknown = dict.fromkeys(key for key in gpu if key not in KNOWN_OF_A_SLEEPER)
        gpu |= unknown | {"is_asleep": True, "processes": []}
    return document


def rig(gpus: int, *, asleep: int | None = None) -> DemoSession:
    """A session with such a machine."""
    return DemoSession(Rig(machine_with(gpus, asleep=asleep)))
