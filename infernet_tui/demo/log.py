"""The demo node's log: what a real node would have written about the same jobs."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from infernet_tui.demo.noise import noise
from infernet_tui.node.times import iso_millis

TITLE = "made up (demo), not yours"
HOUR_SECONDS = 3600
Entry = tuple[float, str]
"""When, and the line."""


def log_entries(
    status: Mapping[str, Any], jobs: list[dict[str, Any]], after: float, until: float
) -> list[Entry]:
    """What was logged from `after` up to `until`, oldest first; made of `status` and `jobs`."""
    entries = [*_start(status), *_trouble(status), *_hiccups(status, until)]
    for job in jobs:
        entries += _job(job)
    return sorted(entry for entry in entries if after < entry[0] <= until)


def _line(at: float, level: str, logger: str, text: str) -> Entry:
    return at, f"{iso_millis(at)} {level:<7} infernet_tui.{logger}: {text}"


def _start(status: Mapping[str, Any]) -> Iterator[Entry]:
    at, node_id = _seconds(status["startedAt"]), status["node"]["nodeId"]
    yield _line(at, "INFO", "node.p2p", "listening for peers on port 46337")
    yield _line(at + 0.2, "INFO", "node.daemon", f"node {node_id} started, process {status['pid']}")
    host = str(status["controlPlaneUrl"]).removeprefix("https://")
    yield _line(at + 0.7, "INFO", "node.heartbeat", f"registered as {node_id} at {host}")
    yield _line(at + 0.9, "INFO", "node.channel", f"channel open: session {status['node']['id']}")


def _trouble(status: Mapping[str, Any]) -> Iterator[Entry]:
    error, last = status["stats"]["lastHeartbeatError"], status["stats"]["lastHeartbeatAt"]
    if not error or not last:
        return
    at = _seconds(last)
    yield _line(at + 4, "WARNING", "node.channel", "channel lost: the connection was reset")
    for number in range(int(status["stats"]["heartbeatsFailed"])):
        yield _line(
            at + 30 * (number + 1), "WARNING", "node.heartbeat", f"heartbeat failed: {error}"
        )


def _hiccups(status: Mapping[str, Any], until: float) -> Iterator[Entry]:
    """Now and then a heartbeat that needed a second try."""
    at = _seconds(status["startedAt"]) + 1500
    while at < until:
        if noise(int(at), 17) < 0.5:
            yield _line(at, "WARNING", "node.polling", "heartbeat failed, trying again: timed out")
            yield _line(at + 1.2, "INFO", "node.channel", "channel open: the session goes on")
        at += HOUR_SECONDS / 2


def _job(job: Mapping[str, Any]) -> Iterator[Entry]:
    name = f"job {job['id']} attempt {job['attempt']}"
    started = _seconds(job["startedAt"])
    yield _line(started, "INFO", "node.jobs", f"{name} started")
    if not job["finishedAt"]:
        return
    finished = _seconds(job["finishedAt"])
    words = f"{name} {job['state']} after {finished - started:.1f} s, {job['tokens']} tokens"
    if job["state"] == "failed":
        yield _line(finished - 0.002, "ERROR", "engines.ollama", f"{job['model']}: {job['error']}")
    error = f": {job['error']}" if job["error"] else ""
    yield _line(finished, "INFO", "node.jobs", words + error)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
