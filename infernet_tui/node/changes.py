"""Tells watchers that the node's state is not what it was. Carries no data: they look again.

A watcher that is slow misses steps in between and never the last one; nothing is queued for it.
"""

import asyncio


class Changes:
    """One counter, and a way to wait until it moves."""

    def __init__(self) -> None:
        self.version = 0
        self._moved = asyncio.Event()

    def touch(self) -> None:
        """Something changed."""
        self.version += 1
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def beyond(self, version: int) -> int:
        """Wait until the state is newer than `version`; its version."""
        while self.version <= version:
            await self._moved.wait()
        return self.version
