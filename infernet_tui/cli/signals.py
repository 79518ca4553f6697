"""What Ctrl-C and SIGTERM mean to a command that runs until it is told to stop."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from infernet_tui.errors import InfernetError
from infernet_tui.exit_codes import ExitCode

EXIT_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.OK}
"""SIGTERM is how a supervisor ends what it started: obeying it is success."""


class StopSignals:
    """The signals of one run. The first one is waited for; later ones are only counted."""

    def __init__(self) -> None:
        self.count = 0
        self._first: asyncio.Future[ExitCode] = asyncio.get_running_loop().create_future()
        self._again = asyncio.Event()

    def receive(self, number: signal.Signals) -> None:
        """One signal came."""
        self.count += 1
        if not self._first.done():
            self._first.set_result(EXIT_CODES[number])
        else:
            self._again.set()

    async def before(self, work: Coroutine[Any, Any, None]) -> ExitCode:
        """The exit code of the first signal.

        Raises:
            InfernetError: `work`, which should not end by itself, ended before; or its own error.
        """
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task, self._first}, return_when=asyncio.FIRST_COMPLETED)
            if self._first.done():
                return self._first.result()
            await task
            raise InfernetError("It stopped by itself.", hint="infernet doctor")
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def again(self) -> None:
        """Return when somebody insists."""
        await self._again.wait()


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
