"""Starts what is measured, each in a process of its own, and stops it again."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
READY_SECONDS = 60.0
STOP_SECONDS = 10.0


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def process(
    argv: Sequence[str | Path],
    log: Path,
    env: Mapping[str, str] | None = None,
    *,
    stdin: bytes = b"",
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command, its output in `log`; it is gone when the block ends."""
    with log.open("wb") as output:
        running = subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}", **(env or {})},
            cwd=log.parent,
        )
        assert running.stdin is not None
        with running.stdin as pipe:
            pipe.write(stdin)
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def wait_until(
    is_ready: Callable[[], bool], running: subprocess.Popen[bytes], log: Path, what: str
) -> None:
    """Poll until ready.

    Raises:
        SystemExit: the process died or took too long; its last words are shown.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and running.poll() is None:
        with contextlib.suppress(OSError):
            if is_ready():
                return
        time.sleep(0.05)
    raise SystemExit(f"{what} did not start:\n{log.read_text(errors='replace')[-2000:]}")


def body_of(url: str) -> bytes:
    """What a URL answers.

    Raises:
        OSError: nobody answers, or not with 200.
    """
    with urllib.request.urlopen(url, timeout=5) as answer:
        return bytes(answer.read())


@contextlib.contextmanager
def fake_engine(folder: Path) -> Iterator[str]:
    """The fake engine; its address."""
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", folder / "engine.log"
    argv = [sys.executable, HERE / "fake_engine.py", "--port", str(port)]
    with process(argv, log) as running:
        wait_until(lambda: bool(body_of(f"{url}/v1/models")), running, log, "the fake engine")
        yield url


@contextlib.contextmanager
def uvicorn(
    app: str, folder: Path, *options: str, env: Mapping[str, str], ready_path: str
) -> Iterator[str]:
    """An ASGI application under uvicorn, one worker; its address."""
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", folder / f"{app.partition(':')[0]}.log"
    argv = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--no-access-log"]
    argv += ["--log-level", "warning", "--timeout-graceful-shutdown", "1", *options]
    with process(argv, log, env) as running:
        wait_until(lambda: bool(body_of(url + ready_path)), running, log, app)
        yield url
