"""Looking at the hardware without ever waiting for it for long.

A driver can hang in the kernel, and then so does whoever asks it. The node asks on one thread of
its own: a daemon, so that neither other work, nor stopping, nor the end of the process waits for
it. Who asks while an answer is due shares it.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Generic, TypeVar

from infernet_tui.errors import InfernetError
from infernet_tui.hardware.base import Hardware, HardwareReading, Sample

T = TypeVar("T")
log = logging.getLogger(__name__)
ANSWER_SECONDS = 5.0
"""How long the first answer may take; a look at the fabric takes seconds."""
KNOWN_SECONDS = 1.0
"""How long a newer answer is waited for when there is an older one."""
CLOSE_SECONDS = 2.0


class HardwareSilent(InfernetError):
    """The hardware does not answer."""

    code = "hardware_silent"
    retryable = True


class HardwareThread:
    """Asks one `Hardware`, a question at a time."""

    def __init__(self, hardware: Hardware, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._hardware = hardware
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._sample = _Question(self._submit, hardware.sample, answer_seconds)
        self._reading = _Question(self._submit, hardware.read, answer_seconds)

    async def sample(self) -> Sample:
        """What moves; what was seen last when the driver is slow.

        Raises:
            HardwareSilent: it says nothing, or failed.
        """
        return await self._sample.answer()

    async def fresh_sample(self) -> Sample:
        """What moves, now.

        Raises:
            HardwareSilent: it says nothing, or failed.
        """
        return await self._sample.answer(may_be_old=False)

    async def read(self) -> HardwareReading:
        """Everything; what was seen last when the driver is slow.

        Raises:
            HardwareSilent: it says nothing, or failed.
        """
        return await self._reading.answer()

    async def close(self) -> None:
        """Let go of the drivers; of one that hangs, without its consent."""
        closing = self._submit(self._hardware.close)
        await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
        if not closing.done():
            log.warning("a driver hangs: it was let go of after %g s", CLOSE_SECONDS)
        for asked in (closing, self._sample.asked, self._reading.asked):
            if asked is not None:
                asked.cancel()
        self._work.put(None)
        self._thread = None

    def _submit(self, ask: Callable[[], T]) -> "asyncio.Future[T]":
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="hardware", daemon=True)
            self._thread.start()
        promise: Future[T] = Future()
        self._work.put(lambda: _keep(promise, ask))
        asked = asyncio.wrap_future(promise)
        asked.add_done_callback(_heard)
        return asked

    def _serve(self) -> None:
        while work := self._work.get():
            work()


class _Question(Generic[T]):
    """One question, and the last answer to it."""

    def __init__(
        self,
        submit: "Callable[[Callable[[], T]], asyncio.Future[T]]",
        ask: Callable[[], T],
        answer_seconds: float,
    ) -> None:
        self.asked: asyncio.Future[T] | None = None
        self._submit = submit
        self._ask = ask
        self._answer_seconds = answer_seconds
        self._last: T | None = None

    async def answer(self, *, may_be_old: bool = True) -> T:
        if self.asked is None or self.asked.done():
            self.asked = self._submit(self._ask)
            self.asked.add_done_callback(self._remember)
        asked, last = self.asked, self._last if may_be_old else None
        patience = self._answer_seconds if last is None else KNOWN_SECONDS
        await asyncio.wait({asked}, timeout=min(patience, self._answer_seconds))
        if asked.done() and not asked.cancelled():
            if error := asked.exception():
                raise HardwareSilent(f"The hardware cannot be read: {error}.") from error
            return asked.result()
        if last is not None:
            return last
        raise HardwareSilent(
            f"The hardware did not answer within {self._answer_seconds:g} s: a driver may hang.",
            hint="infernet gpu --explain",
        )

    def _remember(self, asked: "asyncio.Future[T]") -> None:
        if not asked.cancelled() and asked.exception() is None:
            self._last = asked.result()


def _keep(promise: "Future[T]", ask: Callable[[], T]) -> None:
    """Do the work and keep what came of it, unless nobody wants it any more."""
    if not promise.set_running_or_notify_cancel():
        return
    try:
        promise.set_result(ask())
    except Exception as error:  # noqa: BLE001 - the thread must live; whoever asked is told
        promise.set_exception(error)


def _heard(asked: "asyncio.Future[T]") -> None:
    """A failure that nobody waits for any more is no news."""
    if not asked.cancelled():
        asked.exception()
