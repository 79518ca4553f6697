"""`infernet logs`: the end of the detached node's log, and what is added to it."""

import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

import click

from infernet_tui import paths
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.cli.text import plain_text
from infernet_tui.errors import NodeNotRunning

_BLOCK_BYTES = 64 * 1024
_LOOK_SECONDS = 0.2


@verb("logs")
@click.option(
    "-n", "--lines", type=click.IntRange(0), default=50, show_default=True, help="How many lines."
)
@click.option("-f", "--follow", is_flag=True, help="Go on as lines are added.")
@pass_output
def command(output: Output, lines: int, follow: bool) -> None:
    """Show the node's log."""
    path = paths.log_file()
    if output.json:
        output.begin_stream()
    try:
        with path.open("rb") as file:
            for line in last_lines(file, lines):
                _say(output, line)
            if follow:
                for line in added_lines(path, file):
                    _say(output, line)
    except FileNotFoundError:
        raise NodeNotRunning(f"No daemon log yet at {path}.", hint="infernet start") from None
    if output.json:
        output.end(ok=True)


def last_lines(file: BinaryIO, count: int) -> list[bytes]:
    """The last `count` lines, read from the end; the file is left at its end."""
    start = file.seek(0, os.SEEK_END)
    tail = b""
    while start > 0 and tail.count(b"\n") <= count:
        step = min(_BLOCK_BYTES, start)
        start -= step
        file.seek(start)
        tail = file.read(step) + tail
    file.seek(0, os.SEEK_END)
    return tail.splitlines()[-count:] if count else []


def added_lines(path: Path, file: BinaryIO) -> Generator[bytes, None, None]:
    """Complete lines as they are written, also after the file was emptied or replaced."""
    pending = b""
    while True:
        if part := file.read(_BLOCK_BYTES):
            *complete, pending = (pending + part).split(b"\n")
            yield from complete
            continue
        replacement = _replacement(path, file)
        if replacement is not None:
            with replacement:
                yield from added_lines(path, replacement)
        time.sleep(_LOOK_SECONDS)


def _replacement(path: Path, file: BinaryIO) -> BinaryIO | None:
    """The file that now has the name, if it is another one; an emptied file is read anew."""
    ours = os.fstat(file.fileno())
    if file.tell() > ours.st_size:
        file.seek(0)
        return None
    try:
        named = path.stat()
    except FileNotFoundError:  # between two files
        return None
    return None if os.path.samestat(ours, named) else path.open("rb")


def _say(output: Output, line: bytes) -> None:
    text = line.decode("utf-8", "replace")
    if output.json:
        output.event("line", text=text)
    else:
        output.line(plain_text(text))
