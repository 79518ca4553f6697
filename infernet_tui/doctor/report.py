"""Runs the checks, one after the other."""

from collections.abc import Iterator, Sequence

from infernet_tui import config
from infernet_tui.config import Config
from infernet_tui.doctor.checks import CHECKS, Check, Subject, end_to_end
from infernet_tui.doctor.outcome import NamedOutcome, skip
from infernet_tui.errors import ConfigError


def run(
    *, skip_end_to_end: bool = False, checks: Sequence[Check] = CHECKS
) -> Iterator[NamedOutcome]:
    """Yield each check's outcome as it is known."""
    subject = _subject()
    for check in checks:
        if skip_end_to_end and check.look is end_to_end:
            outcome = skip("not asked for (--skip-e2e)")
        else:
            outcome = check.look(subject)
        yield NamedOutcome(check.name, outcome)


def _subject() -> Subject:
    try:
        return Subject(config.load_existing())
    except ConfigError as error:
        return Subject(Config(), config_error=error)
