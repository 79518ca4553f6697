"""The command line `infernet`: its catalogue of commands, and `main`, which runs one.

`infernet --help` is written from `CATALOGUE` alone. A command is one module of this package,
`infernet_tui/cli/<name>.py`, that exposes `command`:

    @verb("status")
    @pass_output
    def command(output: Output) -> ExitCode | None:
        \"\"\"Show this node's row on the network and its daemon.\"\"\"

The first line of the docstring is the catalogue's text (a test compares them). A command returns
an exit code, or None for 0, and raises `InfernetError` for what a person can act on. See
`command.py` (`verb`, `verb_group`, `pass_output`: the common flags), `output.py` (what it prints)
and `routing.py` (which words mean which command).
"""

from collections.abc import Sequence

CATALOGUE: dict[str, dict[str, str]] = {
    "Setup": {
        "setup": "Set this machine up, step by step; run it again to repair or change.",
    },
    "Use": {
        "tui": "Open the full-screen terminal application.",
        "chat": "Send a prompt and stream the answer (the default command).",
        "up": "Run a control plane and a node here, in one go.",
        "model": "Manage the models on this machine and which one is active.",
    },
    "Node lifecycle": {
        "init": "Create this machine's identity and choose a control plane.",
        "register": "Register this node with the control plane.",
        "update": "Send this node's current details to the control plane.",
        "remove": "Delete this node's row on the control plane.",
    },
    "Daemon": {
        "start": "Start the node in the background.",
        "stop": "Stop the node.",
        "status": "Show this node's row on the network and its daemon.",
        "stats": "Show the running node's live figures.",
        "logs": "Show the node's log.",
        "jobs": "List the jobs this node runs and ran, look at one, or cancel one.",
    },
    "Diagnostics": {
        "gpu": "Show GPUs, interconnects, CPU and memory.",
        "peers": "List the other nodes of the network.",
        "route": "Explain why a job was given to a node.",
        "doctor": "Check config, engine, control plane, daemon and a real answer.",
        "config": "Show or change config.json.",
        "version": "Show the version.",
    },
    "Payments": {
        "payout": "Choose where you are paid for served jobs.",
        "payments": "List recent payments.",
    },
    "Host": {
        "server": "Run a control plane.",
    },
    "Help": {
        "help": "Explain a command.",
        "schema": "Print the JSON Schema of a --json output.",
        "completion": "Print the completion script of a shell.",
    },
}
"""Section → command → one-line help, in the order of `infernet --help`."""

HIDDEN = ("try",)
"""Commands that work and are not listed: used by install.sh."""


def command_names() -> tuple[str, ...]:
    """Every command there is, hidden ones too."""
    return (*(name for section in CATALOGUE.values() for name in section), *HIDDEN)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code for the shell."""
    from infernet_tui.cli.run import run

    return run(arguments)
