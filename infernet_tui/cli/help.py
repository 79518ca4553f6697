"""`infernet help [COMMAND…]`."""

import click

from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.errors import UsageError


@verb("help")
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
@pass_output
def command(output: Output, context: click.Context, words: tuple[str, ...]) -> None:
    """Explain a command."""
    from infernet_tui.cli import CATALOGUE

    root = context.find_root()
    text = _help_text(root, words)
    document = {
        "command": " ".join(["infernet", *words]),
        "text": text,
        "commands": [
            {"name": name, "section": section, "help": help_text}
            for section, entries in CATALOGUE.items()
            for name, help_text in entries.items()
        ],
    }
    output.show("help", document, lambda: [text])


def _help_text(root: click.Context, words: tuple[str, ...]) -> str:
    found, context = root.command, root
    for word in words:
        inner = found.get_command(context, word) if isinstance(found, click.Group) else None
        if inner is None:
            raise UsageError(f"There is no command `{' '.join(words)}`.", hint="infernet help")
        found, context = inner, click.Context(inner, info_name=word, parent=context)
    return found.get_help(context)
