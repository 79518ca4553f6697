"""`infernet stats`: the running node's own figures, over its socket."""

from collections.abc import Iterable
from typing import Any

from infernet_protocol.ipc import IpcCommand
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.cli.times import ago, duration
from infernet_tui.node.client import request_once


@verb("stats")
@pass_output
def command(output: Output) -> None:
    """Show the running node's live figures."""
    data = request_once(IpcCommand.STATS, timeout_seconds=output.timeout_seconds or 2.0)
    output.show("stats", data, lambda: _lines(output, data))


def _lines(output: Output, data: dict[str, Any]) -> Iterable[str]:
    node, stats, p2p = (data.get(key) or {} for key in ("node", "stats", "p2p"))
    models = data.get("servedModels")
    return output.pairs(
        {
            "Daemon pid": data.get("pid"),
            "Uptime": duration((data.get("uptimeMs") or 0) / 1000),
            "Node": f"{node.get('role')}/{node.get('name')} ({node.get('nodeId')})",
            "Control plane": data.get("controlPlaneUrl"),
            "Connection": data.get("connection"),
            "Engine": data.get("engine"),
            "Models": ", ".join(models) if models else None,
            "Heartbeats": _counted(stats, "heartbeatsOk", "heartbeatsFailed"),
            "Last heartbeat": ago(stats.get("lastHeartbeatAt")),
            "Last error": stats.get("lastHeartbeatError"),
            "Polls": _counted(stats, "pollsOk", "pollsFailed"),
            "Jobs": f"{_counted(stats, 'jobsCompleted', 'jobsFailed')}, "
            f"{stats.get('activeJobs', 0)} active",
            "Last job": ago(stats.get("lastJobAt")),
            "P2P": p2p.get("endpoint") or f"port {p2p.get('port')}"
            if p2p.get("enabled")
            else "off",
        }
    )


def _counted(stats: dict[str, Any], good: str, bad: str) -> str:
    return f"{stats.get(good, 0)} ok, {stats.get(bad, 0)} failed"
