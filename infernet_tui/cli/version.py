"""`infernet version`."""

import platform

from infernet_tui import __version__
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output


@verb("version")
@pass_output
def command(output: Output) -> None:
    """Show the version."""
    from infernet_protocol import PROTOCOL_VERSION

    document = {
        "version": __version__,
        "protocol": PROTOCOL_VERSION,
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}".lower(),
    }
    output.show("version", document, lambda: [f"infernet {__version__}"])
