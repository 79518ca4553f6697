"""`infernet jobs`: what the running node does and did. Needs a node; asks nobody else."""

from collections.abc import Callable, Iterable
from typing import Any

import click

from infernet_protocol.ipc import IpcCommand
from infernet_tui.cli.command import pass_output, verb_group
from infernet_tui.cli.job_rows import (
    HEADERS,
    cells,
    clock,
    complete_job_id,
    machine_job,
    sentence,
)
from infernet_tui.cli.output import Output
from infernet_tui.cli.watch import Frames, pause, watch_option, watching
from infernet_tui.node.client import request_once
from infernet_tui.text import one_line

PAGE = 1000
DEFAULT_LIMIT = 20
MAX_LIMIT = 10_000
STATES = ("running", "completed", "failed", "cancelled")
ANSWER_SECONDS = 5.0

EXAMPLES = """\b
Examples:
  infernet jobs --state failed
  infernet jobs --watch
  infernet jobs show 0192f0c4-7a1e-7c3e-9d2b-0a4a1c9f8e11
"""


def _list_options(function: Callable[..., Any]) -> Callable[..., Any]:
    limit = click.option(
        "--limit", type=click.IntRange(1, MAX_LIMIT), default=DEFAULT_LIMIT, show_default=True,
        help="How many, newest first.",
    )  # fmt: skip
    state = click.option("--state", type=click.Choice(STATES), help="Only jobs in this state.")
    return limit(state(function))


@verb_group("jobs", invoke_without_command=True, epilog=EXAMPLES)
@_list_options
@watch_option("Show what changes, looking each TIME (2s), until Ctrl-C.")
@click.pass_context
@pass_output
def command(
    output: Output, context: click.Context, limit: int, state: str | None, watch: float | None
) -> None:
    """List the jobs this node runs and ran, look at one, or cancel one."""
    if context.invoked_subcommand is not None:
        return
    if watch is None:
        _list(output, limit, state)
    else:
        with watching(output):
            _watch(output, watch, limit, state)


@command.command("list")
@_list_options
@pass_output
def list_(output: Output, limit: int, state: str | None) -> None:
    """List jobs, newest first."""
    _list(output, limit, state)


@command.command("show")
@click.argument("job", shell_complete=complete_job_id)
@pass_output
def show(output: Output, job: str) -> None:
    """Show one job and what happened to it, without what was said."""
    found = _ask(output, IpcCommand.JOB, {"id": job})
    document = {"job": machine_job(found["job"]), "events": found["events"]}
    output.show("job", document, lambda: _whole(output, document))


@command.command("cancel")
@click.argument("job", shell_complete=complete_job_id)
@pass_output
def cancel(output: Output, job: str) -> None:
    """Stop a job here and give it back; the control plane may try another node."""
    found = _ask(output, IpcCommand.JOB, {"id": job})["job"]
    if found["state"] != "cancelled":
        output.confirm(f"Cancel {one_line(job)} ({found['state']}, {found['tokens']} tokens)?")
    answer = _ask(output, IpcCommand.JOB_CANCEL, {"id": job})
    done = "✓ cancelled" if answer["cancelled"] else "cancelled already:"
    output.show("job_cancel", answer, lambda: [f"{done} {one_line(job)}"])


def _ask(output: Output, verb: str, payload: dict[str, Any]) -> Any:
    return request_once(verb, payload, timeout_seconds=output.timeout_seconds or ANSWER_SECONDS)


def _page(output: Output, limit: int, state: str | None) -> dict[str, Any]:
    """The newest jobs, over as many pages as it takes."""
    found: dict[str, Any] = {"jobs": []}
    before = None
    while True:
        left = limit - len(found["jobs"])
        payload = {"limit": min(left, PAGE), "before": before, "state": state}
        page = _ask(output, IpcCommand.JOBS, payload)
        found = page | {"jobs": [*found["jobs"], *page["jobs"]]}
        before = page["next"]
        if before is None or len(found["jobs"]) >= limit:
            return found


def _list(output: Output, limit: int, state: str | None) -> None:
    page = _page(output, limit, state)
    document = page | {"jobs": [machine_job(job) for job in page["jobs"]]}
    output.show("jobs", document, lambda: _table(output, page["jobs"]))
    if not page["jobs"]:
        output.note("(no jobs yet)" if state is None else f"(no {state} jobs)")


def _table(output: Output, jobs: list[dict[str, Any]]) -> list[str]:
    return output.table(HEADERS, [cells(job) for job in jobs]) if jobs else []


def _whole(output: Output, document: dict[str, Any]) -> Iterable[str]:
    job = document["job"]
    yield from output.pairs(
        {
            "Job": job["id"],
            "Attempt": job["attempt"],
            "State": job["state"],
            "Model": job["model"],
            "Started": job["started_at"],
            "Finished": job["finished_at"],
            "Prompt tokens": job["prompt_tokens"],
            "Tokens": job["tokens"],
            "First token ms": job["first_token_ms"],
            "Tokens/s": job["tokens_per_second"],
            "Error": job["error"],
        }
    )
    yield ""
    events = [(clock(e["at"]), e["kind"], e["detail"]) for e in document["events"]]
    yield from output.table(("AT", "EVENT", "DETAIL"), events)


def _watch(output: Output, seconds: float, limit: int, state: str | None) -> None:
    """A table that is redrawn on a terminal; elsewhere a sentence (or a line) for each change."""
    frames, known = Frames(output), _Changes()
    while True:
        page = _page(output, limit, state)
        if output.live_stdout and not output.json:
            counts = " · ".join(f"{count} {name}" for name, count in page["counts"].items())
            frames.show(counts, _table(output, page["jobs"]))
        else:
            for job in known.among(page["jobs"]):
                if output.json:
                    output.event("job", **machine_job(job))
                else:
                    output.line(sentence(job))
        pause(seconds)


class _Changes:
    """Which jobs are new, or in another state than when they were last seen."""

    def __init__(self) -> None:
        self._states: dict[int, str] = {}

    def among(self, jobs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that changed, oldest first."""
        newest_first = list(jobs)
        before = self._states
        self._states = {job["sequence"]: job["state"] for job in newest_first}
        return [
            job for job in reversed(newest_first) if before.get(job["sequence"]) != job["state"]
        ]
