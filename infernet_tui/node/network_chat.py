"""A prompt of this machine's operator, answered by the network.

Goes where the node's own calls go, through its proxy if it has one. The stream is taken up again
after a broken connection, each event comes once, and leaving early cancels the job, so that no node
goes on for nobody.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping
from typing import Any
from urllib.parse import quote

from infernet_protocol import endpoints
from infernet_tui.control_plane import ControlPlane
from infernet_tui.errors import (
    ControlPlaneError,
    ControlPlaneUnreachable,
    RequestFailed,
    TimedOut,
)
from infernet_tui.job_stream import (
    CONNECTION_SECONDS,
    MAX_RECONNECTS,
    SILENCE_SECONDS,
    Arrivals,
    ChatJob,
    StreamEvent,
    pause_seconds,
)
from infernet_tui.sse import EventStreamParser, EventTooLarge

log = logging.getLogger(__name__)
CANCEL_SECONDS = 3.0
_going_on: set[asyncio.Task[None]] = set()
"""Kept, so that they are not collected while they run."""


async def ask_network(
    control_plane: ControlPlane, job: ChatJob
) -> AsyncGenerator[StreamEvent, None]:
    """Submit the job and follow it: first `job` (the control plane's answer), then its events.

    Raises:
        ControlPlaneError, TimedOut: nobody serves it, or it was lost for good.
    """
    submitted = await _submit(control_plane, job)
    if not isinstance(submitted, Mapping) or not isinstance(submitted.get("streamUrl"), str):
        raise RequestFailed("The control plane did not answer like one.", hint="infernet doctor")
    has_ended = False
    try:
        yield StreamEvent("job", submitted)
        async with contextlib.aclosing(_follow(control_plane, submitted["streamUrl"])) as events:
            async for event in events:
                has_ended = event.is_terminal
                yield event
                if has_ended:
                    return
    finally:
        if not has_ended:
            job_id = str(submitted.get("jobId"))
            await asyncio.shield(_for_sure(_cancel(control_plane, job_id)))


async def _submit(control_plane: ControlPlane, job: ChatJob) -> Any:
    """Hand the job over. Who is told to stop meanwhile still learns the job's id, to cancel it."""
    submitting = asyncio.create_task(control_plane.post(endpoints.CHAT, job.body()))
    try:
        return await asyncio.shield(submitting)
    except asyncio.CancelledError:
        await asyncio.shield(_for_sure(_cancel_submitted(control_plane, submitting)))
        raise


async def _cancel_submitted(control_plane: ControlPlane, submitting: "asyncio.Task[Any]") -> None:
    """Cancel a job whose submit is under way, once it is known what it is called."""
    await asyncio.wait({submitting}, timeout=CANCEL_SECONDS)
    if not submitting.done():
        submitting.cancel()
    elif not submitting.exception():
        answer = submitting.result()
        job_id = answer.get("jobId") if isinstance(answer, Mapping) else None
        if isinstance(job_id, str):
            await _cancel(control_plane, job_id)


def _for_sure(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    """Work that goes on also when whoever waits for it is cancelled a second time."""
    task = asyncio.create_task(work)
    _going_on.add(task)
    task.add_done_callback(_going_on.discard)
    return task


async def _follow(
    control_plane: ControlPlane, stream_url: str
) -> AsyncGenerator[StreamEvent, None]:
    arrivals, reconnects, last_news = Arrivals(), 0, time.monotonic()
    while True:
        try:
            async with contextlib.aclosing(
                _connection(control_plane, stream_url, arrivals)
            ) as events:
                async for event in events:
                    if event is None:
                        _check_silence(last_news)
                        continue
                    if event.event == "job":
                        continue  # its row: the submit told what matters
                    reconnects, last_news = 0, time.monotonic()
                    yield event
            broken: ControlPlaneError = ControlPlaneUnreachable(
                "The stream ended before the answer did.", hint="infernet doctor"
            )
        except ControlPlaneError as error:
            if not error.retryable:
                raise
            broken = error
        _check_silence(last_news)
        if reconnects >= MAX_RECONNECTS:
            raise broken
        await asyncio.sleep(pause_seconds(reconnects))
        reconnects += 1


async def _connection(
    control_plane: ControlPlane, stream_url: str, arrivals: Arrivals
) -> AsyncGenerator[StreamEvent | None, None]:
    """The new events of one connection; None for a sign of life without news."""
    headers = {"accept": "text/event-stream"}
    if arrivals.last_id is not None:
        headers["last-event-id"] = arrivals.last_id
    parser = EventStreamParser()
    chunks = control_plane.stream(stream_url, headers, silence_seconds=CONNECTION_SECONDS)
    async with contextlib.aclosing(chunks):
        async for chunk in chunks:
            try:
                raw_events = parser.feed(chunk)
            except EventTooLarge as error:
                raise RequestFailed(f"The job's stream is broken: {error}.") from None
            for raw in raw_events:
                if event := arrivals.take(raw):
                    yield event
            yield None


def _check_silence(last_news: float) -> None:
    if time.monotonic() - last_news > SILENCE_SECONDS:
        raise TimedOut(
            f"Nothing new from the job for {SILENCE_SECONDS:g} s.", hint="infernet doctor"
        )


async def _cancel(control_plane: ControlPlane, job_id: str) -> None:
    path = endpoints.JOB.format(job_id=quote(job_id, safe=""))
    try:
        await control_plane.delete(path, timeout_seconds=CANCEL_SECONDS)
    except (ControlPlaneError, TimedOut) as error:
        log.warning("job %s could not be cancelled: %s", job_id, error)
