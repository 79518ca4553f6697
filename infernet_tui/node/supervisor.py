"""Side tasks have names and a monitor: one that ends before the node does stops the node, loudly.

There is no half-dead daemon that still answers `status` while it no longer polls.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from infernet_tui.errors import InfernetError

log = logging.getLogger(__name__)


class SideTaskDied(InfernetError):
    """A part of the node stopped working, so the node stopped."""

    code = "side_task_died"


class Supervisor:
    """Owns the node's long-running tasks."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        """Run `work` until `cancel`; it is expected never to end by itself."""
        self._tasks.add(asyncio.create_task(work, name=name))

    async def watch(self, stop: asyncio.Event) -> None:
        """Return once `stop` is set.

        Raises:
            SideTaskDied: a task ended first; its traceback is in the log.
        """
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            done, _ = await asyncio.wait(
                {stopping, *self._tasks}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            stopping.cancel()
        for task in done - {stopping}:
            error = None if task.cancelled() else task.exception()
            log.critical("side task %r ended; stopping the node", task.get_name(), exc_info=error)
            raise SideTaskDied(
                f"The node stopped because its task {task.get_name()!r} ended"
                f" ({error or 'without an error'}).",
                hint="infernet logs",
            ) from error

    async def cancel(self) -> None:
        """Stop every task and wait until it is gone."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
