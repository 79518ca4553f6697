"""Feeds the application an hour of a busy node's states as fast as it draws them; prints JSON.

Run by `tui.py`. Resident memory is taken after the first minutes, when every cache is full, and
at the end. Two thirds of an hour's growth would be a leak that a day makes fatal.
"""

import asyncio
import json
import os
import time

import psutil

from infernet_tui import store as topics
from infernet_tui.demo import DemoNode
from tests.support.cockpit import NOON, app_of, cockpit

WARM_UP_SECONDS, HOUR_SECONDS = 600, 3600


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        """Unix seconds."""
        return self.now


async def first_answer(node: DemoNode, verb: str) -> object:
    """What the node says to one question."""
    async for answer in node.handle({"cmd": verb}):
        return answer["data"]
    raise SystemExit(f"the demo node does not answer {verb}")


async def main() -> None:
    """Go through the hour and print."""
    clock, process = Clock(), psutil.Process()
    node, memory = DemoNode(clock=clock, seed=1), {}
    began_at = time.monotonic()
    async with cockpit("busy", clock=clock) as pilot:
        app = app_of(pilot)
        for second in range(1, HOUR_SECONDS + 1):
            clock.now += 1
            app.store.apply(topics.NODE, await first_answer(node, "status"))
            app.store.apply(topics.HISTORY, await first_answer(node, "history.latest"))
            app._news(frozenset({topics.NODE, topics.HISTORY}))
            await asyncio.sleep(0)
            await pilot.pause()
            if second in (WARM_UP_SECONDS, HOUR_SECONDS):
                memory[second] = process.memory_info().rss / 1e6
    document = {
        "after_10_min_mb": round(memory[WARM_UP_SECONDS], 1),
        "after_1_h_mb": round(memory[HOUR_SECONDS], 1),
        "jobs": len(app.store.jobs),
        "seconds": round(time.monotonic() - began_at, 1),
    }
    os.write(1, json.dumps(document).encode() + b"\n")


if __name__ == "__main__":
    asyncio.run(main())
