"""The doctor in words: one line a check, all about one of them, and the report to pass on."""

import platform
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

from infernet_tui import __version__
from infernet_tui.checkup import ABOUT, NOT_RUN, RUNNING, CheckRow
from infernet_tui.screens import wording
from infernet_tui.widgets.lines import Line, Span, line
from infernet_tui.widgets.table import Column

STATES = {
    "ok": ("ok", "ok"),
    "warn": ("warn", "warn"),
    "fail": ("FAIL", "error"),
    "skip": ("skipped", "muted"),
    RUNNING: ("running…", "live"),
    NOT_RUN: ("not run", "muted"),
}
"""State → the word shown, and its role."""


def columns(timer: Callable[[], float]) -> list[Column[CheckRow]]:
    """The columns of the table of checks."""

    def seconds(row: CheckRow) -> float | None:
        return timer() - row.began_at if row.began_at is not None else row.seconds

    return [
        Column[CheckRow]("check", "CHECK", 13, lambda row: row.name, lambda row: row.name),
        Column[CheckRow]("state", "STATE", 8, state_span, lambda row: row.state),
        Column[CheckRow]("found", "FOUND", 0, _found, lambda row: row.summary),
        Column[CheckRow](
            "took", "TOOK", 7, lambda row: took(seconds(row)), seconds, right=True, rank=1
        ),
        Column[CheckRow](
            "at", "UTC", 8, lambda row: Span(wording.clock(row.ended_at), "muted"),
            lambda row: row.ended_at, rank=3,
        ),
    ]  # fmt: skip


def state_span(row: CheckRow) -> Span:
    """The state as a word."""
    return Span(*STATES.get(row.state, (row.state, "text")))


def took(seconds: float | None) -> str:
    """`310 ms`, `12 s`."""
    if seconds is None:
        return "-"
    return wording.milliseconds(seconds * 1000) if seconds < 10 else wording.duration(seconds)


def verdict(rows: Sequence[CheckRow]) -> str:
    """All checks in one sentence."""
    counts = {state: sum(row.state == state for row in rows) for state in STATES}
    if counts[RUNNING]:
        return "running…"
    if counts[NOT_RUN] == len(rows):
        return "none has run yet"
    words = [
        f"{counts[state]} {word}"
        for state, word in (("fail", "failed"), ("warn", "to look at"), ("ok", "ok"),
                            ("skip", "skipped"), (NOT_RUN, "not run"))
        if counts[state]
    ]  # fmt: skip
    return " · ".join(words)


def detail_lines(row: CheckRow, width: int, now: float) -> list[Line]:
    """All about one check."""
    room = max(20, min(width - 12, 100))
    lines = [
        line((" looks at  ", "muted"), ABOUT.get(row.name, "")),
        line((" state     ", "muted"), state_span(row)),
    ]
    if row.ended_at is not None:
        lines[-1] += line(
            (f"  {wording.ago(row.ended_at, now)}, took {took(row.seconds)}", "muted")
        )
    lines += _block("found", row.summary, room)
    for text in row.details:
        lines += _block("", text, room)
    if row.state == NOT_RUN:
        lines += [line(""), line((" enter runs this check, R runs all six.", "muted"))]
    if row.hint:
        lines += [line(""), *_block("next", row.hint, room, "key")]
        lines.append(line((" F shows the fix, and runs it where that is safe.", "muted")))
    return lines


def report(rows: Sequence[CheckRow], now: float) -> str:
    """What was found, without secrets and without the name of the home folder."""
    from infernet_tui.cli.crash import redacted

    head = (
        f"infernet {__version__}, Python {platform.python_version()}, {sys.platform}"
        f", {wording.moment(now)}"
    )
    lines = [head]
    for row in rows:
        lines.append(f"[{STATES[row.state][0]:<7}] {row.name}: {row.summary or '-'}")
        lines += [f"          {text}" for text in row.details]
        if row.hint:
            lines.append(f"          next: {row.hint}")
    return redacted("\n".join(lines).replace(str(Path.home()), "~")) + "\n"


def _found(row: CheckRow) -> Span | str:
    if row.state == NOT_RUN:
        return Span(ABOUT.get(row.name, ""), "muted")
    return row.summary


def _block(name: str, text: str, room: int, role: str = "text") -> list[Line]:
    parts = textwrap.wrap(text, room) or []
    return [
        line((f" {name if place == 0 else '':<10}", "muted"), (part, role))
        for place, part in enumerate(parts)
    ]
