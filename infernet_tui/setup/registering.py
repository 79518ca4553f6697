"""Step 7: this node's row on the control plane, from which jobs are given out."""

import asyncio
from typing import Any

from infernet_protocol import endpoints
from infernet_tui import identity
from infernet_tui.config import Config
from infernet_tui.control_plane import call_once
from infernet_tui.errors import (
    ConfigError,
    ControlPlaneUnreachable,
    RequestFailed,
    TimedOut,
)
from infernet_tui.registration import Details, register_body
from infernet_tui.setup.context import CONTROL_PLANE_SECONDS, Context
from infernet_tui.setup.step import Answer, Finding, Progress, Report, State, done, unknown


class RegistrationStep:
    """Looks at the row, and writes it with a signed call."""

    number = 7
    key = "registration"
    title = "Provider registration"

    async def detect(self, context: Context) -> Finding:
        """Whether the control plane knows this key by this node's id and name."""
        config = await context.config()
        try:
            row = await asyncio.to_thread(_row, config)
        except ConfigError as error:
            return unknown("needs an identity and a control plane", error.hint, error.message)
        except (ControlPlaneUnreachable, TimedOut) as error:
            return unknown(
                "the control plane cannot be reached",
                "infernet register, when it can be",
                error.message,
            )
        node = config.require_node()
        if row is None:
            return Finding(
                State.TODO, "not registered yet", "Jobs are given to registered nodes only."
            )
        if (row.get("node_id"), row.get("name")) != (node.node_id, node.name or node.node_id):
            return Finding(State.TODO, "registered with other details")
        return done("registered", f"As {node.node_id}, {config.require_control_plane()}")

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        """Register; what the control plane knows and setup does not ask keeps its value."""
        config = await context.config()
        report(Progress(f"registering {config.require_node().node_id}"))
        snapshot = await context.node.snapshot()
        row_id = await asyncio.to_thread(_register, config, snapshot)
        await context.save({"node": {"id": row_id}})
        return await self.detect(context)


def _row(config: Config) -> dict[str, Any] | None:
    data = _call(config, endpoints.ME, {"role": config.require_node().role})
    row = data.get("row") if isinstance(data, dict) else None
    return row if isinstance(row, dict) else None


def _register(config: Config, snapshot: Any) -> str:
    """Send the details; the id of the row."""
    body = register_body(config.require_node(), Details(), row=_row(config), snapshot=snapshot)
    data = _call(config, endpoints.REGISTER, body)
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        url = config.require_control_plane()
        raise RequestFailed(f"{url} registered the node but did not say its id.")
    return str(data["id"])


def _call(config: Config, path: str, body: dict[str, Any]) -> Any:
    url, key = config.require_control_plane(), identity.secret_key(config)
    return call_once(url, key, path, body, timeout_seconds=CONTROL_PLANE_SECONDS)
