"""With which models this node can go on from the middle of an answer.

The control plane may hand over an answer that another node began, but only to a node that says it
continues that model exactly. Finding out costs the engine a few tokens, so only models in use are
asked (they are in memory already), one at a time, while no job runs.
"""

import asyncio
import logging
from collections import Counter

from infernet_tui.engines.base import Engine
from infernet_tui.node.jobs import Jobs

log = logging.getLogger(__name__)
MAX_TRIES = 3
"""How often a model is asked that did not prove itself: the engine may have been busy."""


class Continuation:
    """Keeps the list `specs.prefill_models`."""

    def __init__(self, engine: Engine, jobs: Jobs) -> None:
        self.models: list[str] = []
        """Models that proved it."""
        self._engine = engine
        self._jobs = jobs
        self._tries: Counter[str] = Counter()
        self._waiting: asyncio.Queue[str] = asyncio.Queue()

    def consider(self, model: str | None) -> None:
        """Note that a model is in use; it is asked soon, unless it was often enough."""
        if model and model not in self.models and self._tries[model] < MAX_TRIES:
            self._tries[model] += 1
            self._waiting.put_nowait(model)

    async def run(self) -> None:
        """Ask, for ever."""
        self.consider(self._engine.default_model)
        while True:
            model = await self._waiting.get()
            await self._jobs.ended()
            if model in self.models:
                continue
            if await self._proves_itself(model):
                self.models.append(model)
                log.info("%s continues an answer that was begun elsewhere", model)

    async def _proves_itself(self, model: str) -> bool:
        try:
            return (await self._engine.capabilities(model)).prefill
        except Exception:  # the boundary to an engine's bugs: this ability is not worth the node
            log.exception("%s could not be asked whether it continues answers", model)
            return False
