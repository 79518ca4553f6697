"""One run of the application, or of its peer, on a pseudo-terminal, and what is measured in it.

The application attaches to a demo node in another process, as it would to a node: what it costs
is then its own.
"""

import contextlib
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from tests.support.pty_screen import PtyScreen, under_pty

HERE = Path(__file__).parent
SMALL, LARGE = (80, 24), (160, 50)
INFERNET = (sys.executable, "-m", "infernet_tui", "tui")
HELLO = (sys.executable, str(HERE / "hello_textual.py"))
FIRST_WORDS = {INFERNET: b"2Models", HELLO: b"hello, terminal"}
"""What tells that the first frame is there: our second row, the peer's line."""
DATA_WORDS = b"SERVING"
BLUR, FOCUS = b"\x1b[O", b"\x1b[I"
CURSOR_ROW = re.compile(rb"\x1b\[[0-9;]*m> ")
"""A table's row, painted with the cursor on it."""
SCREENS = {
    "1": b"1Home", "2": b"2Models", "3": b"3Jobs", "4": b"4GPU", "5": b"5Peers", "6": b"6Earn",
    "7": b"7Chat", "8": b"8Talk", "9": b"9Logs", "0": b"0Doctor", ",": b",Settings",
}  # fmt: skip
"""Key and tab of each screen."""
LEAVE_INPUT = {"7", "8", ","}
"""Screens whose first focus may take digits as text."""


def environ(home: Path) -> dict[str, str]:
    """Who lives in `home`, at an ordinary colour terminal."""
    own = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "PYTHONPATH": f"{HERE.parent}",
    }
    return {"PATH": os.environ["PATH"]} | own


@contextlib.contextmanager
def demo_node(home: Path, scenario: str) -> Iterator[None]:
    """A demo node that `home` attaches to."""
    socket = home / "config" / "infernet" / "daemon.sock"
    argv = [sys.executable, "-m", "tests.support.demo_server", str(socket), scenario]
    running = subprocess.Popen(argv, cwd=HERE.parent, env=environ(home), stdout=subprocess.PIPE)
    try:
        assert running.stdout is not None
        running.stdout.readline()
        yield
    finally:
        running.kill()
        running.wait()
        assert running.stdout is not None
        running.stdout.close()


@contextlib.contextmanager
def opened(argv: Sequence[str], home: Path, size: tuple[int, int]) -> Iterator[PtyScreen]:
    """The application once it shows something, and for ours also what the node says."""
    with under_pty(argv, environ(home), home, size) as screen:
        screen.wait_for(FIRST_WORDS[tuple(argv)])
        if tuple(argv) == INFERNET:
            screen.wait_for(DATA_WORDS)
        screen.settle(0.5, at_most=3)
        yield screen


def first_paint(argv: Sequence[str], home: Path, size: tuple[int, int]) -> dict[str, float]:
    """Milliseconds from exec to the first frame and to the first data, and of leaving."""
    with under_pty(argv, environ(home), home, size) as screen:
        screen.wait_for(FIRST_WORDS[tuple(argv)])
        times = {"first_paint_ms": since(screen.started_at)}
        if tuple(argv) == INFERNET:
            screen.wait_for(DATA_WORDS)
            times["first_data_ms"] = since(screen.started_at)
        screen.settle(0.3, at_most=2)
        asked_at = time.monotonic()
        screen.send(b"q")
        screen.wait()
        times["quit_ms"] = since(asked_at)
    return times


def at_rest(screen: PtyScreen, seconds: float) -> dict[str, float]:
    """CPU, bytes to the terminal and memory while nobody types."""
    before, began_at = cpu_seconds(screen.pid), time.monotonic()
    sent = screen.read_for(seconds)
    elapsed = time.monotonic() - began_at
    used = cpu_seconds(screen.pid) - before
    return {
        "cpu_percent": round(100 * used / elapsed, 2),
        "bytes_per_second": round(sent / elapsed),
        "rss_mb": memory_of(screen),
    }


def cpu_seconds(pid: int) -> float:
    """Time on a processor until now; on Linux to the nanosecond, elsewhere in hundredths."""
    tasks = list(Path(f"/proc/{pid}/task").glob("*/schedstat"))
    if tasks:
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def memory_of(screen: PtyScreen) -> float:
    """Resident memory of the process, in MB."""
    return round(psutil.Process(screen.pid).memory_info().rss / 1e6, 1)


def is_there(screen: PtyScreen, key: str) -> bool:
    """Go to a screen; false if the application has none behind the key."""
    screen.wait_for(SCREENS[key], since=screen.send(key.encode()))
    return screen.code is None


def visits(screen: PtyScreen, keys: Sequence[str]) -> dict[str, float]:
    """Milliseconds from the key to the screen's tab row, by key, in this order."""
    times = {}
    for key in keys:
        asked_at = time.monotonic()
        screen.wait_for(SCREENS[key], since=screen.send(key.encode()))
        times[key] = since(asked_at)
        screen.settle(0.3, at_most=1.5)
        if key in LEAVE_INPUT:
            screen.send(b"\x1b")
            screen.settle(0.2, at_most=1)
    return times


def key_to_paint(screen: PtyScreen, presses: int) -> list[float]:
    """Milliseconds from a press of j in the table to the row painted with the cursor."""
    times = []
    for number in range(presses):
        asked_at = time.monotonic()
        screen.wait_for(CURSOR_ROW, since=screen.send(b"j" if number % 40 < 38 else b"k"))
        times.append(since(asked_at))
        screen.read_for(0.005 + 0.007 * (number % 7))  # not in step with what ticks
    return times


def filter_keystrokes(screen: PtyScreen, words: str) -> list[float]:
    """Milliseconds from each letter in the filter line to the table's new count."""
    screen.wait_for(b"filter /", since=screen.send(b"/"))
    times, typed = [], ""
    for letter in words:
        typed += letter
        asked_at = time.monotonic()
        count = re.compile(rb"of [0-9,]+ \xc2\xb7 /" + re.escape(typed.encode()) + rb"[ \x1b]")
        screen.wait_for(count, since=screen.send(letter.encode()))
        times.append(since(asked_at))
        screen.read_for(0.03)
    return times


def opening_a_log(home: Path, lines: int) -> dict[str, float]:
    """Milliseconds until the last of so many lines is shown, and the memory that it takes."""
    log = home / "config" / "infernet" / "daemon.log"
    text = "2026-11-25T10:41:{:02d}Z INFO infernet_tui.node.jobs: job {} done, {} tokens\n"
    log.write_text("".join(text.format(n % 60, n, n % 977) for n in range(lines)))
    with opened(INFERNET, home, SMALL) as screen:
        before, asked_at = memory_of(screen), time.monotonic()
        screen.wait_for(f"job {lines - 1}".encode(), since=screen.send(b"9"))
        elapsed = since(asked_at)
        screen.settle(0.5, at_most=2)
        return {"open_ms": elapsed, "more_mb": round(memory_of(screen) - before, 1)}


def since(moment: float) -> float:
    """Milliseconds that have gone by."""
    return round(1000 * (time.monotonic() - moment), 1)


def percentiles(times: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and worst."""
    ordered = sorted(times)
    return {
        "p50": statistics.median(ordered),
        "p95": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
        "max": ordered[-1],
    }


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each figure."""
    return {name: statistics.median([each[name] for each in rounds]) for name in rounds[0]}
