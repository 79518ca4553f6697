"""`infernet peers alias|block|unblock|ping`: what a person notes about a node, and asking it.

Aliases and blocks are about this person's screens alone (`infernet_tui.aliases`).
"""

import click

from infernet_protocol.ipc import IpcCommand
from infernet_protocol.keys import is_public_hex, public_from_npub
from infernet_tui import aliases
from infernet_tui.aliases import Aliases
from infernet_tui.cli.command import VerbGroup, pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.errors import UsageError
from infernet_tui.node.client import request_once
from infernet_tui.text import one_line

PING_SECONDS = 12.0


def add_to(group: VerbGroup) -> None:
    """Give `infernet peers` these subcommands."""
    for command in (alias, block, unblock, ping):
        group.add_command(command)


@verb("alias")
@click.argument("key")
@click.argument("name", required=False)
@pass_output
def alias(output: Output, key: str, name: str | None) -> None:
    """Call the node with this public key NAME on your own screens; without NAME, no more."""
    public_key = _public_key(key)
    wanted = (name or "").strip() or None
    if wanted and (problem := aliases.problem_with(wanted, public_key, aliases.load())):
        raise UsageError(problem)
    known = aliases.change(lambda before: before.named(public_key, wanted))
    _show(output, public_key, known)


@verb("block")
@click.argument("key")
@pass_output
def block(output: Output, key: str) -> None:
    """Hide the node with this public key from your lists; matching does not change."""
    public_key = _public_key(key)
    output.confirm(f"Hide {public_key[:12]} from your lists? It changes no matching.")
    _show(output, public_key, aliases.change(lambda before: before.blocking(public_key, True)))


@verb("unblock")
@click.argument("key")
@pass_output
def unblock(output: Output, key: str) -> None:
    """Show a blocked node in your lists again."""
    public_key = _public_key(key)
    _show(output, public_key, aliases.change(lambda before: before.blocking(public_key, False)))


@verb("ping")
@click.argument("address")
@pass_output
def ping(output: Output, address: str) -> None:
    """Ask the running node to reach the peer at ADDRESS, like /ip4/203.0.113.7/tcp/46337."""
    seconds = output.timeout_seconds or PING_SECONDS
    payload = {"multiaddr": address, "typed": True}
    pong = request_once(IpcCommand.PEER_PING, payload, timeout_seconds=seconds)
    document = {"multiaddr": address} | pong
    words = f"✓ {one_line(address)} answered in {pong['round_trip_ms']} ms"
    output.show("peer_ping", document, lambda: [words])


def _public_key(text: str) -> str:
    """A public key in hexadecimal, from either spelling."""
    key = text.strip().lower()
    if key.startswith("npub1"):
        try:
            return public_from_npub(key)
        except ValueError:
            pass
    elif is_public_hex(key):
        return key
    raise UsageError(
        f"{text[:80]!r} is not a public key (64 hex digits, or npub1…).", hint="infernet peers"
    )


def _show(output: Output, public_key: str, known: Aliases) -> None:
    name, is_blocked = known.names.get(public_key), public_key in known.blocked
    document = {"pubkey": public_key, "alias": name, "is_blocked": is_blocked}
    words = f"alias {name}" if name else "no alias"
    state = "blocked" if is_blocked else "not blocked"
    output.show("peer_note", document, lambda: [f"✓ {public_key[:12]}: {words}, {state}"])
