"""The six checks: what each looks at, and which words it finds for it (docs page, "doctor")."""

import asyncio
import contextlib
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infernet_protocol import endpoints
from infernet_tui import identity, paths
from infernet_tui.config import Config
from infernet_tui.control_plane import call_once, get_once
from infernet_tui.doctor.outcome import Outcome, fail, ok, skip, warn
from infernet_tui.errors import ConfigError, InfernetError, NodeNotRunning

ROUTING_WINDOW_SECONDS = 120
"""A node that was not heard from for longer gets no jobs (`wire.md` §6)."""
CONTROL_PLANE_SECONDS = 7.0
END_TO_END_SECONDS = 30.0


@dataclass(slots=True)
class Subject:
    """What is examined, and what earlier checks found out about it."""

    config: Config
    config_error: ConfigError | None = None
    reaches_control_plane: bool = False
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at."""

    name: str
    look: Callable[[Subject], Outcome]


def local_config(subject: Subject) -> Outcome:
    """`config.json` parses, is private, and holds an identity that signs."""
    if subject.config_error:
        return fail(subject.config_error.message, subject.config_error.hint)
    path = paths.config_file()
    try:
        key = identity.secret_key(subject.config)
    except ConfigError as error:
        return fail(error.message, error.hint)
    mode = stat.S_IMODE(path.stat().st_mode)
    node = subject.config.require_node()
    summary = f"{node.role}/{node.name or node.node_id}, key={key.public_hex[:12]}…"
    details = f"path: {path} (mode {mode:o})\nurl:  {subject.config.control_plane_url or 'not set'}"
    if mode & 0o077:
        return warn(f"{summary}, readable by others", f"chmod 600 {path}", details)
    return ok(summary, details)


def engine(subject: Subject) -> Outcome:
    """An engine answers, and has the model that this node is to serve."""
    try:
        return asyncio.run(_engine(subject.config))
    except InfernetError as error:
        return fail(error.message, error.hint)


async def _engine(config: Config) -> Outcome:
    from infernet_tui.engines.registry import open_engine  # engines are slow to import

    opened = await open_engine(config.engine)
    try:
        health = await opened.health()
        if not health.ok:
            return fail(health.detail, "infernet model show")
        names = [model.name for model in await opened.models()]
    finally:
        await opened.close()
    wanted = config.engine.model or opened.default_model
    if not names:
        return warn(f"{health.detail}, no models", "infernet model pull qwen2.5:0.5b")
    if not wanted:
        return warn(
            f"{health.detail}, {len(names)} models pulled, no engine.model set",
            f"infernet model use {names[0]}",
        )
    if wanted not in names:
        return fail(f"{health.detail}, model {wanted} is missing", f"infernet model pull {wanted}")
    return ok(f"{health.detail}, model {wanted} pulled")


def control_plane(subject: Subject) -> Outcome:
    """The control plane answers a public read."""
    url = subject.config.control_plane_url
    if not url:
        return fail("no control plane is set", "infernet init --url <url>")
    began = time.monotonic()
    try:
        get_once(url, endpoints.OVERVIEW, timeout_seconds=CONTROL_PLANE_SECONDS)
    except InfernetError as error:
        return fail(error.message, f"curl {url}{endpoints.HEALTH}")
    subject.reaches_control_plane = True
    return ok(f"{url} (HTTP 200, {_milliseconds(began)}ms)")


def daemon(subject: Subject) -> Outcome:
    """The node runs, and its heartbeats arrive."""
    from infernet_tui.node.client import request_once

    try:
        snapshot = request_once("status")
    except NodeNotRunning:
        return warn(
            "daemon not running", "start with `infernet start` if this node should accept jobs"
        )
    except InfernetError as error:
        return fail(error.message, error.hint)
    subject.is_running = True
    stats, pid = snapshot.get("stats", {}), snapshot.get("pid")
    jobs = f"jobs {stats.get('jobsCompleted', 0)}/{stats.get('jobsPicked', 0)}"
    if error_text := stats.get("lastHeartbeatError"):
        return fail(f"pid={pid}, {jobs}, last heartbeat failed: {error_text}", "infernet logs")
    age = _age_seconds(stats.get("lastHeartbeatAt"))
    if age is None:
        return warn(f"pid={pid}, no heartbeat yet, {jobs}", "infernet logs")
    return ok(f"pid={pid}, last heartbeat {age:.0f}s ago, {jobs}")


def provider_row(subject: Subject) -> Outcome:
    """The control plane knows this key, and would give it jobs."""
    if not subject.reaches_control_plane:
        return skip("the control plane cannot be reached")
    try:
        key = identity.secret_key(subject.config)
        role = subject.config.require_node().role
        url = subject.config.require_control_plane()
        answer = call_once(url, key, endpoints.ME, {"role": role})
    except InfernetError as error:
        return fail(error.message, error.hint)
    row = answer.get("row") if isinstance(answer, dict) else None
    return judge_row(subject, row if isinstance(row, dict) else None, key.public_hex)


def judge_row(subject: Subject, row: dict[str, Any] | None, public_key: str) -> Outcome:
    """What the control plane's row of this key means; no row is a failure."""
    if row is None:
        return fail(f"{public_key[:8]}… is not registered", "infernet register")
    gpu = f", gpu={row['gpu_model']}" if row.get("gpu_model") else ""
    summary = f"registered as {public_key[:8]}…, status={row.get('status')}{gpu}"
    node = subject.config.require_node()
    if row.get("node_id") not in (None, node.node_id):
        return warn(f"{summary}, but as {row['node_id']}, not {node.node_id}", "infernet register")
    if not subject.is_running or node.role != "provider":
        return ok(summary)
    age = _age_seconds(row.get("last_seen"))
    if row.get("status") != "available" or age is None or age > ROUTING_WINDOW_SECONDS:
        heard = "never heard from" if age is None else f"last heard from {age:.0f}s ago"
        return warn(f"{summary}, {heard}: it gets no jobs", "infernet logs")
    return ok(summary)


def end_to_end(subject: Subject) -> Outcome:
    """A tiny real job comes back through the network."""
    from infernet_tui.doctor.end_to_end import probe

    if not subject.reaches_control_plane:
        return skip("the control plane cannot be reached")
    own_id = subject.config.node.node_id if subject.config.node else None
    try:
        return probe(subject.config.require_control_plane(), own_id, END_TO_END_SECONDS)
    except InfernetError as error:
        return fail(error.message, error.hint)


CHECKS = (
    Check("Local config", local_config),
    Check("Engine", engine),
    Check("Control plane", control_plane),
    Check("Daemon", daemon),
    Check("Provider row", provider_row),
    Check("End-to-end", end_to_end),
)


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _age_seconds(stamp: object) -> float | None:
    """How old a timestamp of the wire is; both of its spellings parse."""
    if isinstance(stamp, str):
        with contextlib.suppress(ValueError):
            then = datetime.fromisoformat(stamp)
            then = then if then.tzinfo else then.replace(tzinfo=UTC)
            return max(0.0, (datetime.now(UTC) - then).total_seconds())
    return None
