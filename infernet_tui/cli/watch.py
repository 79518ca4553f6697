"""`--watch`: the same output again and again; redrawn on a terminal, appended anywhere else."""

import contextlib
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from infernet_tui.cli.command import DURATION
from infernet_tui.cli.output import Output, error_fields

DEFAULT_SECONDS = "2s"
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
_CLEAR_SCREEN = "\x1b[2J"


def watch_option(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--watch` or `--watch TIME`: seconds as a float, or None."""
    return click.option(
        "--watch",
        is_flag=False,
        flag_value=DEFAULT_SECONDS,
        metavar="[TIME]",
        type=DURATION,
        help=help_text,
    )


def pause(seconds: float) -> None:
    """Wait; Ctrl-C ends the command."""
    threading.Event().wait(seconds)


class _Terminated(Exception):
    """SIGTERM came."""


@contextlib.contextmanager
def watching(output: Output) -> Iterator[None]:
    """With `--json`, a stream that ends with a result line: an error, Ctrl-C, or SIGTERM."""
    if not output.json:
        yield
        return
    output.begin_stream()
    try:
        with _raising_on_sigterm():
            yield
    except KeyboardInterrupt:
        from infernet_tui.cli.answer_printer import Interrupted

        output.end(ok=False, error=error_fields(Interrupted("You stopped it.")))
        raise
    except _Terminated:
        output.end(ok=True)


@contextlib.contextmanager
def _raising_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block; obeying it is success (`signals.EXIT_CODES`)."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears of signals
        return

    def terminate(_number: int, _frame: object) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Frames:
    """Shows one frame after the other."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._count = 0

    def show(self, heading: str, lines: Iterable[str]) -> None:
        """Draw over the last frame on a terminal; else an empty line, the heading, the lines."""
        frame = [heading, "", *lines]
        if self._output.live_stdout:
            rows = shutil.get_terminal_size().lines - 1
            start = _HOME if self._count else _CLEAR_SCREEN + _HOME
            body = "".join(f"{line}{_CLEAR_LINE}\n" for line in frame[:rows])
            self._output.write(f"{start}{body}{_CLEAR_BELOW}")
        else:
            gap = "\n" if self._count else ""
            self._output.write(gap + "".join(f"{line}\n" for line in frame))
        self._count += 1
