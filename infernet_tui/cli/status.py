"""`infernet status`: what the control plane and the running node say, side by side."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from infernet_tui.cli.account import Account
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output, error_fields
from infernet_tui.cli.running import node_snapshot
from infernet_tui.cli.times import ago, duration
from infernet_tui.errors import ControlPlaneError, InfernetError, TimedOut
from infernet_tui.exit_codes import ExitCode


@dataclass(frozen=True, slots=True)
class Findings:
    """What was asked, and what was heard."""

    account: Account
    row: dict[str, Any] | None
    failure: InfernetError | None
    """Why the control plane could not say."""
    daemon: dict[str, Any] | None
    silence: TimedOut | None
    """The node is up and does not answer."""


@verb("status")
@pass_output
def command(output: Output) -> int:
    """Show this node's row on the network and its daemon.

    Exit code 0 also for a node that is not registered or not running; 4, 5 or 7 when the control
    plane could not say.
    """
    found = _look(output)
    for warning in _warnings(found):
        output.warn(warning)
    document: dict[str, Any] = {"row": found.row, "daemon": found.daemon}
    if found.failure:
        document["error"] = error_fields(found.failure)
    output.show("status", document, lambda: _lines(output, found), ok=not found.failure)
    return int(found.failure.exit_code) if found.failure else ExitCode.OK


def _look(output: Output) -> Findings:
    account = Account.open(output)
    row, daemon, failure, silence = None, None, None, None
    try:
        daemon = node_snapshot(output.timeout_seconds or 2.0)
    except TimedOut as error:
        silence = error
    try:
        row = account.row()
    except (ControlPlaneError, TimedOut) as error:
        failure = error
    return Findings(account, row, failure, daemon, silence)


def _warnings(found: Findings) -> Iterable[str]:
    if found.silence:
        yield found.silence.message
    if found.failure:
        yield " ".join(filter(None, [found.failure.message, f"Next: {found.failure.hint}"]))
    elif found.row is None:
        yield "This node is not registered: infernet register"
    connected_to = (found.daemon or {}).get("controlPlaneUrl")
    if connected_to and connected_to.rstrip("/") != found.account.url:
        yield f"The running node serves {connected_to}, config.json says {found.account.url}."


def _lines(output: Output, found: Findings) -> Iterable[str]:
    node, row = found.account.node, found.row or {}
    specs = row.get("specs") or {}
    return output.pairs(
        {
            "Role": node.role,
            "Name": node.name,
            "Node id": node.node_id,
            "Pubkey": node.public_key,
            "Control plane": found.account.url,
            "Status": row.get("status") or ("unknown" if found.failure else "not registered"),
            "Last seen": ago(row.get("last_seen")),
            "Reputation": row.get("reputation"),
            "GPU": row.get("gpu_model"),
            "Models": ", ".join(specs.get("served_models") or []) or None,
            "Daemon": "up, but not answering" if found.silence else _daemon_line(found.daemon),
        }
    )


def _daemon_line(daemon: dict[str, Any] | None) -> str:
    if daemon is None:
        return "not running (infernet start)"
    stats = daemon.get("stats") or {}
    done, failed = stats.get("jobsCompleted", 0), stats.get("jobsFailed", 0)
    up = duration((daemon.get("uptimeMs") or 0) / 1000)
    return f"pid={daemon.get('pid')}, up {up}, jobs {done}/{done + failed}"
