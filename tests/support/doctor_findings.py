"""A doctor that finds what a test says."""

from collections.abc import Iterator, Sequence

from textual.pilot import Pilot

from infernet_tui.doctor.outcome import NamedOutcome, Outcome, fail, ok, skip, warn
from tests.support.cockpit import app_of, until

FOUND: dict[str, Outcome] = {
    "Local config": ok("provider/rig-01, key=0123456789ab…", "path: config.json (mode 600)"),
    "Engine": fail("ollama does not answer", "infernet model show"),
    "Control plane": fail("connection refused", "curl http://127.0.0.1:9/healthz"),
    "Daemon": warn("daemon not running", "start with `infernet start` if it should serve"),
    "Provider row": skip("the control plane cannot be reached"),
    "End-to-end": skip("the control plane cannot be reached"),
}


def examined_as(pilot: Pilot[int], found: dict[str, Outcome] | None = None) -> list[str]:
    """The checks find this instead of looking; the names of those that ran."""
    ran: list[str] = []

    def examine(names: Sequence[str]) -> Iterator[NamedOutcome]:
        for name in names:
            ran.append(name)
            yield NamedOutcome(name, (found or FOUND)[name])

    app_of(pilot).checkup.examine = examine
    return ran


async def ended(pilot: Pilot[int]) -> None:
    """Wait until checks have run and none does any more."""
    checkup = app_of(pilot).checkup
    await until(
        pilot, lambda: not checkup.is_running and checkup.names_of("not run") != list(FOUND)
    )
