"""What goes on in the application and would be lost by leaving it, or may be stopped by ctrl+c."""

from collections.abc import Callable

Stop = Callable[[], bool]
"""Stops something; whether there was anything to stop."""
Loss = Callable[[], str | None]
"""What leaving would lose now: a sentence, or None."""


class Unfinished:
    """Screens and downloads tell it how to be stopped, and what they would lose."""

    def __init__(self) -> None:
        self._stops: list[Stop] = []
        self._losses: list[Loss] = []

    def may_be_stopped(self, stop: Stop) -> None:
        """Something that ctrl+c may stop."""
        self._stops.append(stop)

    def may_be_lost(self, loss: Loss) -> None:
        """Something that is asked about before leaving."""
        self._losses.append(loss)

    def stop_something(self) -> bool:
        """Stop the first thing that can be; whether there was one."""
        return any(stop() for stop in self._stops)

    def loss(self) -> str | None:
        """What leaving would lose now."""
        return next((words for loss in self._losses if (words := loss())), None)
