"""`infernet init`: this machine's identity and its control plane, in `config.json`.

Invariant: a key is replaced only with `--force`, and then with its node id, since a control plane
ties the two together for good; the configuration with the old key is kept beside it.
"""

import os
import socket
from dataclasses import dataclass, replace
from typing import Any

import click

from infernet_protocol.ipc import P2P_PORT
from infernet_tui import config, identity, paths
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.config import (
    BACKENDS,
    DEFAULT_CONTROL_PLANE_URL,
    ROLES,
    Config,
    NodeConfig,
)
from infernet_tui.control_plane import ServerAddress
from infernet_tui.errors import ConfigError, InfernetError


@dataclass(frozen=True, slots=True)
class Wishes:
    """The flags; None was not given."""

    url: str | None
    role: str | None
    name: str | None
    address: str | None
    p2p_port: int | None
    no_advertise: bool
    backend: str | None
    engine_host: str | None
    model: str | None
    force: bool


@verb("init")
@click.option("--url", help=f"Control-plane URL [{DEFAULT_CONTROL_PLANE_URL}].")
@click.option("--role", type=click.Choice(ROLES), help="Node role [provider].")
@click.option("--name", help="Human-readable node name [<role>@<hostname>].")
@click.option("--p2p-port", type=click.IntRange(1, 65535), help=f"P2P port [{P2P_PORT}].")
@click.option("--address", help="Public address to advertise to peers.")
@click.option("--no-advertise", is_flag=True, help="Outbound-only mode (Tor-friendly).")
@click.option("--backend", type=click.Choice(BACKENDS), help="Engine [picks one].")
@click.option("--host", "engine_host", help="URL of the engine.")
@click.option("--model", help="Model to serve.")
@click.option("--force", is_flag=True, help="New key and new node id; the old config is kept.")
@pass_output
def command(output: Output, /, **flags: Any) -> None:
    """Create this machine's identity and choose a control plane.

    Run again to finish a partial config: engine settings and the key are kept. `--yes` changes
    a complete config in place.
    """
    wishes = Wishes(**flags)
    old = config.load()
    _check_overwriting(output, old, wishes)
    url = _url(output, old, wishes)
    node = _node(output, old, wishes)
    kept = _keep_old(old) if wishes.force else None
    written = config.update(_changes(url, node, wishes))
    _report(output, written, created=old.node is None or wishes.force, kept=kept)


def _check_overwriting(output: Output, old: Config, wishes: Wishes) -> None:
    if wishes.force or output.yes or not (_has_key(old) and old.control_plane_url):
        return
    message = f"Config already exists at {paths.config_file()}."
    if not output.interactive:
        raise InfernetError(
            f"{message} Re-run with --force to overwrite, or --yes to upgrade in place.",
            hint="infernet init --yes",
        )
    output.confirm(f"{message} Change it and keep its key?")


def _url(output: Output, old: Config, wishes: Wishes) -> str:
    default = old.control_plane_url or DEFAULT_CONTROL_PLANE_URL
    url = wishes.url or (
        default if output.yes else output.ask(f"Control-plane URL [{default}]:", default)
    )
    ServerAddress.parse(url)
    return url.rstrip("/")


def _node(output: Output, old: Config, wishes: Wishes) -> NodeConfig:
    """The identity to write: the old one with what was asked for, or a new one."""
    before = old.node if old.node and _has_key(old) and not wishes.force else None
    if before and wishes.role not in (None, before.role):
        raise ConfigError(
            f"This machine's identity is a {before.role}; a {wishes.role} needs a new one.",
            hint=f"infernet init --role {wishes.role} --force",
        )
    role = before.role if before else _asked(output, wishes.role, "Node role", "provider")
    if role not in ROLES:
        raise ConfigError(f"“{role}” is not a role. It must be one of: {', '.join(ROLES)}.")
    default_name = (before.name if before else "") or f"{role}@{socket.gethostname()}"
    name = _asked(output, wishes.name, "Human-readable node name", default_name)
    node = replace(before, name=name) if before else identity.new_identity(role, name)
    return _with_endpoint(node, wishes)


def _asked(output: Output, given: str | None, question: str, default: str) -> str:
    if given is not None or output.yes or not output.interactive:
        return given or default
    return output.ask(f"{question} [{default}]:", default)


def _with_endpoint(node: NodeConfig, wishes: Wishes) -> NodeConfig:
    if wishes.no_advertise:
        return replace(node, address=None, port=None)
    address = wishes.address or os.environ.get("INFERNET_PUBLIC_ADDRESS") or node.address
    return replace(node, address=address, port=wishes.p2p_port or node.port or P2P_PORT)


def _keep_old(old: Config) -> str | None:
    if not _has_key(old):
        return None
    path = paths.config_file()
    kept = path.with_name("config.json.previous")
    config.write_atomically(kept, path.read_text("utf-8"), mode=0o600)
    return str(kept)


def _changes(url: str, node: NodeConfig, wishes: Wishes) -> dict[str, Any]:
    engine = {"backend": wishes.backend, "ollamaHost": wishes.engine_host, "model": wishes.model}
    changes: dict[str, Any] = {
        "controlPlane": {"url": url},
        "node": node.to_section(),
    }
    if given := {key: value for key, value in engine.items() if value is not None}:
        changes["engine"] = given
    return changes


def _report(output: Output, written: Config, *, created: bool, kept: str | None) -> None:
    node = written.require_node()
    if kept:
        output.note(f"The old configuration, with its key, is in {kept}.")
    document = {
        "path": str(paths.config_file()),
        "created": created,
        "control_plane_url": written.control_plane_url,
        "node_id": node.node_id,
        "role": node.role,
        "name": node.name,
        "public_key": node.public_key,
        "address": node.address,
        "port": node.port,
    }
    output.show(
        "init", document, lambda: [f"Wrote {document['path']}", f"Pubkey: {node.public_key}"]
    )
    output.note("Next: infernet register")


def _has_key(found: Config) -> bool:
    return found.node is not None and bool(found.node.private_key)
