"""`infernet peers`: the other nodes, from the running node or else from the control plane."""

from typing import Any

import click

from infernet_protocol import endpoints
from infernet_protocol.ipc import IpcCommand
from infernet_tui import aliases, config
from infernet_tui.aliases import Aliases
from infernet_tui.cli import peer_notes
from infernet_tui.cli.command import pass_output, verb_group
from infernet_tui.cli.output import Output
from infernet_tui.cli.times import ago
from infernet_tui.cli.watch import Frames, pause, watch_option, watching
from infernet_tui.errors import (
    ConfigError,
    ControlPlaneError,
    NodeNotRunning,
    NotSupported,
    TimedOut,
)
from infernet_tui.node.client import request_once
from infernet_tui.peer_list import MAX_LIMIT, peers_document
from infernet_tui.text import one_line

HEADERS = ("NAME", "GPU", "MODELS", "LAST SEEN", "ADDRESS", "PUBLIC KEY")
DEFAULT_LIMIT = 20
ANSWER_SECONDS = 20.0


@verb_group("peers", invoke_without_command=True)
@click.option(
    "--limit", type=click.IntRange(1, MAX_LIMIT), default=DEFAULT_LIMIT, show_default=True,
    help="How many, the one heard of last first.",
)  # fmt: skip
@watch_option("Say who comes and goes, looking each TIME (2s), until Ctrl-C.")
@click.pass_context
@pass_output
def command(output: Output, context: click.Context, limit: int, watch: float | None) -> None:
    """List the other nodes of the network."""
    if context.invoked_subcommand is not None:
        return
    if watch is not None:
        with watching(output):
            _watch(output, limit, watch)
        return
    found = _look(output, limit)
    output.show("peers", found | {"next": None}, lambda: _table(output, found["peers"]))
    _narrate(output, found)


peer_notes.add_to(command)


def _look(output: Output, limit: int) -> dict[str, Any]:
    """Ask the node, which may have a proxy; without a (new enough) one, the control plane itself.

    A person's aliases are noted, and whom they blocked is left out.
    """
    seconds = output.timeout_seconds or ANSWER_SECONDS
    try:
        found = dict(request_once(IpcCommand.PEERS, {"limit": limit}, timeout_seconds=seconds))
    except (NodeNotRunning, NotSupported):
        found = _ask_control_plane(limit, seconds)
    known = _aliases(output)
    noted = [
        peer
        | {
            "alias": known.names.get(peer["pubkey"]),
            "is_blocked": peer["pubkey"] in known.blocked,
        }
        for peer in found["peers"]
    ]
    return found | {"peers": noted if output.json else [p for p in noted if not p["is_blocked"]]}


def _aliases(output: Output) -> Aliases:
    try:
        return aliases.load()
    except ConfigError as error:
        output.detail(error.message)
        return Aliases()


def _ask_control_plane(limit: int, seconds: float) -> dict[str, Any]:
    from infernet_tui.control_plane import get_once

    found = config.load_existing()
    public_key = found.node.public_key if found.node else None
    path = f"{endpoints.PEERS}?limit={limit}"
    answer = get_once(found.require_control_plane(), path, timeout_seconds=seconds)
    return peers_document(answer, public_key)


def _narrate(output: Output, found: dict[str, Any]) -> None:
    for source in found["sources"]:
        if source["state"] == "failed":
            output.warn(f"{source['name']}: {source['detail']}")
    if not found["peers"]:
        output.note("(nobody was heard of in the last ten minutes)")


def _table(output: Output, peers: list[dict[str, Any]]) -> list[str]:
    rows = [
        (
            _name(peer),
            peer["gpu_model"],
            ", ".join(peer["served_models"]),
            ago(peer["last_seen"]),
            peer["multiaddr"],
            peer["pubkey"],
        )
        for peer in peers
    ]
    return output.table(HEADERS, rows) if rows else []


def _name(peer: dict[str, Any]) -> str:
    name = peer["alias"] or peer["name"] or peer["pubkey"][:12]
    return f"{name} (this node)" if peer["is_self"] else name


def _watch(output: Output, limit: int, seconds: float) -> None:
    frames = Frames(output)
    known: dict[str, dict[str, Any]] = {}
    while True:
        try:
            peers = _look(output, limit)["peers"]
        except (ControlPlaneError, TimedOut) as error:
            output.note(f"{error.message} Trying again.")
        else:
            if output.live_stdout and not output.json:
                frames.show(f"{len(peers)} nodes", _table(output, peers))
            else:
                _tell_changes(output, known, peers)
            known = {peer["pubkey"]: peer for peer in peers}
        pause(seconds)


def _tell_changes(
    output: Output, known: dict[str, dict[str, Any]], peers: list[dict[str, Any]]
) -> None:
    now = {peer["pubkey"]: peer for peer in peers}
    changes = [("appeared", now[key]) for key in now.keys() - known.keys()]
    changes += [("left", known[key]) for key in known.keys() - now.keys()]
    for what, peer in sorted(changes, key=lambda change: str(change[1]["pubkey"])):
        if output.json:
            output.event("peer", change=what, **peer)
        else:
            output.line(one_line(f"{_name(peer)} {what}, {peer['pubkey'][:12]}"))
