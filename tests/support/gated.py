"""A demo node whose streams wait until a test lets them go on."""

import asyncio

from infernet_tui.demo import DemoNode
from infernet_tui.session import DemoSession
from tests.support.cockpit import NOON


class Gate:
    """Stands in for the node's pauses: each waits until `open`, or for a `step`."""

    def __init__(self) -> None:
        self._steps = asyncio.Semaphore(0)
        self._is_open = False

    async def __call__(self, seconds: float) -> None:
        """One pause of a stream."""
        if self._is_open:
            await asyncio.sleep(0)
        else:
            await self._steps.acquire()

    def step(self, count: int = 1) -> None:
        """Let so many pauses end."""
        for _ in range(count):
            self._steps.release()

    def open(self) -> None:
        """Let all of them end, now and later."""
        self._is_open = True
        self.step(100)


def gated_session(gate: Gate, scenario: str = "busy") -> DemoSession:
    """A session with a demo node that pauses at the gate."""
    node = DemoNode(clock=lambda: NOON, seed=1, scenario=scenario, pause=gate)
    return DemoSession(node)
