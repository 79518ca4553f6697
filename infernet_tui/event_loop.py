"""The event loop of everything that runs for long: uvloop where there is one.

A third less CPU a token than asyncio's own on the node's path (docs/architecture.md).
"""

import asyncio
import importlib
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def new_loop() -> asyncio.AbstractEventLoop:
    """An event loop that is not running yet."""
    try:
        loop: asyncio.AbstractEventLoop = importlib.import_module("uvloop").new_event_loop()
    except ModuleNotFoundError:  # Windows, PyPy
        return asyncio.new_event_loop()
    return loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on that loop."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(main)
