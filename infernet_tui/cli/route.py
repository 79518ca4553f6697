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
from infernet_tui.errors import NodeNotRunning
from infernet_tui.explanation import sentences
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
        path = endpoints.JOB_EXPLAIN.format(job_id=quote(job, safe=""))
        explained = dict(Account.open(output).call(path))
        return explained | {"sentences": sentences(explained)}
