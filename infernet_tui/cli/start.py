"""`infernet start`: the node, detached, or in the foreground for a supervisor."""

import os
import time
from dataclasses import replace
from typing import Any

import click

from infernet_tui import config, identity, paths
from infernet_tui.cli.command import DURATION, pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.errors import UsageError
from infernet_tui.exit_codes import ExitCode
from infernet_tui.node import daemon
from infernet_tui.node.client import request_once
from infernet_tui.node.options import NodeOptions

CONNECT_SECONDS = 5.0
_LOOK_EVERY_SECONDS = 0.05
PORT = click.IntRange(0, 65535)


@verb("start")
@click.option(
    "--foreground",
    is_flag=True,
    envvar="INFERNET_DAEMON_FOREGROUND",
    help="Stay in this terminal: for systemd (Type=simple) and other supervisors.",
)
@click.option("--once", is_flag=True, help="One heartbeat and one poll, then exit.")
@click.option("--no-p2p", is_flag=True, default=None, help="Do not listen for peers.")
@click.option("--p2p-port", type=PORT, metavar="PORT", help="Port to advertise to peers. [46337]")
@click.option(
    "--bind-port", type=PORT, metavar="PORT", help="Local port, where it differs from that."
)
@click.option("--address", "public_address", metavar="ADDRESS", help="Public address to advertise.")
@click.option(
    "--no-advertise", is_flag=True, default=None, help="Outbound-only: advertise no address."
)
@click.option(
    "--no-advertise-interconnects", is_flag=True, default=None, help="Do not tell of the fabric."
)
@click.option(
    "--proxy",
    envvar="INFERNET_PROXY",
    metavar="URL",
    help="Reach the control plane through socks5://host:port only (also INFERNET_PROXY).",
)
@click.option("--capacity", type=click.IntRange(1, 1024), metavar="N", help="Jobs at once. [4]")
@click.option(
    "--heartbeat", "heartbeat_seconds", type=DURATION, metavar="TIME", help="Pause between. [30s]"
)
@click.option(
    "--poll", "poll_seconds", type=DURATION, metavar="TIME", help="Pause between job polls. [15s]"
)
@pass_output
def command(output: Output, /, foreground: bool, **flags: Any) -> ExitCode | None:
    """Start the node in the background."""
    given = {name: value for name, value in flags.items() if value is not None}
    options = replace(NodeOptions.from_environ(os.environ), **given)
    if options.once and not foreground:
        raise UsageError("--once needs --foreground.", hint="infernet start --foreground --once")
    if foreground:
        return ExitCode(daemon.run_foreground(options))
    _check_config()
    output.note("starting the node…")
    seconds = output.timeout_seconds or daemon.READY_SECONDS
    pid = daemon.spawn_detached(options, paths.log_file(), ready_seconds=seconds)
    connection = _connection(output)
    document = {
        "pid": pid,
        "connection": connection,
        "log": str(paths.log_file()),
        "socket": str(paths.socket_file()),
    }
    output.show("start", document, lambda: [f"✓ node running: pid {pid}, log {paths.log_file()}"])
    return None


def _connection(output: Output) -> str:
    """How the node is connected; waits a little, since most are at once and jobs come only then."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        snapshot = request_once("status")
        connection: str = snapshot["connection"]
        if connection != "offline":
            return connection
        if time.monotonic() > deadline:
            why = snapshot["stats"]["lastHeartbeatError"] or "no answer yet"
            output.warn(f"it is not connected to the control plane, and goes on trying: {why}")
            return connection
        time.sleep(_LOOK_EVERY_SECONDS)


def _check_config() -> None:
    """Say what is missing here and not in a log."""
    settings = config.load_existing()
    settings.require_control_plane()
    identity.secret_key(settings)
