"""A child process that an engine runs in: spawned, watched, and never left behind.

The child keeps its standard input as a leash: when this process closes it, or dies in any way, the
child reads its end and must exit. It runs in a process group of its own, so that nothing it
started outlives `close`, which takes at most `CLOSE_SECONDS`. Its last words on standard error are
kept for the message that says why it died.
"""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Mapping, Sequence

from infernet_tui.errors import EngineError

CLOSE_SECONDS = 5.0
GRACE_SECONDS = 2.0
"""For the child to leave on its own, and again after SIGTERM."""
MAX_LINE_BYTES = 4 * 1024 * 1024
TAIL_BYTES = 4096
PIPE_SECONDS = 1.0

log = logging.getLogger(__name__)


class ChildProcess:
    """One child. Once it has ended it stays ended; make another one."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._process = process
        self._tail = b""
        self._watch = asyncio.create_task(self._keep_tail(), name=f"{name} stderr")

    @classmethod
    async def spawn(
        cls, name: str, argv: Sequence[str], environ: Mapping[str, str] | None = None
    ) -> "ChildProcess":
        """Run `argv`.

        Raises:
            EngineError: it cannot be run.
        """
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                env=None if environ is None else dict(environ),
                limit=MAX_LINE_BYTES,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise EngineError(f"Cannot run {name} ({argv[0]}): {error}.") from None
        return cls(name, process)

    @property
    def pid(self) -> int:
        """The process id; also the id of its process group."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs, as far as is known."""
        return self._process.returncode is None

    async def send_line(self, line: bytes) -> None:
        """Write one line; a child that is gone is found out by whoever reads."""
        assert self._process.stdin
        with contextlib.suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(line + b"\n")
            await self._process.stdin.drain()

    async def read_line(self) -> bytes:
        """The next line of its standard output, without the line end; nothing when it ended.

        Raises:
            ValueError: the line is longer than `MAX_LINE_BYTES`.
        """
        assert self._process.stdout
        line = await self._process.stdout.readline()
        return line.rstrip(b"\r\n") or (b" " if line else b"")

    async def ended(self) -> None:
        """Wait until it has ended and its last words are read."""
        await self._process.wait()
        with contextlib.suppress(TimeoutError):
            # A grandchild may hold the pipe open for ever.
            await asyncio.wait_for(asyncio.shield(self._watch), PIPE_SECONDS)

    def epitaph(self) -> str:
        """How it ended, with its last line: "llama.cpp died of SIGSEGV: …"."""
        code = self._process.returncode
        how = "is gone" if code is None else f"ended with status {code}"
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                how = f"died of {signal.Signals(-code).name}"
        words = self._tail.decode("utf-8", "replace").strip().splitlines()
        return f"{self.name} {how}" + (f": {words[-1][:300]}" if words else "")

    async def close(self) -> None:
        """Let go of the leash, and make sure that nothing of it is left."""
        assert self._process.stdin
        self._process.stdin.close()
        for after in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), GRACE_SECONDS)
            self._signal_group(after)
        await self._process.wait()
        self._signal_group(signal.SIGKILL)
        await self.ended()
        self._watch.cancel()
        await asyncio.gather(self._watch, return_exceptions=True)

    def kill(self) -> None:
        """End it this instant."""
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    async def _keep_tail(self) -> None:
        assert self._process.stderr
        while chunk := await self._process.stderr.read(8192):
            self._tail = (self._tail + chunk)[-TAIL_BYTES:]
            log.debug("%s: %s", self.name, chunk.decode("utf-8", "replace").rstrip())


class RestartBackoff:
    """How long to leave a child alone that keeps dying: 0.5 s, 1 s, 2 s … 30 s.

    A child that lived for a minute is forgiven what came before.
    """

    FIRST_SECONDS = 0.5
    MOST_SECONDS = 30.0
    FORGIVEN_AFTER_SECONDS = 60.0

    def __init__(self) -> None:
        self._deaths = 0
        self._started_at = float("-inf")
        self._not_before = float("-inf")

    def started(self) -> None:
        """A child was started."""
        self._started_at = time.monotonic()

    def died(self) -> None:
        """It died without being told to."""
        now = time.monotonic()
        if now - self._started_at > self.FORGIVEN_AFTER_SECONDS:
            self._deaths = 0
        # The first death costs no wait: the next job may start a new child at once.
        wait = self.FIRST_SECONDS * 2 ** min(self._deaths - 1, 10) if self._deaths else 0.0
        self._not_before = now + min(wait, self.MOST_SECONDS)
        self._deaths += 1

    @property
    def seconds_left(self) -> float:
        """Until a child may be started again; 0 when it may now."""
        return max(0.0, self._not_before - time.monotonic())
