"""Running a node without a screen: in the foreground under a supervisor, or detached.

SIGTERM and SIGINT drain: no new jobs, the running ones get their grace, the rest goes back, exit
code 0. A second signal does not wait for the grace.
"""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from infernet_tui import config as configuration
from infernet_tui import event_loop, paths
from infernet_tui.config import Config
from infernet_tui.errors import AlreadyRunning, InfernetError, NodeNotRunning, TimedOut
from infernet_tui.exit_codes import ExitCode
from infernet_tui.node.client import request_once, running_pid
from infernet_tui.node.options import NodeOptions

log = logging.getLogger(__name__)
READY_SECONDS = 60.0
"""How long a detached node may take to open its engine and its socket."""
_LOOK_EVERY_SECONDS = 0.05
_LOG_TAIL_BYTES = 2000
_detached: list[subprocess.Popen[bytes]] = []
"""Kept: a Popen that is collected while its child runs complains about it."""


def run_foreground(options: NodeOptions) -> int:
    """Run a node until it is told to stop; the exit code.

    Raises:
        InfernetError: it could not start (`AlreadyRunning`, `ConfigError`, …) or had to stop.
    """
    from infernet_tui.node.instance import single_instance
    from infernet_tui.node.logs import configure

    config = configuration.load_existing()
    configure()
    with single_instance():
        return event_loop.run(_serve(config, options))


def spawn_detached(
    options: NodeOptions, log_path: Path | None = None, *, ready_seconds: float = READY_SECONDS
) -> int:
    """Start a node in the background; its process id, once its socket answers.

    Raises:
        AlreadyRunning: there is one.
        TimedOut: it is still starting.
        InfernetError: it ended; the message has the end of its log.
    """
    log_path = log_path or paths.log_file()
    if (pid := running_pid()) and _is_answering():
        raise AlreadyRunning(f"A node is already running (process {pid}).", hint="infernet status")
    log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "ab") as output:
        start_of_log = os.fstat(descriptor).st_size
        child = subprocess.Popen(
            [sys.executable, "-m", "infernet_tui.node"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _detached.append(child)
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError), child.stdin as pipe:
        # Not in argv: a proxy's address may hold a password.
        pipe.write(options.to_json().encode())
    _wait_until_ready(child, log_path, start_of_log, ready_seconds)
    return child.pid


def _wait_until_ready(
    child: subprocess.Popen[bytes], log_path: Path, start_of_log: int, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while not (running_pid() == child.pid and _is_answering()):
        code = child.poll()
        if code is not None:
            raise _ended(code, log_path, start_of_log)
        if time.monotonic() > deadline:
            raise TimedOut(
                f"Process {child.pid} is still starting after {seconds:g} s.", hint="infernet logs"
            )
        time.sleep(_LOOK_EVERY_SECONDS)


def _is_answering() -> bool:
    try:
        request_once("ping")
    except (NodeNotRunning, TimedOut):
        return False
    return True


def _ended(code: int, log_path: Path, start_of_log: int) -> InfernetError:
    with log_path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(start_of_log, size - _LOG_TAIL_BYTES))
        tail = file.read().decode("utf-8", "replace").strip()
    error = InfernetError(
        f"The node ended while starting (exit code {code}).\n{tail}", hint="infernet doctor"
    )
    with contextlib.suppress(ValueError):
        error.exit_code = ExitCode(code)
    return error


async def _serve(config: Config, options: NodeOptions) -> int:
    from infernet_tui.node.instance import running_node

    starting = asyncio.current_task()
    assert starting is not None
    with _signals(starting.cancel) as when_signalled:
        try:
            async with running_node(config, options) as node:
                when_signalled(node.stop)
                log.info("node %s started, process %d", node.identity.node_id, os.getpid())
                await (node.run_once() if options.once else node.run())
        except asyncio.CancelledError:
            log.info("told to stop before the engine was ready")
    log.info("node stopped")
    return ExitCode.OK


@contextlib.contextmanager
def _signals(action: Callable[[], object]) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Call `action` on SIGTERM and SIGINT; yields a function that changes the action."""
    loop = asyncio.get_running_loop()

    def set_action(new: Callable[[], object]) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, new)

    set_action(action)
    try:
        yield set_action
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
