"""The command line in this process, a real control plane, and a node's socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from infernet_tui import paths
from tests.support.cli import Finished, in_process
from tests.support.control_plane import RunningControlPlane, control_plane


class Shell:
    """Runs command lines in a thread, so that servers of the test's loop can answer."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._infernet = in_process(capsys)

    async def __call__(self, *arguments: str) -> Finished:
        return await asyncio.to_thread(self._infernet, *arguments)


@pytest.fixture
def infernet(capsys: pytest.CaptureFixture[str]) -> Shell:
    """`await infernet("status", "--json")`."""
    return Shell(capsys)


@pytest.fixture
async def plane(tmp_path: Path) -> AsyncIterator[RunningControlPlane]:
    """A control plane with an empty database."""
    async with control_plane(tmp_path / "server") as running:
        yield running


@pytest.fixture
async def registered(infernet: Shell, plane: RunningControlPlane) -> RunningControlPlane:
    """The control plane, after `init` and `register`."""
    assert (await infernet("init", "--url", plane.url, "--name", "my-vps-1")).code == 0
    assert (await infernet("register")).code == 0
    return plane


SNAPSHOT: dict[str, Any] = {
    "pid": 25440,
    "startedAt": "2026-11-23T09:42:08.921Z",
    "uptimeMs": 61999,
    "node": {"nodeId": "provider-15d5aaa7", "id": None, "role": "provider", "name": "my-vps-1"},
    "controlPlaneUrl": "http://127.0.0.1:9",
    "intervals": {"heartbeatMs": 3000, "pollMs": 1000},
    "stats": {
        "heartbeatsOk": 1, "heartbeatsFailed": 0, "lastHeartbeatAt": "2026-11-23T09:42:09.111Z",
        "lastHeartbeatError": None, "jobsPicked": 13, "jobsCompleted": 12, "jobsFailed": 1,
        "activeJobs": 0, "activeJobIds": [], "lastJobAt": None, "pollsOk": 2, "pollsFailed": 0,
        "lastPollAt": "2026-11-23T09:42:10.146Z",
    },
    "p2p": {"enabled": True, "port": 46337, "address": "127.0.0.1", "endpoint": "127.0.0.1:46337",
            "connectionsTotal": 1, "lastConnectionAt": None},
}  # fmt: skip
"""The reference daemon's snapshot, without the fields that our node adds."""


@pytest.fixture
async def daemon() -> AsyncIterator[dict[str, Any]]:
    """Something on the node's socket that answers every command with `SNAPSHOT`."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            writer.write(json.dumps({"ok": True, "data": SNAPSHOT}).encode() + b"\n")
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    paths.config_dir().mkdir(parents=True, exist_ok=True)
    server = await asyncio.start_unix_server(answer, paths.socket_file())
    async with server:
        yield SNAPSHOT
