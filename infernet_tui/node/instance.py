"""One node for each configuration folder: `daemon.lock`, `daemon.pid`, and a node that runs.

The lock is an flock, so a killed node leaves nothing that stands in the way of the next one; pid
file and socket of a dead node are replaced. A second node is refused while the first keeps working.
"""

import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from infernet_tui import paths
from infernet_tui.config import Config, write_atomically
from infernet_tui.engines.base import Engine
from infernet_tui.errors import AlreadyRunning, InfernetError
from infernet_tui.identity import secret_key
from infernet_tui.node.client import request_once, running_pid
from infernet_tui.node.node import DEFAULT_CAPACITY, Node
from infernet_tui.node.options import NodeOptions


@contextlib.contextmanager
def single_instance() -> Iterator[None]:
    """Be the one node of this folder: lock it, write the pid file, remove both afterwards.

    Raises:
        AlreadyRunning: another one is.
    """
    with _locked(paths.lock_file()):
        if _answers():  # a node that knows no lock: the existing network's
            raise _already_running()
        write_atomically(paths.pid_file(), f"{os.getpid()}\n", mode=0o600)
        try:
            yield
        finally:
            paths.pid_file().unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def running_node(
    config: Config, options: NodeOptions, *, engine: Engine | None = None
) -> AsyncIterator[Node]:
    """A node that is started up; on leaving, it and the engine opened for it are closed.

    The caller awaits `node.run()`, inside `single_instance()`.
    """
    config.require_control_plane()
    secret_key(config)  # says what is wrong before an engine is started for minutes
    own_engine = None
    if engine is None:
        from infernet_tui.engines.registry import open_engine

        engine = own_engine = await open_engine(
            config.engine, slots=options.capacity or DEFAULT_CAPACITY
        )
    try:
        node = Node(config, options, engine)
        try:
            await node.startup()
            yield node
        finally:
            await node.shutdown()
    finally:
        if own_engine is not None:
            await own_engine.close()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise _already_running() from None
        if _is_file(descriptor, path):
            break
        os.close(descriptor)  # the holder before us removed it between open and lock
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _is_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _answers() -> bool:
    if running_pid() in (None, os.getpid()):
        return False
    try:
        request_once("ping")
    except InfernetError:
        return False
    return True


def _already_running() -> AlreadyRunning:
    pid = running_pid()
    who = f" (process {pid})" if pid else ""
    return AlreadyRunning(
        f"A node is already running{who}.", hint="infernet status, or infernet stop"
    )
