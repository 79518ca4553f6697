"""`infernet status`: what the control plane and the running node say, side by side."""

from collections.abc import Iterable
from typing import Any

from infernet_tui.cli.account import Account
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output, error_fields
from infernet_tui.cli.running import node_snapshot
from infernet_tui.cli.times import ago, duration
from infernet_tui.errors import ControlPlaneError, InfernetError, TimedOut
from infernet_tui.exit_codes import ExitCode


@verb("status")
@pass_output
def command(output: Output) -> int:
    """Show this node's row on the network and its daemon.

    Exit code 0 also for a node that is not registered or not running; 4, 5 or 7 when the control
    plane could not say.
    """
    account = Account.open(output)
    daemon = _daemon(output)
    row, failure = _row(account)
    _warn(output, account, row, daemon, failure)
    document: dict[str, Any] = {"row": row, "daemon": daemon}
    if failure:
        document["error"] = error_fields(failure)
    output.show("status", document, lambda: _lines(output, account, row, daemon), ok=not failure)
    return int(failure.exit_code) if failure else ExitCode.OK


def _daemon(output: Output) -> dict[str, Any] | None:
    try:
        return node_snapshot(output.timeout_seconds or 2.0)
    except TimedOut as error:
        output.warn(error.message)
        return None


def _row(account: Account) -> tuple[dict[str, Any] | None, InfernetError | None]:
    try:
        return account.row(), None
    except (ControlPlaneError, TimedOut) as error:
        return None, error


def _warn(
    output: Output,
    account: Account,
    row: dict[str, Any] | None,
    daemon: dict[str, Any] | None,
    failure: InfernetError | None,
) -> None:
    if failure:
        output.warn(" ".join(filter(None, [failure.message, f"Next: {failure.hint}"])))
    elif row is None:
        output.warn("This node is not registered: infernet register")
    connected_to = (daemon or {}).get("controlPlaneUrl")
    if connected_to and connected_to.rstrip("/") != account.url:
        output.warn(f"The running node serves {connected_to}, config.json says {account.url}.")


def _lines(
    output: Output, account: Account, row: dict[str, Any] | None, daemon: dict[str, Any] | None
) -> Iterable[str]:
    node, seen = account.node, row or {}
    specs = seen.get("specs") or {}
    return output.pairs(
        {
            "Role": node.role,
            "Name": node.name,
            "Node id": node.node_id,
            "Pubkey": node.public_key,
            "Control plane": account.url,
            "Status": seen.get("status") if row else "not registered, or unknown",
            "Last seen": ago(seen.get("last_seen")),
            "Reputation": seen.get("reputation"),
            "GPU": seen.get("gpu_model"),
            "Models": ", ".join(specs.get("served_models") or []) or None,
            "Daemon": _daemon_line(daemon),
        }
    )


def _daemon_line(daemon: dict[str, Any] | None) -> str:
    if daemon is None:
        return "not running (infernet start)"
    stats = daemon.get("stats") or {}
    done, failed = stats.get("jobsCompleted", 0), stats.get("jobsFailed", 0)
    up = duration((daemon.get("uptimeMs") or 0) / 1000)
    return f"pid={daemon.get('pid')}, up {up}, jobs {done}/{done + failed}"
