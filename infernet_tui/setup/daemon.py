"""Step 8: the node itself runs and answers."""

from collections.abc import Mapping
from typing import Any

from infernet_tui import identity
from infernet_tui.errors import ConfigError
from infernet_tui.setup.context import Context
from infernet_tui.setup.step import Answer, Finding, Progress, Report, State, YesNo, done, unknown


class DaemonStep:
    """Looks for a running node; starts one."""

    number = 8
    key = "daemon"
    title = "Daemon"

    async def detect(self, context: Context) -> Finding:
        """Whether a node answers, and serves the control plane that is set."""
        config = await context.config()
        try:
            url = config.require_control_plane()
            identity.secret_key(config)
        except ConfigError as error:
            return unknown("needs an identity and a control plane", error.hint, error.message)
        snapshot = await context.node.snapshot()
        if snapshot is None:
            return Finding(
                State.TODO, "daemon not running", f"The node will run {context.node.where}."
            )
        if snapshot.get("controlPlaneUrl") not in (None, url):
            return Finding(
                State.TODO,
                f"the running node serves {snapshot['controlPlaneUrl']}",
                f"It has to start again to serve {url}. Running jobs are finished first.",
                question=YesNo("Restart it now?", default=True),
            )
        return _running(snapshot)

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        """Start it, or start it again, and see that it answers."""
        if await context.node.snapshot() is not None:
            report(Progress("waiting for the running jobs, however long they take"))
            await context.node.stop()
        return _running(await context.node.start(report))


def _running(snapshot: Mapping[str, Any]) -> Finding:
    stats = snapshot.get("stats")
    if snapshot.get("connection") == "offline" and isinstance(stats, Mapping):
        why = stats.get("lastHeartbeatError") or "no answer yet"
        return done(
            "daemon running, not connected yet", f"It goes on trying by itself. Last: {why}"
        )
    return done("daemon running", f"Process {snapshot.get('pid')}")
