"""`--watch`: the same output again and again; redrawn on a terminal, appended anywhere else."""

import shutil
import threading
from collections.abc import Callable, Iterable
from typing import Any

import click

from infernet_tui.cli.command import DURATION
from infernet_tui.cli.output import Output

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
