"""A job as it goes on: its figures, what happened, and why it came here, in lines."""

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from infernet_tui.errors import InfernetError
from infernet_tui.screens import job_words
from infernet_tui.screens.dialogs import error_lines
from infernet_tui.views.job import JobView
from infernet_tui.views.reader import Reader
from infernet_tui.widgets.lines import Line, beside, line
from infernet_tui.widgets.wrap import wrap

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

SIDE_BY_SIDE, FIGURES_WIDTH = 140, 54
"""Cells from which on a job's figures, events and reasons stand next to each other."""


async def follow_job(
    cockpit: "Cockpit",
    job: JobView,
    show: Callable[[Sequence[Line]], Any],
    width: Callable[[], int],
) -> None:
    """Show a job on so many cells each time it changed, until it has ended or this is cancelled."""
    figures = job_words.figures(job, cockpit.store.clock())
    why = await _why(cockpit, job)
    try:
        news = cockpit.stream("job.follow", {"id": job.id})
        async with contextlib.aclosing(news):
            async for _event, data in news:
                top = Reader(data)
                latest = JobView.parse(top.part("job").raw)
                figures = job_words.figures(latest, cockpit.store.clock())
                show(_laid_out(figures, top.parts("events"), why, width()))
    except InfernetError as error:
        show([*figures, *error_lines(error)])


async def _why(cockpit: "Cockpit", job: JobView) -> list[Line]:
    """Why a job came here, or why that is not known."""
    try:
        answer = await cockpit.request("job.explain", {"id": job.id})
    except InfernetError as error:
        return [line((f" why here: {error.message}", "muted"))]
    return job_words.explanation_lines(answer)


def _laid_out(figures: list[Line], events: list[Reader], why: list[Line], width: int) -> list[Line]:
    """Below each other, or side by side where the width allows."""
    happened = [line((" What happened", "title")), *job_words.event_lines(events)]
    reasons = [line((" Why it came here", "title")), *why]
    share = (width - FIGURES_WIDTH) // 2 if width >= SIDE_BY_SIDE else max(20, width)
    reasons = [part for each in reasons for part in wrap(each, share - 1, indent=3)]
    if width < SIDE_BY_SIDE:
        return [*figures, line(""), *happened, line(""), *reasons]
    return beside((figures, FIGURES_WIDTH), (happened, share), (reasons, share))
