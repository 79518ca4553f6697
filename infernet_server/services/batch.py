"""Many small writes of one kind, stored in one statement each time the database is free."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy import Connection

from infernet_server.storage.engine import Database

T = TypeVar("T")


class BatchedWrite(Generic[T]):
    """Collects items while a write is under way; the next write takes them all.

    Nothing waits for a timer: an item that comes alone is written at once.
    """

    def __init__(
        self, database: Database, change: Callable[[Connection, Sequence[T]], None]
    ) -> None:
        self._database = database
        self._change = change
        self._items: list[T] = []
        self._next: asyncio.Future[None] | None = None
        self._writing: asyncio.Task[None] | None = None

    async def add(self, item: T) -> None:
        """Return once the item is safe on disk.

        Raises:
            ApiError: the batch could not be stored.
        """
        self._items.append(item)
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        waiting = self._next
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all(), name="batched-write")
        # A caller that goes away must not take the others' write with it.
        await asyncio.shield(waiting)

    async def _write_all(self) -> None:
        try:
            while self._items:
                items, self._items = self._items, []
                done, self._next = self._next, None
                assert done is not None
                await self._write(items, done)
        finally:
            self._writing = None

    async def _write(self, items: list[T], done: "asyncio.Future[None]") -> None:
        try:
            await self._database.write(self._change, items)
        except Exception as error:  # noqa: BLE001 - boundary: the failure goes to every waiter
            done.set_exception(error)
            done.exception()  # seen, even if every waiter has gone
        else:
            done.set_result(None)
