"""A control plane and nodes as processes of their own, so that they can be killed."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import httpx

from infernet_tui.identity import new_identity
from infernet_tui.node.options import NodeOptions
from tests.support.control_plane import eventually


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """A child that is certainly gone at the end of a test."""

    def __init__(self, argv: list[str], log: Path, environ: Mapping[str, str]) -> None:
        self.log = log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env={**os.environ, **environ},
                start_new_session=True,
            )

    def kill(self) -> None:
        """`kill -9`, the whole process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self._reap()

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.popen.terminate()
        return self._reap()

    def _reap(self) -> int:
        if self.popen.stdin:
            self.popen.stdin.close()
        return self.popen.wait(30)

    def words(self) -> str:
        """What it has said so far."""
        return self.log.read_text()


@contextlib.contextmanager
def process(argv: list[str], log: Path, environ: Mapping[str, str]) -> Iterator[Process]:
    """Run a child; it is killed on leaving."""
    child = Process(argv, log, environ)
    try:
        yield child
    finally:
        child.kill()


@contextlib.asynccontextmanager
async def control_plane_process(
    folder: Path, port: int, **environ: str
) -> AsyncIterator[tuple[str, Process]]:
    """`uvicorn infernet_server:create_app --factory`, ready to serve; its URL and process."""
    settings = _server_settings(folder)
    url = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", "uvicorn", "infernet_server:create_app", "--factory"]
    argv += ["--port", str(port), "--timeout-graceful-shutdown", "2"]
    with process(argv, folder / "server.log", settings | environ) as child:
        async with httpx.AsyncClient(base_url=url) as http:
            await eventually(lambda: _answers(http, child), 30)
        yield url, child


def _server_settings(folder: Path) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    return {
        "INFERNET_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'infernet.db'}",
        "INFERNET_RATE_LIMITS": "false",
    }


async def _answers(http: httpx.AsyncClient, child: Process) -> bool:
    if child.popen.poll() is not None:
        raise RuntimeError(child.words())
    try:
        return (await http.get("/api/health")).status_code == 200
    except httpx.TransportError:
        return False


@contextlib.asynccontextmanager
async def node_process(
    folder: Path, url: str, *, wait: bool = True, engine: str = "stub", **environ: str
) -> AsyncIterator[tuple[str, Process]]:
    """A headless node with an identity of its own, connected; its node id and process."""
    node_id = _configure(folder / "infernet" / "config.json", url, engine)
    options = NodeOptions(no_p2p=True, no_healthz=True, no_advertise=True, drain_seconds=5)
    variables = {"XDG_CONFIG_HOME": str(folder), **environ}
    argv = [sys.executable, "-m", "infernet_tui.node"]
    with process(argv, folder / "node.log", variables) as child:
        assert child.popen.stdin
        child.popen.stdin.write(options.to_json().encode())
        child.popen.stdin.close()
        child.popen.stdin = None
        if wait:
            await _until_said(child, "channel open")
        yield node_id, child


def _configure(config: Path, url: str, engine: str) -> str:
    """Write a configuration with a new identity, unless there is one; the node id."""
    if not config.exists():
        config.parent.mkdir(parents=True, exist_ok=True)
        identity = new_identity("provider")
        node = {
            "nodeId": identity.node_id,
            "role": identity.role,
            "name": identity.name,
            "publicKey": identity.public_key,
            "privateKey": str(identity.private_key),
        }
        whole = {"controlPlane": {"url": url}, "node": node, "engine": {"backend": engine}}
        config.write_text(json.dumps(whole))
        config.chmod(0o600)
    return str(json.loads(config.read_text())["node"]["nodeId"])


async def _until_said(child: Process, words: str) -> None:
    async def said() -> bool:
        if child.popen.poll() is not None:
            raise RuntimeError(child.words())
        return words in child.words()

    await eventually(said, 30)
