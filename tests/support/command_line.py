"""`infernet` as a process, in a home of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

COMMAND = (sys.executable, "-m", "infernet_tui")
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "COVERAGE_PROCESS_START", "PYTHONPATH")


@dataclass(frozen=True)
class Finished:
    """A command line that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """Its NDJSON."""
        return [orjson.loads(line) for line in self.out.splitlines()]


@dataclass
class Running:
    """A command line that goes on; everything it says is kept."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> list[threading.Thread]:
        """Read both streams in threads, until they end."""
        threads = [
            threading.Thread(target=self._read, args=(stream,))
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _read(self, stream: Iterator[str]) -> None:
        for line in stream:
            with self._news:
                self.said.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def wait_for(self, words: str, timeout: float = 60) -> str:
        """The first line with these words in it.

        Raises:
            AssertionError: it did not come in time.
        """
        with self._news:
            self._news.wait_for(lambda: self._line_with(words), timeout)
            found = self._line_with(words)
        assert found, "\n".join(self.said)
        return found

    def _line_with(self, words: str) -> str | None:
        return next((line for line in self.said if words in line), None)

    def end(self, number: signal.Signals = signal.SIGTERM, timeout: float = 60) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout)


@dataclass(frozen=True)
class Home:
    """An empty home, and the environment of whoever lives there."""

    path: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """Nothing of the developer's but where programs are."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        own = {"HOME": str(self.path), "XDG_CONFIG_HOME": str(self.path / "config")}
        return kept | own | {"INFERNET_PUBLIC_ADDRESS": "127.0.0.1"} | self.extra

    @property
    def folder(self) -> Path:
        """The config folder."""
        return self.path / "config" / "infernet"

    def run(self, *words: str, stdin: str | None = None, timeout: float = 90) -> Finished:
        """Run a command line to its end."""
        done = subprocess.run(
            [*COMMAND, *words],
            env=self.environ,
            cwd=self.path,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    @contextlib.contextmanager
    def start(self, *words: str) -> Iterator[Running]:
        """Run a command line for the block; it is killed at the end if it still runs."""
        process = subprocess.Popen(
            [*COMMAND, *words],
            env=self.environ,
            cwd=self.path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running = Running(process)
        threads = running.listen()
        try:
            yield running
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for thread in threads:
                thread.join()
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()


def processes_of(home: Home) -> list[str]:
    """Command lines of the living processes whose HOME this is."""
    import psutil

    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("HOME") == str(home.path):
                found.append(" ".join(process.cmdline()))
    return found
