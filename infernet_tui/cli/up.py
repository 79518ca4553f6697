"""`infernet up`: a control plane and a node that serves it, in one process, in the foreground.

The first run makes what is missing: an identity, and this control plane's address in
`config.json`. An address that is set already stays; this run uses its own all the same.
"""

import contextlib
import ipaddress
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from infernet_tui import config, event_loop, identity, paths
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.config import Config, NodeConfig
from infernet_tui.errors import UsageError
from infernet_tui.exit_codes import ExitCode

if TYPE_CHECKING:
    from infernet_tui.cli.local_network import NetworkPlan


@verb("up")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8787, show_default=True, type=click.IntRange(0, 65535), help="0: a free one."
)
@click.option("--model", metavar="NAME", help="Serve this model, this time.")
@click.option("--no-tui", is_flag=True, help="A status line instead of the screen.")
@click.option("--no-p2p", is_flag=True, help="Do not listen for peers.")
@pass_output
def command(
    output: Output, host: str, port: int, model: str | None, no_tui: bool, no_p2p: bool
) -> ExitCode:
    """Run a control plane and a node here, in one go."""
    if output.json:
        raise UsageError("`infernet up` is for people.", hint="infernet status --json")
    from infernet_tui.cli.local_network import NetworkPlan
    from infernet_tui.node.instance import single_instance
    from infernet_tui.node.options import NodeOptions

    with single_instance():
        settings = _with_identity(output)
        if model:
            settings = replace(settings, engine=replace(settings.engine, model=model))
        options = replace(NodeOptions.from_environ(os.environ), mode="up", no_p2p=no_p2p)
        plan = NetworkPlan(
            settings,
            paths.server_dir(),
            replace(options, no_advertise=_is_loopback(host)),
            host,
            port,
            rate_limits=not _is_loopback(host),
        )
        if output.interactive and not no_tui:
            return _on_screen(plan)
        from infernet_tui.cli.up_session import run_session

        return event_loop.run(run_session(output, plan))


def _on_screen(plan: "NetworkPlan") -> ExitCode:
    """Run it inside the full-screen application."""
    from infernet_tui.cli.local_network import LocalNetwork
    from infernet_tui.launch import launch
    from infernet_tui.session import UpSession, logging_to_file

    network = LocalNetwork(plan)

    def remember_url() -> None:
        if plan.config.control_plane_url is None:
            config.update({"controlPlane": {"url": network.url}})

    with logging_to_file(paths.log_file()):
        return ExitCode(launch(session=UpSession(network, remember_url)))


def _with_identity(output: Output) -> Config:
    settings = config.load()
    if settings.node is not None and settings.node.private_key:
        return settings
    node = identity.new_identity("provider")
    output.note(f"→ new identity {node.node_id} in {paths.config_file()}")
    return config.update({"node": _section(node)})


def _section(node: NodeConfig) -> dict[str, object]:
    """The `node` section of `config.json`."""
    return {
        "id": None,
        "nodeId": node.node_id,
        "role": node.role,
        "name": node.name,
        "publicKey": node.public_key,
        "privateKey": str(node.private_key),
        "address": None,
        "port": None,
    }


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
