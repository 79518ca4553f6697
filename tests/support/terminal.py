"""A program in a real terminal: tmux on a socket of its own, typed into and read like a person.

Waiting is for the terminal's own output (tmux's control mode tells of each), never for a time.
"""

import os
import select
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

RUN_AND_TELL = 'trap : INT QUIT; "$@"; printf %s $? > "$0.part"; mv "$0.part" "$0"'
"""For `sh`: tmux itself now and then misses how a program ended."""
LOOK_AGAIN_SECONDS = 0.25
"""The end of a program is no output: so look again after this long, whatever happens."""


@dataclass
class Terminal:
    """One terminal. `start` first, `stop` last (or use `with`)."""

    socket: str = field(default_factory=lambda: f"infernet-test-{uuid.uuid4().hex[:12]}")
    _watcher: "subprocess.Popen[bytes] | None" = None
    _folder: "tempfile.TemporaryDirectory[str]" = field(default_factory=tempfile.TemporaryDirectory)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *details: object) -> None:
        self.stop()

    def start(
        self,
        command: Sequence[str],
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Run a program in a terminal of this size (columns, rows). Skips the test without tmux.

        The program gets `env` alone (default: this process's), with tmux's own TERM.
        """
        if shutil.which("tmux") is None:
            pytest.skip("tmux is not installed, so there is no terminal to try this in")
        columns, rows = map(str, size)
        settings = ("remain-on-exit on", "default-terminal tmux-256color", "status off")
        options = [word for each in settings for word in ("set", "-g", *each.split(), ";")]
        session = ["new-session", "-d", "-s", "main", "-x", columns, "-y", rows, "--"]
        session += ["sh", "-c", RUN_AND_TELL, str(self._ending), *command]
        self._tmux("start-server", ";", *options, *session, env=env)
        self._watcher = subprocess.Popen(
            [*self._prefix, "-C", "attach", "-t", "main", "-f", "read-only,ignore-size"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def send(self, *keys: str) -> None:
        """Press keys, by tmux's names (`Enter`, `Escape`, `C-c`, `x`)."""
        self._tmux("send-keys", "-t", "main", *keys)

    def type(self, words: str) -> None:
        """Type words as they are."""
        self._tmux("send-keys", "-t", "main", "-l", words)

    def press_while(self, key: str, text: str, timeout: float = 20.0) -> None:
        """Press a key for as long as a text is to be seen: a new dialog ignores the first ones.

        Raises:
            AssertionError: it stays.
        """
        deadline = time.monotonic() + timeout
        while text in (screen := self.screen()):
            assert time.monotonic() < deadline, f"“{text}” does not go away; the screen:\n{screen}"
            self.send(key)
            self._wait_for_output(LOOK_AGAIN_SECONDS)

    def screen(self) -> str:
        """What is to be seen now, as lines."""
        return self._tmux("capture-pane", "-p", "-t", "main")

    def flag(self, name: str) -> str:
        """What tmux knows of the pane, e.g. `alternate_on`, `mouse_any_flag`."""
        return self._tmux("display-message", "-p", "-t", "main", f"#{{{name}}}").strip()

    def wait_for(self, text: str, timeout: float = 20.0) -> str:
        """The screen, once it has this text.

        Raises:
            AssertionError: it does not come about.
        """
        return self.wait_until(lambda screen: text in screen, f"“{text}”", timeout)

    def wait_until(
        self, holds: Callable[[str], bool], what: str = "the expected", timeout: float = 20.0
    ) -> str:
        """The screen, once something holds for it.

        Raises:
            AssertionError: it does not come about.
        """
        deadline = time.monotonic() + timeout
        while not holds(screen := self.screen()):
            left = deadline - time.monotonic()
            assert left > 0, f"{what} was not seen within {timeout:g} s; the screen:\n{screen}"
            self._wait_for_output(min(left, LOOK_AGAIN_SECONDS))
        return screen

    def wait_exit(self, timeout: float = 20.0) -> int:
        """The exit code of the program, 128 and more for the signal that ended it.

        Raises:
            AssertionError: it goes on.
        """
        self.wait_until(lambda _: self._ending.exists(), "the end of the program", timeout)
        return int(self._ending.read_text())

    def stop(self) -> None:
        """End the terminal, and whatever still runs in it."""
        if self._watcher is None:
            return
        subprocess.run([*self._prefix, "kill-server"], capture_output=True, check=False)
        self._watcher.communicate(timeout=10)
        self._watcher = None
        self._folder.cleanup()

    @property
    def _ending(self) -> Path:
        """Where the exit code will be."""
        return Path(self._folder.name) / "ending"

    @property
    def _prefix(self) -> list[str]:
        return ["tmux", "-u", "-L", self.socket, "-f", os.devnull]

    def _tmux(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        result = subprocess.run(
            [*self._prefix, *words],
            env=None if env is None else dict(env),
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        return result.stdout

    def _wait_for_output(self, seconds: float) -> None:
        assert self._watcher is not None
        assert self._watcher.stdout is not None
        ready, _, _ = select.select([self._watcher.stdout], [], [], seconds)
        if ready:
            os.read(self._watcher.stdout.fileno(), 65536)
