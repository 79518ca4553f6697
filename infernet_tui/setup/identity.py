"""Step 6: who this machine is (a Nostr key pair), and whether its control plane answers.

Invariant: a key that is there is never replaced.
"""

import asyncio
import socket
from dataclasses import replace

from infernet_protocol import endpoints
from infernet_protocol.ipc import P2P_PORT
from infernet_tui import identity
from infernet_tui.config import Config, NodeConfig
from infernet_tui.control_plane import get_once
from infernet_tui.errors import InfernetError, UsageError
from infernet_tui.setup.context import CONTROL_PLANE_SECONDS, Context
from infernet_tui.setup.step import (
    Answer,
    Finding,
    Progress,
    Report,
    State,
    Text,
    done,
    failed,
    unknown,
)

ROLE = "provider"
MAX_NAME_CHARS = 200


class IdentityStep:
    """Looks at the key and at the control plane; makes a key if there is none."""

    number = 6
    key = "identity"
    title = "Identity & control plane"

    async def detect(self, context: Context) -> Finding:
        """The key signs, the name is the wanted one, and the control plane answers."""
        config = await context.config()
        wish = context.wishes.name
        if config.node is None or not config.node.private_key:
            return _no_identity(wish)
        key = identity.secret_key(config)
        if wish and wish != config.node.name:
            return Finding(State.TODO, f"the name “{wish}” was asked for")
        return await _control_plane(config, f"identity: {key.public_hex[:8]}…")

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        """Make the key pair, or give the one there is its name."""
        config = await context.config()
        node = config.node
        name = answer if isinstance(answer, str) else context.wishes.name
        if node is None or not node.private_key:
            report(Progress("no identity yet, making one"))
            await context.save({"node": _new(context, name or default_name()).to_section()})
        elif name and name != node.name:
            await context.save({"node": {"name": check_name(name)}})
        return await _control_plane(await context.config(), None)


def default_name() -> str:
    """`provider@hostname`."""
    return f"{ROLE}@{socket.gethostname()}"


def check_name(name: str) -> str:
    """The name itself.

    Raises:
        UsageError: others could not read it.
    """
    if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise UsageError(f"A name has 1 to {MAX_NAME_CHARS} characters that can be shown.")
    return name


def _no_identity(wish: str | None) -> Finding:
    question = None if wish else Text("Human-readable node name", default_name(), check_name)
    return Finding(
        State.TODO,
        "no identity yet",
        "A new Nostr key pair is made. It stays in config.json and signs what this node says; "
        "other nodes see its public half and the name.",
        question=question,
    )


def _new(context: Context, name: str) -> NodeConfig:
    node = identity.new_identity(ROLE, check_name(name))
    address = context.environ.get("INFERNET_PUBLIC_ADDRESS") or None
    return replace(node, address=address, port=P2P_PORT)


async def _control_plane(config: Config, summary: str | None) -> Finding:
    """Whether it answers a public read."""
    summary = summary or f"identity: {identity.secret_key(config).public_hex[:8]}…"
    url = config.control_plane_url
    if not url:
        return unknown(f"{summary}, but no control plane is set", "infernet setup --url <url>")
    try:
        await asyncio.to_thread(
            get_once, url, endpoints.OVERVIEW, timeout_seconds=CONTROL_PLANE_SECONDS
        )
    except InfernetError as error:
        return failed(
            f"{summary}, but its control plane does not answer",
            f"curl {url}{endpoints.HEALTH}",
            error.message,
        )
    return done(summary, f"{url} answers.")
