"""A prompt answered by the network: submit it, print what comes, and clean up when leaving early."""

import contextlib

from infernet_tui import job_stream
from infernet_tui.cli.answer_printer import AnswerPrinter
from infernet_tui.errors import ControlPlaneUnreachable, InfernetError
from infernet_tui.job_stream import SILENCE_SECONDS, ChatJob


def ask(
    url: str, job: ChatJob, printer: AnswerPrinter, *, silence_seconds: float | None = None
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
            url, submitted["streamUrl"], silence_seconds=silence_seconds or SILENCE_SECONDS
        ):
            printer.event(event.event, event.data)
    except ControlPlaneUnreachable:
        printer.interrupted()  # and there is nobody who could cancel
        raise
    except BaseException:
        with contextlib.suppress(InfernetError):
            job_stream.cancel(url, job_id)
        with contextlib.suppress(BrokenPipeError):
            printer.interrupted()
        raise
    printer.finish()
