"""`infernet logs`: the end of the detached node's log, and what is added to it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from infernet_tui import paths
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.cli.watch import watching
from infernet_tui.errors import NodeNotRunning
from infernet_tui.log_file import added_lines, last_lines
from infernet_tui.log_lines import INFO, LEVELS, level_of
from infernet_tui.text import plain_text

_SEARCHED_LINES = 100_000
"""How far back lines of a level are looked for."""


@verb("logs")
@click.option(
    "-n", "--lines", type=click.IntRange(0), default=50, show_default=True, help="How many lines."
)
@click.option("-f", "--follow", is_flag=True, help="Go on as lines are added.")
@click.option(
    "--level", type=click.Choice(LEVELS), default="all", help="This level and worse ones."
)
@pass_output
def command(output: Output, lines: int, follow: bool, level: str) -> None:
    """Show the node's log."""
    path = paths.log_file()
    with watching(output):
        _show(output, path, lines, level, follow=follow)
        if output.json:
            output.end(ok=True)


def _show(output: Output, path: Path, lines: int, level: str, *, follow: bool) -> None:
    try:
        with path.open("rb") as file:
            known = last_lines(file, lines if level == "all" else _SEARCHED_LINES)
            for line in _last(_from_level(known, level), lines):
                _say(output, line)
            if follow:
                for line in _from_level(added_lines(path, file), level):
                    _say(output, line)
    except FileNotFoundError:
        raise NodeNotRunning(f"No daemon log yet at {path}.", hint="infernet start") from None


def _from_level(lines: Iterable[bytes], wanted: str) -> Iterator[bytes]:
    """The lines of this level and worse ones, with what belongs to them."""
    level = INFO
    for line in lines:
        level = level_of(line, level)
        if level >= LEVELS.index(wanted):
            yield line


def _last(lines: Iterable[bytes], count: int) -> list[bytes]:
    return list(lines)[-count:] if count else []


def _say(output: Output, line: bytes) -> None:
    text = line.decode("utf-8", "replace")
    if output.json:
        output.event("line", text=text)
    else:
        output.line(plain_text(text))
