"""The application seen by a terminal: the bytes that it really gets, and how it is left behind.

Pilot sees widgets, not bytes; here everything runs under a pseudo-terminal. What no test can show:
after `kill -9` nothing of ours runs any more, so nobody restores the terminal (`reset` does).
"""

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infernet_tui.demo.strangers import CORPUS
from infernet_tui.exit_codes import ExitCode
from infernet_tui.tabs import SCREENS
from tests.support.command_line import COMMAND, Home
from tests.support.escapes import HIDDEN, Anatomy, anatomy
from tests.support.pty_screen import PtyScreen, under_pty

DEMO = (*COMMAND, "tui", "--demo")
READY = b"DEMO DATA"
"""In the first row of every screen of the demo."""
KEYS = [{"comma": ","}.get(key, key) for _name, key, _title, _twin in SCREENS]
REPOSITORY = Path(__file__).parents[2]
ON_AT_FIRST = frozenset({"7", "25"})
"""Private modes that a terminal has on before anybody asks: line wrap, and the cursor."""
MOUSE_MODES = frozenset({"9", "1000", "1002", "1003", "1005", "1006", "1015", "1016"})
SECRET = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5"

Terminal = Callable[..., contextlib.AbstractContextManager[PtyScreen]]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A function that runs a command (the demo) in a terminal, in an empty home."""

    @contextlib.contextmanager
    def run(
        *argv: str, size: tuple[int, int] = (80, 24), ready: bool = True, **environ: str
    ) -> Iterator[PtyScreen]:
        usual = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        whole = Home(tmp_path).environ | usual | environ
        with under_pty(argv or DEMO, whole, tmp_path, size) as screen:
            if ready:
                screen.wait_for(READY)
                screen.settle()
            yield screen

    return run


# --- what strangers say -------------------------------------------------------------------------


def tour(terminal: Terminal, scenario: str) -> Anatomy:
    """Look at every screen, and behind some rows; what the terminal got for it."""
    with terminal(INFERNET_DEMO_SCENARIO=scenario, size=(120, 40)) as screen:
        for key in KEYS:
            for keys in (key, "j", "\r", "\x1b", "\x1b"):
                screen.send(keys.encode())
                screen.settle(0.15)
        for keys in ("3", "e", "\x1b", "\r", "\x1b", "?", "\x1b", ":", "job", "\x1b", "!", "\x1b"):
            screen.send(keys.encode())
            screen.settle(0.15)
        screen.signal(signal.SIGTERM)
        assert screen.wait() == ExitCode.TERMINATED, screen.output[-600:].decode()
        return anatomy(bytes(screen.output))


def assert_harmless(seen: Anatomy, usual: Anatomy) -> None:
    """Nothing but what is sent to a terminal without any stranger's words."""
    assert set(seen.kinds) <= set(usual.kinds)
    assert not HIDDEN.search(seen.text)
    assert all(piece not in seen.text for piece in CORPUS if not piece.isprintable())


def test_no_word_of_a_stranger_reaches_the_terminal_as_a_command(terminal: Terminal) -> None:
    usual, hostile = tour(terminal, "busy"), tour(terminal, "hostile")
    assert "�" in hostile.text, "the tour came past no hostile word"
    assert not [kind for kind in usual.kinds if kind.startswith(("OSC", "DCS", "APC", "PM", "C1"))]
    assert set(usual.kinds) & {"C0 0a", "C0 0d"} == {k for k in usual.kinds if k[:2] == "C0"}
    assert_harmless(hostile, usual)


