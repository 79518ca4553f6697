"""A local network in a thread of its own, for a main thread that wants to use it like a stranger.

The main thread keeps Ctrl-C: it interrupts the question, and then the network is ended in order.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress

from infernet_tui.cli.local_network import LocalNetwork, NetworkPlan


@contextmanager
def background_network(plan: NetworkPlan) -> Iterator[str]:
    """Run a network for the block; its control plane's URL.

    Raises:
        InfernetError: it could not start; nothing is left running.
    """
    runner = _Runner(plan)
    thread = threading.Thread(target=runner.run, name="network")
    thread.start()
    try:
        yield runner.url.result()
    finally:
        runner.end()
        thread.join()


class _Runner:
    """What happens in the thread."""

    def __init__(self, plan: NetworkPlan) -> None:
        self.url: Future[str] = Future()
        self._plan = plan
        self._loop = asyncio.new_event_loop()
        self._ends = asyncio.Event()

    def run(self) -> None:
        """Start, say where, wait for the end, stop."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    def end(self) -> None:
        """Begin to stop; from any thread, at any time."""
        with suppress(RuntimeError):  # closed already: it could not start, or ended
            self._loop.call_soon_threadsafe(self._ends.set)

    async def _main(self) -> None:
        try:
            network = LocalNetwork(self._plan)
            starting = asyncio.create_task(network.start())
            ending = asyncio.create_task(self._ends.wait())
            await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
            starting.cancel()
            await starting
        except (asyncio.CancelledError, Exception) as error:  # noqa: BLE001
            self.url.set_exception(error)  # the waiting thread raises it
            return
        self.url.set_result(network.url)
        await ending
        await network.stop()
