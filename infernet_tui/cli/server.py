"""`infernet server`: the control plane alone, in the foreground."""

import os
from pathlib import Path

import click

from infernet_tui import event_loop, paths
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.embedded_server import EmbeddedServer
from infernet_tui.cli.output import Output
from infernet_tui.cli.signals import told_to_stop
from infernet_tui.errors import InfernetError
from infernet_tui.exit_codes import ExitCode


@verb("server")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8787, show_default=True, type=click.IntRange(0, 65535), help="0: a free one."
)
@click.option(
    "--data",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the database. [INFERNET_DATABASE_URL, or `server` in the config folder]",
)
@pass_output
def command(output: Output, host: str, port: int, data: Path | None) -> ExitCode:
    """Run a control plane."""
    from infernet_tui.node.logs import configure

    configure()
    if data is None and not os.environ.get("INFERNET_DATABASE_URL"):
        data = paths.server_dir()
    return event_loop.run(_serve(output, host, port, data))


async def _serve(output: Output, host: str, port: int, data: Path | None) -> ExitCode:
    server = EmbeddedServer()
    url = await server.start(data, host, port, rate_limits=None)
    try:
        output.show(
            "server",
            {"url": url, "data": str(data) if data else None, "pid": os.getpid()},
            lambda: [f"✓ control plane at {url}"],
        )
        output.note(f"  connect a node: infernet init --url {url}   stop: Ctrl-C")
        async with told_to_stop() as told:
            code = await told.during(server.wait())
        if code is None:
            raise InfernetError("The control plane ended by itself; its log is above.")
        return code
    finally:
        await server.stop()