def test_only_copying_writes_to_the_clipboard(terminal: Terminal) -> None:
    with terminal(INFERNET_DEMO_SCENARIO="hostile") as screen:
        for keys in (b"3", b"j"):
            screen.send(keys)
            screen.settle()
        assert anatomy(bytes(screen.output)).kinds["OSC 52"] == 0
        screen.wait_for(b"\x1b]52;c;", since=screen.send(b"y"))
        screen.settle()
        assert anatomy(bytes(screen.output)).kinds["OSC 52"] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("jobs",), ("jobs", "--plain"), ("jobs", "show", "JOB"), ("peers",), ("peers", "--plain"),
        ("status",), ("stats",), ("gpu",), ("logs", "-n", "50"), ("payments",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_word_of_a_stranger_reaches_the_terminal_of_a_command(
    terminal: Terminal, tmp_path: Path, words: tuple[str, ...]
) -> None:
    folder = Home(tmp_path).folder
    folder.mkdir(parents=True)
    lines = [piece.encode("utf-8", "surrogateescape") for piece in CORPUS]
    (folder / "daemon.log").write_bytes(b"\n".join([b"an ordinary line", *lines, b"\x9b31m\xff"]))
    with demo_node(folder / "daemon.sock", "hostile") as socket:
        job = json.loads(Home(tmp_path).run("jobs", "--json").out)["jobs"][0]["id"]
        argv = [job if word == "JOB" else word for word in words]
        with terminal(*COMMAND, *argv, size=(200, 50), ready=False) as screen:
            screen.wait()
        assert socket.exists()
    seen = anatomy(bytes(screen.output))
    assert set(seen.kinds) <= {"CSI m", "C0 09", "C0 0a", "C0 0d"}
    assert not HIDDEN.search(seen.text.replace("\u200d", "").replace("\u200c", ""))


@contextlib.contextmanager
def demo_node(socket: Path, scenario: str) -> Iterator[Path]:
    """A demo node behind this socket, in a process of its own."""
    argv = [sys.executable, "-m", "tests.support.demo_server", str(socket), scenario]
    with subprocess.Popen(argv, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield socket
        finally:
            process.kill()


# --- how the terminal is left -------------------------------------------------------------------


def assert_restored(screen: PtyScreen) -> None:
    """Every mode is as it was, and the last style is none."""
    assert screen.code is not None
    assert screen.modes() == screen.modes_before
    modes = dict.fromkeys(ON_AT_FIRST, True)
    kitty_levels = 0
    for kind in anatomy(bytes(screen.output)).order:
        if kind[:5] == "CSI ?" and kind[-1] in "hl":
            modes |= dict.fromkeys(kind[5:-1].split(";"), kind[-1] == "h")
        elif kind[:5] in ("CSI >", "CSI <") and kind[-1] == "u":
            kitty_levels += 1 if kind[4] == ">" else -1
    assert {mode for mode, is_on in modes.items() if is_on} == ON_AT_FIRST
    assert kitty_levels == 0


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, ExitCode.TERMINATED), (signal.SIGHUP, 129)],
    ids=["SIGTERM", "SIGHUP"],
)
def test_a_signal_ends_it_with_the_terminal_restored(
    terminal: Terminal,
    number: signal.Signals,
    code: int,
    record_property: Callable[[str, object], None],
) -> None:
    with terminal() as screen:
        began_at = time.monotonic()
        screen.signal(number)
        assert screen.wait() == code
        record_property("restored_ms", round(1000 * (time.monotonic() - began_at)))
        assert_restored(screen)


@pytest.mark.parametrize("keys", [b"q", b"\x03\x03"], ids=["q", "ctrl+c twice"])
def test_leaving_restores_the_terminal(terminal: Terminal, keys: bytes) -> None:
    with terminal() as screen:
        for key in keys:
            screen.send(bytes([key]))
        assert screen.wait() == ExitCode.OK
        assert_restored(screen)


CRASHING = f"""
import sys
from infernet_tui.app import Cockpit
from infernet_tui.cli import main

def crash(self):
    private_key, bearer = "{SECRET}", "a-token-that-nobody-may-see"
    raise RuntimeError("cannot draw for nsec1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq")

Cockpit.{{where}} = crash
sys.exit(main(["tui", "--demo"]))
"""


@pytest.mark.parametrize("where", ["_tick", "_draw_pending", "open_palette"])
def test_a_bug_is_one_line_and_a_private_file_without_secrets(
    terminal: Terminal, tmp_path: Path, where: str
) -> None:
    script = CRASHING.format(where=where)
    with terminal(sys.executable, "-c", script, ready=False) as screen:
        if where == "open_palette":
            screen.wait_for(READY)
            screen.settle()
            screen.send(b":")
        assert screen.wait() == ExitCode.BUG
        assert_restored(screen)
    last_words = bytes(screen.output).rpartition(b"\x1b[?1049l")[2]
    said = anatomy(last_words).text
    assert said.startswith("error: This is a bug in Infernet: RuntimeError: cannot draw")
    (report,) = Home(tmp_path).folder.glob("crash-*.txt")
    assert report.name in said.replace("\r\n", "")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    for text in (report.read_text(), said, screen.output.decode()):
        assert "nsec1" not in text
        assert "nobody-may-see" not in text
    assert "in crash" in report.read_text()


