"""`infernet route explain JOB`: why this node, and why not the others.

The control plane keeps each decision with the attempt it led to, and tells the nodes that tried.
"""

from typing import Any
from urllib.parse import quote

import click

from infernet_protocol import endpoints
from infernet_protocol.ipc import IpcCommand
from infernet_tui.cli.account import Account
from infernet_tui.cli.command import pass_output, verb_group
from infernet_tui.cli.job_rows import complete_job_id
from infernet_tui.cli.output import Output
from infernet_tui.errors import NodeNotRunning, NotFound, NotSupported
from infernet_tui.explanation import sentences
from infernet_tui.missing_routes import told_apart
from infernet_tui.node.client import request_once
from infernet_tui.text import one_line

ANSWER_SECONDS = 20.0


@verb_group("route")
def command() -> None:
    """Explain why a job was given to a node."""


@command.command("explain")
@click.argument("job", shell_complete=complete_job_id)
@pass_output
def explain(output: Output, job: str) -> None:
    """Say why each attempt of a job went to its node, and why not to others."""
    document = _look(output, job)
    said = [one_line(line) for line in document["sentences"]]
    heading = f"Job {job}, model {document.get('model') or 'any'}:"
    output.show("route", document, lambda: [one_line(heading), *said])


def _look(output: Output, job: str) -> dict[str, Any]:
    """Ask through the node; without one, the control plane itself."""
    seconds = output.timeout_seconds or ANSWER_SECONDS
    try:
        return dict(request_once(IpcCommand.JOB_EXPLAIN, {"id": job}, timeout_seconds=seconds))
    except NodeNotRunning:
        return _ask_control_plane(output, job)
    except NotSupported as too_old:
        if too_old.hint is None:  # it is the control plane that is too old, not the node
            raise
        return _ask_control_plane(output, job)


def _ask_control_plane(output: Output, job: str) -> dict[str, Any]:
    path = endpoints.JOB_EXPLAIN.format(job_id=quote(job, safe=""))
    try:
        explained = dict(Account.open(output).call(path))
    except NotFound as error:
        raise told_apart(error) from None
    return explained | {"sentences": sentences(explained)}
