"""A prompt answered by the network: submit it, print what comes, cancel it when leaving early."""

import contextlib
import math

from infernet_tui import job_stream
from infernet_tui.cli.answer_printer import AnswerPrinter
from infernet_tui.errors import ControlPlaneUnreachable, InfernetError
from infernet_tui.job_stream import ChatJob


def ask(
    url: str, job: ChatJob, printer: AnswerPrinter, *, timeout_seconds: float | None = None
) -> None:
    """Have the control plane at `url` answer; the answer is printed as it comes.

    Leaving early (Ctrl-C, a reader that went away, a time-out) cancels the job, so that no node
    goes on for nobody.

    Raises:
        InfernetError: nobody serves it, the connection broke for good, or the job failed.
    """
    submitted = job_stream.submit(url, job)
    job_id = str(submitted.get("jobId"))
    try:
        printer.submitted(submitted)
        for event in job_stream.follow(
            url, submitted["streamUrl"], timeout_seconds=timeout_seconds or math.inf
        ):
            printer.event(event.event, event.data)
    except BaseException as reason:
        if not isinstance(reason, ControlPlaneUnreachable):
            with contextlib.suppress(InfernetError):
                job_stream.cancel(url, job_id)
        printer.leave(reason)
        raise
    printer.finish()
