"""The downloads of models that this application asked for. They go on whatever screen is shown.

A pull belongs to its connection: leaving the application ends it, and the part that came stays for
the next try.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from infernet_tui.errors import AlreadyRunning, InfernetError
from infernet_tui.views.model import PullView
from infernet_tui.views.reader import Reader

Stream = Callable[[str, Any], AsyncGenerator[tuple[str, Any], None]]
Ended = Callable[[str, InfernetError | None], None]
"""Told of a pull that ended: its name, and why it failed. A cancelled one is not told of."""


@dataclass(slots=True)
class _Pull:
    view: PullView
    task: asyncio.Task[None] | None = None


class PullBook:
    """The pulls that run, by name."""

    def __init__(self, stream: Stream, changed: Callable[[], None], ended: Ended) -> None:
        self._stream, self._changed, self._ended = stream, changed, ended
        self._pulls: dict[str, _Pull] = {}

    @property
    def running(self) -> tuple[PullView, ...]:
        """How far each is, in the order they were begun."""
        return tuple(pull.view for pull in self._pulls.values())

    def start(self, name: str) -> None:
        """Begin a pull.

        Raises:
            AlreadyRunning: it is being pulled.
        """
        if name in self._pulls:
            raise AlreadyRunning(f"{name} is being pulled already.", hint="x stops it")
        view = PullView(name, "asking the node", None, None, None, None)
        pull = self._pulls[name] = _Pull(view)
        pull.task = asyncio.create_task(self._run(name, pull), name=f"pull {name}")
        self._changed()

    def cancel(self, name: str) -> bool:
        """Stop a pull; whether there was one."""
        pull = self._pulls.pop(name, None)
        if pull is None or pull.task is None:
            return False
        pull.task.cancel()
        self._changed()
        return True

    def reason_to_stay(self) -> str | None:
        """What quitting would stop."""
        if not self._pulls:
            return None
        names = ", ".join(self._pulls)
        return f"Being pulled: {names}. Quitting stops it; the part that came is kept."

    async def _run(self, name: str, pull: _Pull) -> None:
        failure: InfernetError | None = None
        try:
            await self._follow(name, pull)
        except InfernetError as error:
            failure = error
        finally:
            if self._pulls.get(name) is pull:
                del self._pulls[name]
        self._changed()
        self._ended(name, failure)

    async def _follow(self, name: str, pull: _Pull) -> None:
        async with contextlib.aclosing(self._stream("model.pull", {"name": name})) as events:
            async for event, data in events:
                top = Reader(data)
                if event == "error":
                    said = top.text("message") or f"{name} could not be pulled."
                    raise InfernetError(said, hint=top.text("hint"))
                if event == "done":
                    return
                if event == "progress":
                    pull.view = PullView.parse(top)
                    self._changed()
        raise InfernetError(f"The pull of {name} broke off.", hint="a: pull it again, it goes on")
