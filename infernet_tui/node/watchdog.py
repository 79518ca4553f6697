"""Notices an engine that hangs, so that its jobs go to another node instead of nowhere.

An engine that is silent is asked for its health: one that does not answer has its job failed
within half a minute; one that does (it may be loading a large model) gets more time.
"""

import asyncio
import logging
import time

from infernet_tui.engines.base import Engine
from infernet_tui.node.jobs import Jobs, Run

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 5.0
SILENT_SECONDS = 15.0
"""Silence after which the engine is asked."""
HEALTH_SECONDS = 5.0
STALLED_SECONDS = 60.0
"""Silence in the middle of an answer that even a healthy engine does not get away with."""
LOADING_SECONDS = 600.0
"""The same before the first token: loading tens of gigabytes takes minutes."""


class Watchdog:
    """Watches the running jobs of one engine."""

    def __init__(
        self, engine: Engine, jobs: Jobs, *, silent_seconds: float = SILENT_SECONDS
    ) -> None:
        self._engine = engine
        self._jobs = jobs
        self._silent_seconds = silent_seconds

    async def run(self) -> None:
        """Look every few seconds, for ever."""
        while True:
            await asyncio.sleep(min(LOOK_EVERY_SECONDS, self._silent_seconds))
            await self.look()

    async def look(self) -> None:
        """Fail the jobs whose engine hangs."""
        silent = [run for run in self._jobs.runs.values() if self._is_silent(run)]
        if not silent:
            return
        is_healthy = await self._is_healthy()
        for run in silent:
            patience = STALLED_SECONDS if run.record.tokens else LOADING_SECONDS
            if not is_healthy or time.monotonic() - run.last_heard > patience:
                self._jobs.fail(run.offer.key, "the engine hangs: it stopped answering")

    def _is_silent(self, run: Run) -> bool:
        # A full log means that we pause the engine, not the other way round.
        return not run.log.is_full and time.monotonic() - run.last_heard > self._silent_seconds

    async def _is_healthy(self) -> bool:
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                return (await self._engine.health()).ok
        except TimeoutError:
            return False
