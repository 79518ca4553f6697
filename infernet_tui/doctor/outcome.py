"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class CheckStatus(StrEnum):
    """The verdict of one check."""

    OK = "ok"
    WARN = "warn"
    """It works, or is not needed, but something wants attention."""
    FAIL = "fail"
    SKIP = "skip"
    """Not looked at: not wanted, or what it depends on failed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict, in one line, and what to do about it."""

    status: CheckStatus
    summary: str
    details: str | None = None
    hint: str | None = None
    """The command to run next."""


@dataclass(frozen=True, slots=True)
class NamedOutcome:
    """One line of the report."""

    name: str
    outcome: Outcome

    def as_json(self) -> dict[str, Any]:
        """`{name, status, summary, details?, hint?}`."""
        found = self.outcome
        optional = {"details": found.details, "hint": found.hint}
        return {
            "name": self.name,
            "status": found.status.value,
            "summary": found.summary,
        } | {key: value for key, value in optional.items() if value is not None}


def ok(summary: str, details: str | None = None) -> Outcome:
    """It is as it should be."""
    return Outcome(CheckStatus.OK, summary, details)


def warn(summary: str, hint: str | None = None, details: str | None = None) -> Outcome:
    """It could be better."""
    return Outcome(CheckStatus.WARN, summary, details, hint)


def fail(summary: str, hint: str | None = None, details: str | None = None) -> Outcome:
    """It does not work."""
    return Outcome(CheckStatus.FAIL, summary, details, hint)


def skip(summary: str) -> Outcome:
    """It was not looked at."""
    return Outcome(CheckStatus.SKIP, summary)
