"""Jobs in words: the columns of a table of jobs, and everything about one of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infernet_tui.screens import wording
from infernet_tui.views.job import JobView
from infernet_tui.views.reader import Reader
from infernet_tui.widgets.lines import Line, Span, line
from infernet_tui.widgets.table import Column

ROLES = {"running": "live", "completed": "ok", "failed": "error", "cancelled": "warn"}
EVENT_ROLES = {"error": "error", "done": "ok", "cancelled": "warn"}
NO_JOBS = (
    "No jobs yet. Serving {model} since {since}.\nTest it: `infernet doctor`, or press 7 and ask."
)


def state_span(job: JobView) -> Span:
    """The state, as a word that stands out without colour too."""
    return Span(job.word, ROLES.get(job.state, "text"))


def paid(job: JobView) -> str:
    """What was offered for it."""
    if not job.payment_offer:
        return "free" if job.payment_offer == 0 else "-"
    return f"${job.payment_offer:.3f}"


def job_text(job: JobView) -> str:
    """What the filter looks in."""
    return f"{job.id} {job.model or ''} {job.word} {job.state} {job.error or ''}"


def remark(job: JobView) -> Span | None:
    """Why it failed: that matters more than how fast it did."""
    return Span(job.error, "error") if job.state == "failed" and job.error else None


REMARK = ("model", remark)
"""For `Table(remark=…)`."""


def columns(clock: Callable[[], float], *, brief: bool = False) -> list[Column[JobView]]:
    """The columns of a table of jobs; the brief ones fit Home."""

    def age(job: JobView) -> float | None:
        if job.started_at is None:
            return None
        return (job.finished_at or clock()) - job.started_at

    every = [
        Column[JobView](
            "time", "UTC", 8, lambda job: Span(wording.clock(job.started_at), "muted"),
            lambda job: job.started_at,
        ),
        Column[JobView]("state", "STATE", 6, state_span, lambda job: job.word),
        Column[JobView](
            "id", "JOB", 8, lambda job: job.id[:8], lambda job: job.id, rank=1,
        ),
        Column[JobView](
            "model", "MODEL", 16, lambda job: job.model or "-", lambda job: job.model,
        ),
        Column[JobView](
            "age", "TOOK", 7, lambda job: wording.duration(age(job)), age, right=True, rank=1,
        ),
        Column[JobView](
            "tokens", "TOKENS", 7, lambda job: wording.number(job.tokens),
            lambda job: job.tokens, right=True,
        ),
        Column[JobView](
            "speed", "TOK/S", 6, lambda job: wording.number(job.tokens_per_second, 1),
            lambda job: job.tokens_per_second, right=True,
        ),
        Column[JobView](
            "first", "FIRST", 7, lambda job: wording.milliseconds(job.first_token_ms),
            lambda job: job.first_token_ms, right=True, rank=2,
        ),
        Column[JobView](
            "try", "TRY", 3, lambda job: str(job.attempt), lambda job: job.attempt,
            right=True, rank=2,
        ),
        Column[JobView](
            "prompt", "PROMPT", 7, lambda job: wording.number(job.prompt_tokens),
            lambda job: job.prompt_tokens, right=True, rank=3,
        ),
        Column[JobView](
            "paid", "OFFER", 7, paid, lambda job: job.payment_offer, right=True, rank=1,
        ),
        Column[JobView](
            "why", "", 0, lambda job: Span(job.error or "", "muted"), lambda job: job.error, rank=2,
        ),
    ]  # fmt: skip
    return [each for each in every if not (brief and each.id in ("id", "try", "prompt", "age"))]


def figures(job: JobView, now: float) -> list[Line]:
    """All that is known about a job, one fact a line."""
    took = (job.finished_at or now) - job.started_at if job.started_at is not None else None
    rows: list[tuple[str, str | Span]] = [
        ("job", job.id),
        ("state", state_span(job)),
        ("attempt", f"{job.attempt} (number {job.sequence} on this node)"),
        ("model", job.model or "-"),
        ("started", wording.moment(job.started_at)),
        ("finished", wording.moment(job.finished_at) if job.finished_at else "not yet"),
        ("took", wording.duration(took)),
        ("first token", wording.milliseconds(job.first_token_ms)),
        ("tokens", f"{job.tokens:,} at {wording.number(job.tokens_per_second, 1)} tok/s"),
        ("offer", f"{paid(job)} {job.payment_coin or ''}".strip()),
    ]
    lines = [_fact(name, value) for name, value in rows]
    if job.error:
        lines.append(_fact("error", Span(job.error, "error")))
    return lines


def _fact(name: str, value: str | Span) -> Line:
    return line((f" {name:<12}", "muted"), value)


def event_lines(events: Sequence[Reader]) -> list[Line]:
    """What happened, in order."""
    return [
        line(
            (f" {wording.clock(event.time('at'))}  ", "muted"),
            (f"{event.text('kind') or '?':<13}", EVENT_ROLES.get(event.text("kind") or "", "text")),
            event.text("detail") or "",
        )
        for event in events
    ]


def explanation_lines(answer: Mapping[str, Any]) -> list[Line]:
    """Why this node, and why not the others."""
    sentences = Reader(answer).texts("sentences")
    if not sentences:
        return [line((" The control plane gave no reasons.", "muted"))]
    return [line(f" {sentence}") for sentence in sentences]