def test_it_can_be_suspended_and_brought_back(terminal: Terminal) -> None:
    with terminal("bash", "--norc", "--noediting", "-i", ready=False, PS1="$ ") as screen:
        screen.wait_for(b"$ ")
        screen.send(" ".join(DEMO).encode() + b"\n")
        screen.wait_for(READY)
        screen.settle()
        before = screen.modes()
        since = screen.send(b"\x1a")
        end = screen.wait_for(b"Stopped", since=since)
        away = anatomy(bytes(screen.output[since:end])).kinds
        assert {"CSI ?1049l", "CSI ?25h", "CSI ?1003l", "CSI <u"} <= set(away)
        assert screen.modes() != before
        screen.wait_for(b"\x1b[?1049h", since=screen.send(b"fg\n"))
        screen.settle()
        assert screen.modes() == before
        left_at = screen.wait_for(b"\x1b[?1049l", since=screen.send(b"q"))
        screen.wait_for(b"$ ", since=left_at)
        screen.send(b"exit\n")
        assert screen.wait() == 0
        assert_restored(screen)


# --- where it runs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("redirect", "term", "words"),
    [
        ("2>file", "xterm", "needs a terminal on stdin and stderr"),
        ("</dev/null", "xterm", "needs a terminal on stdin and stderr"),
        ("", "dumb", "TERM=dumb"),
    ],
)
def test_without_a_terminal_it_says_what_else_there_is(
    terminal: Terminal, tmp_path: Path, redirect: str, term: str, words: str
) -> None:
    with terminal("sh", "-c", f"{' '.join(DEMO)} {redirect}", ready=False, TERM=term) as screen:
        assert screen.wait() == ExitCode.NEEDS_TERMINAL
    file = tmp_path / "file"
    said = file.read_text() if file.exists() else screen.output.decode()
    assert words in said
    assert "infernet status" in said
    assert b"\x1b[?1049h" not in screen.output


def test_its_stdout_may_be_a_file(terminal: Terminal, tmp_path: Path) -> None:
    with terminal("sh", "-c", f"exec {' '.join(DEMO)} >file") as screen:
        screen.send(b"q")
        assert screen.wait() == 0
    assert (tmp_path / "file").read_bytes() == b""


def test_without_colours_it_sets_none(terminal: Terminal) -> None:
    with terminal(NO_COLOR="1") as screen:
        screen.send(b"3")
        screen.settle()
        seen = anatomy(bytes(screen.output))
    assert seen.colours == frozenset()
    assert "Jobs" in seen.text


@pytest.mark.parametrize("term", ["linux", "vt100"])
def test_an_old_terminal_gets_its_sixteen_colours(terminal: Terminal, term: str) -> None:
    with terminal(TERM=term, COLORTERM="") as screen:
        screen.send(b"3")
        screen.settle()
        colours = anatomy(bytes(screen.output)).colours
    assert {colour for colour in colours if not colour.isdigit()} == set()


def test_where_there_is_no_utf8_it_draws_in_ascii(terminal: Terminal) -> None:
    plain = {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    with terminal(**plain) as screen:
        for key in KEYS[:6]:
            screen.send(key.encode())
            screen.settle()
        assert screen.code is None
        assert [byte for byte in screen.output if byte >= 0x80] == []
        assert "?" * 3 not in anatomy(bytes(screen.output)).text, "Textual's mark for what is not"


def test_without_a_mouse_it_asks_for_none(terminal: Terminal, tmp_path: Path) -> None:
    folder = Home(tmp_path).folder
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"tui": {"mouse": "off"}}')
    with terminal() as screen:
        screen.send(b"q")
        screen.wait()
    asked = anatomy(bytes(screen.output)).kinds
    assert not [mode for mode in MOUSE_MODES if f"CSI ?{mode}h" in asked]


def test_a_storm_of_sizes_ends_with_the_right_one(terminal: Terminal) -> None:
    with terminal() as screen:
        for step in range(100):
            screen.resize(40 + step * 7 % 160, 10 + step * 5 % 50)
            screen.read_until(lambda: False, 0.01)
        screen.resize(97, 31)
        screen.settle()
        since = screen.send(b"\x0c")  # repaint
        screen.settle()
        assert screen.code is None
        painted = anatomy(bytes(screen.output[since:])).text
        assert painted.startswith(" infernet")
        assert painted[97:].startswith(" 1Home"), "the second row"
        assert len(painted) >= 97 * 31
        screen.send(b"q")
        assert screen.wait() == 0
        assert os.get_terminal_size(screen.master) == (97, 31)
