"""The database: reads on a pool, writes through one queue with group commit.

Every query is a plain function of a SQLAlchemy `Connection` (`storage/` by noun), so the same code
runs on every database. `Database.write` returns only after the transaction it rode in was
committed with `synchronous=FULL`; writes that wait at the same moment share one commit, so each
write function must be safe to run again (a failed neighbour makes the batch run one by one).
"""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Concatenate, ParamSpec, TypeVar

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from infernet_server.errors import ApiError, StorageFull, StorageUnavailable
from infernet_server.storage import lock

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)

_FORM = "Use sqlite+aiosqlite:///path/to/infernet.db"
MAX_GROUP = 512
"""Most writes that share one commit: bounds how long the first of them waits."""


class DatabaseUnusable(Exception):
    """The database cannot be opened; the text says which, why and what to do."""


class Database:
    """One SQLite file. Open with `Database.open`, close with `aclose`."""

    def __init__(
        self, reader: AsyncEngine, writer: "GroupCommitWriter", held_lock: IO[str]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._held_lock = held_lock

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Open the database, creating and migrating it as needed.

        Raises:
            DatabaseUnusable: a URL of another kind, a folder that cannot be written, a file that
                is not a database, one made by a newer version, or in use by another process.
        """
        path = _path_of(url)
        held_lock = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            held_lock = lock.hold(path)
            sync_engine = _sync_engine(path)
            await asyncio.to_thread(_migrate, sync_engine)
        except (OSError, DBAPIError, sqlite3.Error) as error:
            if held_lock:
                held_lock.close()
            reason = getattr(error, "orig", None) or error
            raise DatabaseUnusable(f"Cannot open the database {path}: {reason}") from error
        reader = create_async_engine(
            URL.create("sqlite+aiosqlite", database=str(path)), **_ENGINE_OPTIONS
        )
        event.listen(reader.sync_engine, "connect", _set_pragmas)
        return cls(reader, GroupCommitWriter(sync_engine), held_lock)

    async def read(
        self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a query function on a pooled connection."""
        with _translated():
            async with self._reader.connect() as connection:
                return await connection.run_sync(query, *args, **kwargs)

    async def write(
        self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a change and return its result once it is safe on disk.

        Raises:
            StorageFull: the disk is full; nothing of this change was stored.
            StorageUnavailable: the database failed; nothing of this change was stored.
        """
        return await self._writer.submit(lambda connection: change(connection, *args, **kwargs))

    async def aclose(self) -> None:
        """Commit what is queued and close every connection."""
        await asyncio.to_thread(self._writer.close)
        await self._reader.dispose()
        self._held_lock.close()


@dataclass(slots=True)
class _Pending:
    change: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    result: Any = None
    error: BaseException | None = None


class GroupCommitWriter:
    """The only thread that writes. Whatever waits when a commit ends rides in the next one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[_Pending | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    async def submit(self, change: Callable[[Connection], T]) -> T:
        """Queue a change and wait for its commit."""
        if self._closed:
            raise StorageUnavailable("the control plane is shutting down")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Pending(change, loop, future))
        return await future

    def close(self) -> None:
        """Commit everything queued before this call, then stop."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        with self._engine.connect() as connection:
            while True:
                first = self._queue.get()
                if first is None:
                    return
                group, last = self._take_group(first)
                self._commit(connection, group)
                _deliver(group)
                if last:
                    return

    def _take_group(self, first: _Pending) -> tuple[list[_Pending], bool]:
        group = [first]
        with contextlib.suppress(queue.Empty):
            while len(group) < MAX_GROUP:
                pending = self._queue.get_nowait()
                if pending is None:
                    return group, True
                group.append(pending)
        return group, False

    def _commit(self, connection: Connection, group: list[_Pending]) -> None:
        try:
            with connection.begin():
                for pending in group:
                    pending.result = pending.change(connection)
        except Exception as error:  # noqa: BLE001 - boundary: every failure goes to its waiter
            if len(group) == 1:
                group[0].error = _domain_error(error)
                return
            for pending in group:  # find out whose fault it was: only that one fails
                self._commit(connection, [pending])


def _deliver(group: list[_Pending]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Pending]] = {}
    for pending in group:
        by_loop.setdefault(pending.loop, []).append(pending)
    for loop, pendings in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(_resolve, pendings)


def _resolve(group: list[_Pending]) -> None:
    for pending in group:
        if pending.future.done():
            continue
        if pending.error is not None:
            pending.future.set_exception(pending.error)
        else:
            pending.future.set_result(pending.result)


@contextlib.contextmanager
def _translated() -> Any:
    try:
        yield
    except DBAPIError as error:
        raise _domain_error(error) from error


def _domain_error(error: BaseException) -> BaseException:
    """Storage trouble as an answer a client can act on; everything else is left alone."""
    if isinstance(error, ApiError) or not isinstance(error, OperationalError):
        return error
    log.error("the database failed: %s", error.orig)
    if "full" in str(error.orig):
        return StorageFull(
            "the control plane's disk is full; nothing was stored",
            hint="free some space on the control plane, then try again",
        )
    return StorageUnavailable("the database does not answer; nothing was stored", hint="try again")


def _path_of(url: str) -> Path:
    """The file that a database URL names."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUnusable(f"INFERNET_DATABASE_URL is not a URL. {_FORM}") from None
    if parsed.get_backend_name() != "sqlite":
        raise DatabaseUnusable(
            f"INFERNET_DATABASE_URL names {parsed.get_backend_name()}; this version stores in"
            f" SQLite only. {_FORM}"
        )
    if parsed.database in (None, "", ":memory:"):
        raise DatabaseUnusable(f"INFERNET_DATABASE_URL names no file. {_FORM}")
    return Path(parsed.database or "")


def _sync_engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"check_same_thread": False},
        **_ENGINE_OPTIONS,
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    # Transactions are begun by us (`BEGIN IMMEDIATE`), not guessed by the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=10000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


_ENGINE_OPTIONS: dict[str, Any] = {
    "json_serializer": _dumps,
    "json_deserializer": orjson.loads,
    # An error that is logged must not show what people said.
    "hide_parameters": True,
}


def _migrate(engine: Engine) -> None:
    from infernet_server.storage.migrate import upgrade

    upgrade(engine)
