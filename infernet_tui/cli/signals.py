"""What Ctrl-C and SIGTERM mean to a command that runs until it is told to stop."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from infernet_tui.exit_codes import ExitCode

EXIT_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.OK}
"""SIGTERM is how a supervisor ends what it started: obeying it is success."""


class StopSignals:
    """The signals of one run: the first ends what is going on, a later one hurries the end."""

    def __init__(self) -> None:
        self.again = asyncio.Event()
        """Set when somebody insists."""
        self._first: asyncio.Future[ExitCode] = asyncio.get_running_loop().create_future()

    def receive(self, number: signal.Signals) -> None:
        """One signal came."""
        if self._first.done():
            self.again.set()
        else:
            self._first.set_result(EXIT_CODES[number])

    async def during(self, work: Coroutine[Any, Any, None]) -> ExitCode | None:
        """Do `work`, unless told to stop: then it is cancelled, and this is the exit code.

        Raises whatever `work` raises.
        """
        task = asyncio.ensure_future(work)
        try:
            waited: set[asyncio.Future[Any]] = {task, self._first}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
                return None
            return self._first.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def told_to_stop() -> AsyncIterator[StopSignals]:
    """Receive SIGINT and SIGTERM for as long as the block runs."""
    loop, signals = asyncio.get_running_loop(), StopSignals()
    for number in EXIT_CODES:
        loop.add_signal_handler(number, signals.receive, number)
    try:
        yield signals
    finally:
        for number in EXIT_CODES:
            loop.remove_signal_handler(number)
