"""A command under a pseudo-terminal, and what it really sends there: bytes, not a rendered screen.

The command is the child of a small shell that leads the session and outlives it. So the terminal
stays as the command left it: when a session's leader ends, the kernel resets its terminal, and
nothing could be said about who restored it.
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

LEADER = """
sh -c 'echo $$ >&3; exec "$@"' child "$@"
echo $? >&3
read -r _ <&4
"""
"""Says the child's process id and its exit code; then waits to be dismissed."""
END_SECONDS = 20.0
READ_BYTES = 65536


class PtyScreen:
    """A running command and the terminal it draws on. Made by `under_pty`."""

    def __init__(
        self, argv: Sequence[str], environ: Mapping[str, str], cwd: Path, size: tuple[int, int]
    ) -> None:
        self.output = bytearray()
        """Everything it has sent so far."""
        self.code: int | None = None
        """Its exit code, 128 + n after signal n; None while it runs."""
        self.master, slave = pty.openpty()
        """Our end of it: `os.get_terminal_size` and the like work there too."""
        os.set_blocking(self.master, False)
        self._set_size(*size)
        self.modes_before = self.modes()
        self._status, status = os.pipe()
        dismissed, self._dismiss = os.pipe()
        self.started_at = time.monotonic()
        self._leader = subprocess.Popen(
            [
                "sh",
                "-c",
                f"exec 3>/dev/fd/{status} 4</dev/fd/{dismissed}\n{LEADER}",
                "leader",
                *argv,
            ],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            pass_fds=(status, dismissed),
            env=dict(environ),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        for descriptor in (slave, status, dismissed):
            os.close(descriptor)
        self._said = b""
        self.pid = int(self._word(0))
        """The command's process, not the shell's."""
        self.started_at = time.monotonic()
        """When the command was about to be executed."""

    # --- looking ----------------------------------------------------------------------------

    def wait_for(self, wanted: bytes | re.Pattern[bytes], *, since: int = 0) -> int:
        """Read until the output from `since` on has these bytes; where they end.

        Raises:
            AssertionError: they did not come in time, or the command ended without them.
        """
        pattern = re.compile(re.escape(wanted)) if isinstance(wanted, bytes) else wanted
        found: list[int] = []

        def has_come() -> bool:
            if match := pattern.search(self.output, since):
                found.append(match.end())
            return bool(found)

        self.read_until(has_come)
        assert found, f"{pattern.pattern!r} did not come; the end of it: {self.output[-600:]!r}"
        return found[0]

    def read_until(self, holds: Callable[[], bool], seconds: float = END_SECONDS) -> bool:
        """Read until something holds, the time is over or the command has ended; whether it did."""
        deadline = time.monotonic() + seconds
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0 or self.code is not None:
                return holds()
            self._read(left)
        return True

    def settle(self, quiet_seconds: float = 0.4, at_most: float = 5.0) -> None:
        """Read until nothing has come for a while."""
        deadline = time.monotonic() + at_most
        before = -1
        while before != len(self.output) and time.monotonic() < deadline:
            before = len(self.output)
            self._read(quiet_seconds)

    def read_for(self, seconds: float) -> int:
        """Read for so long; the number of bytes that came."""
        before = len(self.output)
        self.read_until(lambda: False, seconds)
        return len(self.output) - before

    def modes(self) -> list[Any]:
        """The terminal's modes now, as `termios.tcgetattr` gives them."""
        return termios.tcgetattr(self.master)

    # --- acting -----------------------------------------------------------------------------

    def send(self, keys: bytes) -> int:
        """Type; how much output there was before it."""
        before = len(self.output)
        os.write(self.master, keys)
        return before

    def resize(self, columns: int, rows: int) -> None:
        """Another size: the kernel tells the foreground group with SIGWINCH."""
        self._set_size(columns, rows)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command alone."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = END_SECONDS) -> int:
        """Read until the command has ended; its exit code.

        Raises:
            AssertionError: it goes on.
        """
        self.read_until(lambda: self.code is not None, seconds)
        assert self.code is not None, f"it does not end: {self.output[-600:]!r}"
        while select.select([self.master], [], [], 0)[0] and self._take_output():
            pass
        return self.code

    def close(self) -> None:
        """End whatever still runs."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        os.close(self._dismiss)
        try:
            self._leader.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._leader.pid, signal.SIGKILL)
            self._leader.wait()
        os.close(self.master)
        os.close(self._status)

    # --- reading ----------------------------------------------------------------------------

    def _read(self, seconds: float) -> None:
        watched = [self.master, self._status] if self.code is None else [self.master]
        ready, _, _ = select.select(watched, [], [], seconds)
        if self.master in ready:
            self._take_output()
        if self._status in ready:
            self.code = int(self._word(1))

    def _take_output(self) -> bool:
        try:
            piece = os.read(self.master, READ_BYTES)
        except (BlockingIOError, OSError):  # EIO: nobody has the other end open
            return False
        self.output += piece
        return bool(piece)

    def _word(self, number: int) -> bytes:
        """The n-th line that the leader says."""
        while self._said.count(b"\n") <= number:
            piece = os.read(self._status, 100)
            assert piece, "the shell has ended"
            self._said += piece
        return self._said.split(b"\n")[number]

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@contextlib.contextmanager
def under_pty(
    argv: Sequence[str],
    environ: Mapping[str, str],
    cwd: Path,
    size: tuple[int, int] = (80, 24),
) -> Iterator[PtyScreen]:
    """Run a command on a terminal of `size` columns and rows; it is gone on leaving."""
    screen = PtyScreen(argv, environ, cwd, size)
    try:
        yield screen
    finally:
        screen.close()


def _take_terminal() -> None:
    """In the child: stdin is the terminal of this session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
