"""`infernet tui`: opens the full-screen application, where there is a terminal for it.

With `--demo`, `INFERNET_DEMO_SCENARIO` chooses the made-up node's state: `busy` (the default),
`idle`, `trouble`, `large` or `hostile`. It is for those who work on Infernet, and for its tests.
"""

import os
import sys
from dataclasses import replace

import click

from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.errors import NeedsTerminal, UsageError

SCENARIO_VARIABLE = "INFERNET_DEMO_SCENARIO"


@verb("tui")
@click.option(
    "--refresh",
    type=click.IntRange(100, 60_000),
    metavar="MS",
    help="Milliseconds between two looks at the hardware [2000].",
)
@click.option("--demo", is_flag=True, help="A made-up busy node, to look around.")
@click.option("--read-only", is_flag=True, help="Look, and change nothing.")
@click.option(
    "--proxy",
    envvar="INFERNET_PROXY",
    metavar="URL",
    help="For a node in this window: socks5://host:port (also INFERNET_PROXY).",
)
@click.option("--no-advertise", is_flag=True, help="For a node in this window: outbound-only.")
@click.option("--no-p2p", is_flag=True, help="For a node in this window: do not listen for peers.")
@pass_output
def command(
    output: Output,
    refresh: int | None,
    demo: bool,
    read_only: bool,
    proxy: str | None,
    no_advertise: bool,
    no_p2p: bool,
) -> int:
    """Open the full-screen terminal application.

    Attaches to the node that runs here, or runs one in this window.
    """
    check_terminal(output)
    from infernet_tui.launch import Wishes, launch

    wishes = Wishes(
        refresh_ms=refresh,
        is_demo=demo,
        is_read_only=read_only,
        proxy=proxy,
        no_advertise=no_advertise,
        no_p2p=no_p2p,
    )
    if scenario := os.environ.get(SCENARIO_VARIABLE):
        wishes = replace(wishes, demo_scenario=_known(scenario))
    return launch(wishes)


def _known(scenario: str) -> str:
    from infernet_tui.demo import SCENARIOS

    if scenario in SCENARIOS:
        return scenario
    raise UsageError(
        f"{SCENARIO_VARIABLE} is {scenario!r}: there is no such demo.",
        hint=f"one of {', '.join(SCENARIOS)}",
    )


def check_terminal(output: Output) -> None:
    """Textual draws on stderr and reads stdin: both must be a terminal that can move its cursor.

    Raises:
        NeedsTerminal: one of them is not.
        UsageError: `--json` was asked for.
    """
    if output.json:
        raise UsageError("The screen is for people.", hint="infernet --json --follow")
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stderr)):
        raise NeedsTerminal(
            "The full-screen application needs a terminal on stdin and stderr.",
            hint="infernet status --json, or for screen readers: infernet status --plain",
        )
    if os.environ.get("TERM", "dumb") == "dumb":
        raise NeedsTerminal(
            "This terminal (TERM=dumb) cannot show a full-screen application.",
            hint="infernet status --plain",
        )


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream is not None and stream.isatty())  # type: ignore[attr-defined]
    except ValueError:  # closed
        return False
