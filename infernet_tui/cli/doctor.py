"""`infernet doctor`: the six checks, one line each, as they are known."""

import sys

import click

from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.doctor import report
from infernet_tui.doctor.checks import CHECKS
from infernet_tui.doctor.outcome import CheckStatus, NamedOutcome
from infernet_tui.exit_codes import ExitCode
from infernet_tui.text import one_line, plain_text

MARKS = {
    CheckStatus.OK: ("✓", "ok", "green"),
    CheckStatus.WARN: ("!", "!", "yellow"),
    CheckStatus.FAIL: ("✗", "FAIL", "red"),
    CheckStatus.SKIP: ("–", "-", "bright_black"),
}
"""Status → mark, the same in ASCII, colour."""
NAME_WIDTH = max(len(check.name) for check in CHECKS)


@verb("doctor")
@click.option("--skip-e2e", is_flag=True, help="Do not submit a real (tiny) job.")
@pass_output
def command(output: Output, skip_e2e: bool) -> ExitCode:
    """Check config, engine, control plane, daemon and a real answer."""
    found: list[NamedOutcome] = []
    for outcome in report.run(skip_end_to_end=skip_e2e):
        found.append(outcome)
        if not output.json:
            _print(output, len(found), outcome)
    failed = _count(found, CheckStatus.FAIL)
    output.show(
        "doctor",
        {"checks": [outcome.as_json() for outcome in found]},
        lambda: [_verdict(found)],
        ok=not failed,
    )
    return ExitCode.FAILED if failed else ExitCode.OK


def _print(output: Output, number: int, named: NamedOutcome) -> None:
    found = named.outcome
    mark = output.style(_mark(found.status), MARKS[found.status][2])
    name = f"{named.name:<{NAME_WIDTH}}"
    output.line(f"[{number}/{len(CHECKS)}] {name} {mark} {one_line(found.summary)}")
    if found.details and output.verbose:
        for line in plain_text(found.details).splitlines():
            output.line(f"      {line}")
    if found.hint:
        output.line(f"      → {one_line(found.hint)}")


def _mark(status: CheckStatus) -> str:
    glyph, ascii_only, _ = MARKS[status]
    try:
        glyph.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return ascii_only
    return glyph


def _verdict(found: list[NamedOutcome]) -> str:
    failed, warned = _count(found, CheckStatus.FAIL), _count(found, CheckStatus.WARN)
    if failed:
        return f"{failed} of {len(found)} checks failed."
    skipped = _count(found, CheckStatus.SKIP)
    remarks = [
        f"{count} {word}" for count, word in ((warned, "to look at"), (skipped, "skipped")) if count
    ]
    return "All checks passed." if not remarks else f"No check failed ({', '.join(remarks)})."


def _count(found: list[NamedOutcome], status: CheckStatus) -> int:
    return sum(named.outcome.status is status for named in found)
