"""`infernet stop`: ask the node to stop and wait until it is gone; else send it a signal."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import click

from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.errors import InfernetError, NodeNotRunning, TimedOut
from infernet_tui.node.client import request_once, running_pid
from infernet_tui.paths import lock_file

GONE_SECONDS = 45.0
"""Longer than a node's grace for running jobs (30 s) and its goodbye."""
_LOOK_EVERY_SECONDS = 0.05


@verb("stop")
@click.option("--now", is_flag=True, help="Give running jobs back instead of finishing them.")
@pass_output
def command(output: Output, now: bool) -> None:
    """Stop the node."""
    pid = running_pid()
    way, runs_in_window = _ask_to_stop(output, pid, now=now)
    if pid is not None:
        is_there = _holds_lock if runs_in_window else _is_alive
        _wait_while(is_there, pid, output.timeout_seconds or GONE_SECONDS)
    document = {"pid": pid, "stopped": True, "via": way}
    output.show("stop", document, lambda: ["✓ node stopped" + (f" (pid {pid})" if pid else "")])


def _ask_to_stop(output: Output, pid: int | None, *, now: bool) -> tuple[str, bool]:
    """Begin the stop over the socket, or else by signal.

    Which of the two it was, and whether the node runs in a window, which stays.
    """
    try:
        status = request_once("status")
        busy = status["stats"]["activeJobs"]
        request_once("shutdown")
        if now:
            request_once("shutdown")  # the second one does not wait for running jobs
        elif busy:
            output.note(f"waiting for {busy} running jobs (give them back: infernet stop --now)")
        return "socket", status.get("mode") in ("embedded", "up")
    except (NodeNotRunning, TimedOut) as error:
        if pid is None:
            raise
        output.note(f"{error.message} Sending it a signal.")
        _signal(pid)
        return "signal", False


def _signal(pid: int) -> None:
    """SIGTERM, if the process of the pid file is a node and not a stranger with its number.

    Raises:
        InfernetError: it is somebody else.
    """
    if not _is_node(pid):
        raise InfernetError(
            f"Process {pid} of the pid file is not an Infernet node; nothing was stopped.",
            hint="infernet start",
        )
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def _is_node(pid: int) -> bool:
    import psutil

    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return process.uids().real == os.getuid() and any(
            "infernet" in word for word in process.cmdline()
        )
    return False


def _holds_lock(pid: int) -> bool:
    """Whether the node of this folder is still the one in that process."""
    return running_pid() == pid or lock_file().exists()


def _wait_while(is_there: Callable[[int], bool], pid: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while is_there(pid):
        if time.monotonic() > deadline:
            raise TimedOut(
                f"Process {pid} is still stopping after {seconds:g} s.", hint="infernet stop --now"
            )
        time.sleep(_LOOK_EVERY_SECONDS)


def _is_alive(pid: int) -> bool:
    """Whether the process still runs; one that only waits to be collected does not."""
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
