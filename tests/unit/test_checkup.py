"""The checks as the application keeps them."""

from collections.abc import Iterator, Sequence

import pytest

from infernet_tui import paths
from infernet_tui.checkup import ABOUT, CheckRow, Checkup
from infernet_tui.doctor.checks import CHECKS
from infernet_tui.doctor.outcome import NamedOutcome, Outcome, fail, ok
from infernet_tui.screens.doctor_fixes import Kind, fix_of
from infernet_tui.screens.doctor_words import report


def a_checkup(**outcomes: Outcome) -> tuple[Checkup, list[str]]:
    """A checkup whose checks say this (by the last word of their names), and what it has run."""
    ran: list[str] = []

    def examine(names: Sequence[str]) -> Iterator[NamedOutcome]:
        for name in names:
            ran.append(name)
            yield NamedOutcome(name, outcomes.get(name.split()[-1].lower(), ok("fine")))

    checkup = Checkup(lambda: 1000.0, lambda: 5.0, lambda: None)
    checkup.examine = examine
    return checkup, ran


def test_it_knows_the_doctors_checks_and_their_order() -> None:
    assert list(ABOUT) == [check.name for check in CHECKS]


async def test_a_check_that_builds_on_others_has_them_run_first() -> None:
    checkup, ran = a_checkup()
    await checkup.run(("Provider row",))
    assert ran == ["Control plane", "Daemon", "Provider row"]
    assert checkup.row("Engine").state == "not run"


async def test_the_badge_counts_failed_checks() -> None:
    checkup, _ = a_checkup(engine=fail("no engine"), row=fail("not registered"))
    assert checkup.badge == ""
    await checkup.run()
    assert checkup.badge == "!2"


async def test_a_stopped_run_ends_after_the_present_check() -> None:
    checkup, ran = a_checkup()

    def changed() -> None:
        if ran:
            checkup.stop()

    checkup._changed = changed
    await checkup.run()
    assert ran == ["Local config"]
    assert not checkup.is_running
    assert checkup.names_of("running") == []


async def test_a_check_that_breaks_is_a_finding() -> None:
    checkup, _ = a_checkup()

    def examine(names: Sequence[str]) -> Iterator[NamedOutcome]:
        return (NamedOutcome(name, ok(str(1 // 0))) for name in names)

    checkup.examine = examine
    await checkup.run(("Engine",))
    assert checkup.row("Engine").state == "fail"
    assert "ZeroDivisionError" in checkup.row("Engine").summary


async def test_what_a_stranger_wrote_into_a_finding_is_harmless() -> None:
    checkup, _ = a_checkup(plane=fail("\x1b]52;c;aGk=\x07 bad", "curl \x1b[31mx", "a\nb\x1b[2J"))
    await checkup.run(("Control plane",))
    row = checkup.row("Control plane")
    assert "\x1b" not in f"{row.summary}{row.hint}{row.details}"
    assert len(row.details) == 2


@pytest.mark.parametrize(
    ("hint", "kind"),
    [
        ("start with `infernet start` if this node should accept jobs", Kind.START),
        ("infernet register", Kind.REGISTER),
        ("infernet logs", Kind.GO),
        ("infernet model pull qwen2.5:0.5b", Kind.GO),
        ("infernet init", Kind.GO),
        ("infernet init --force", Kind.SHOW),
        ("chmod 600 /etc/passwd", Kind.SHOW),
        ("curl https://control.example/healthz", Kind.SHOW),
        ("sudo ufw allow 46337", Kind.SHOW),
    ],
)
def test_only_what_is_safe_is_done_from_here(hint: str, kind: Kind) -> None:
    fix = fix_of(CheckRow("Engine", "fail", "no", hint=hint))
    assert fix is not None
    assert fix.kind is kind


def test_our_own_config_may_be_closed_to_others() -> None:
    fix = fix_of(CheckRow("Local config", "warn", "", hint=f"chmod 600 {paths.config_file()}"))
    assert fix is not None
    assert fix.kind is Kind.PRIVATE


def test_the_report_names_no_secret_and_no_home(tmp_path: object) -> None:
    row = CheckRow(
        "Control plane", "fail", f"Bearer abc.def-123 at {tmp_path}/x, key {'ab' * 32}",
        ("https://user:secret@host/",), "infernet logs",
    )  # fmt: skip
    text = report([row], 1000.0)
    assert "[FAIL   ] Control plane" in text
    assert "next: infernet logs" in text
    assert "abc.def" not in text
    assert "ab" * 32 not in text
    assert "secret" not in text
    assert str(tmp_path) not in text
