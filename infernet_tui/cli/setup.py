"""`infernet setup`: the eight steps, as questions in the terminal."""

import asyncio

import click

from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.config import BACKENDS
from infernet_tui.errors import NeedsTerminal, UsageError

EXAMPLES = """\b
Examples:
  infernet setup --confirm                 # yes to every question
  infernet setup --model qwen2.5:7b        # preselect the model
  infernet setup --no-firewall             # inside containers
  infernet setup --skip-pull               # leave models alone
  infernet setup --backend stub            # canned tokens, no GPU
"""


@verb("setup", epilog=EXAMPLES)
@click.option("--confirm", is_flag=True, help="Answer every question yes (as --yes).")
@click.option("--backend", type=click.Choice(BACKENDS), help="Preselect the engine.")
@click.option("--model", metavar="NAME", help="Preselect the model.")
@click.option("--skip-pull", is_flag=True, help="Leave models alone.")
@click.option("--no-firewall", is_flag=True, help="Skip the firewall step.")
@click.option("--url", help="Preselect the control plane.")
@click.option("--name", help="Human-readable node name.")
@click.option("--skip-payouts", is_flag=True, help="Accepted; payouts are `infernet payout`.")
@click.option("--no-tui", is_flag=True, help="Accepted; these are plain questions anyway.")
@pass_output
def command(
    output: Output,
    confirm: bool,
    backend: str | None,
    model: str | None,
    skip_pull: bool,
    no_firewall: bool,
    url: str | None,
    name: str | None,
    skip_payouts: bool,
    no_tui: bool,
) -> None:
    """Set this machine up, step by step; run it again to repair or change.

    Nothing that needs more rights than yours is run before you have seen the command and said yes.
    """
    output.yes = output.yes or confirm
    if output.json:
        output.begin_stream()
    if skip_pull and model:
        raise UsageError("--skip-pull leaves models alone, and --model chooses one: take one.")
    if not (output.yes or output.interactive):
        raise NeedsTerminal(
            "Setting up asks questions, and there is no terminal to ask on.",
            hint="infernet setup --confirm, with --url, --backend and --model as you like",
        )
    from infernet_tui.cli.setup_walk import PlainWalk
    from infernet_tui.setup.context import Context, Wishes
    from infernet_tui.setup.walk import Setup

    flags = {"firewall": no_firewall and "--no-firewall", "model": skip_pull and "--skip-pull"}
    left_out = {key: flag for key, flag in flags.items() if flag}
    context = Context(
        Wishes(backend, model, url, name, left_out), may_ask_password=output.interactive
    )
    with asyncio.Runner() as runner:
        PlainWalk(output, Setup(context), runner).run()
