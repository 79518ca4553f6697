"""`infernet completion SHELL`: click's completion script for the command `infernet`.

The script calls `infernet` with an environment variable; the answer comes from the catalogue and
the one command being typed, never from the network.
"""

import click

from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output

SHELLS = ("bash", "zsh", "fish")


@verb("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@pass_output
def command(output: Output, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: infernet completion bash > ~/.local/share/bash-completion/completions/infernet
    zsh:  infernet completion zsh > a folder of $fpath, as _infernet
    fish: infernet completion fish > ~/.config/fish/completions/infernet.fish
    """
    script = script_of(shell)
    output.show("completion", {"shell": shell, "script": script}, lambda: [script])


def script_of(shell: str) -> str:
    """The script that a shell reads once."""
    from click.shell_completion import get_completion_class

    from infernet_tui.cli.run import COMPLETION_VARIABLE, root_group

    completion = get_completion_class(shell)
    if completion is None:
        raise AssertionError(f"click does not know {shell}")
    instance = completion(root_group(), {}, "infernet", COMPLETION_VARIABLE)
    # not .source(): for bash that would start bash to look at its version
    return (instance.source_template % instance.source_vars()).strip()
