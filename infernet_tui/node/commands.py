"""An owner's orders from afar: install or remove a model. One at a time, beside everything else.

The orders come through the control plane, so they are trusted less than who sits at the machine:
a model is named, never given as a file or a URL.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from infernet_protocol.jobs import MAX_ERROR_CHARS
from infernet_protocol.nodes import CommandVerb
from infernet_tui.engines.base import Engine
from infernet_tui.engines.model_names import check_registry_name
from infernet_tui.errors import InfernetError
from infernet_tui.node.outbox import Outbox

log = logging.getLogger(__name__)
MAX_OUTPUT_CHARS = 4096
MAX_MODEL_CHARS = 256
MAX_QUEUED = 64


class Commands:
    """Carries out orders in the order they came and reports each result."""

    def __init__(self, engine: Engine, outbox: Outbox) -> None:
        self._engine = engine
        self._outbox = outbox
        self._queue: asyncio.Queue[tuple[str, str, Any]] = asyncio.Queue(MAX_QUEUED)
        self._known: set[str] = set()

    def submit(self, command_id: str, verb: str, args: object) -> None:
        """Queue one order; one that is queued or running already is not queued again."""
        if command_id in self._known:
            return
        try:
            self._queue.put_nowait((command_id, verb, args))
            self._known.add(command_id)
        except asyncio.QueueFull:
            self._report(command_id, error="too many commands are waiting on this node")

    async def idle(self) -> None:
        """Wait until every order is carried out."""
        await self._queue.join()

    async def run(self) -> None:
        """Carry out orders, for ever."""
        while True:
            command_id, verb, args = await self._queue.get()
            log.info("command %s: %s", command_id, verb)
            try:
                output = await self._carry_out(verb, args)
            except (InfernetError, OSError) as error:
                log.warning("command %s failed: %s", command_id, error)
                self._report(command_id, error=str(error))
            else:
                self._report(command_id, result={"stdout": output, "stderr": "", "code": 0})
            self._known.discard(command_id)
            self._queue.task_done()

    async def _carry_out(self, verb: str, args: object) -> str:
        if verb == CommandVerb.MODEL_INSTALL:
            return await self._install(check_registry_name(model_name(args)))
        if verb == CommandVerb.MODEL_REMOVE:
            name = model_name(args)
            await self._engine.remove(name)
            return f"deleted {name!r}\n"
        raise InfernetError(f"unknown command verb: {verb[:64]}")

    async def _install(self, name: str) -> str:
        """Pull a model; the distinct steps, as a person would have seen them."""
        steps: list[str] = []
        async for progress in self._engine.pull(name):
            if not steps or steps[-1] != progress.status:
                steps.append(progress.status)
        return "\n".join(steps)[-MAX_OUTPUT_CHARS + 1 :] + "\n"

    def _report(
        self, command_id: str, *, result: dict[str, Any] | None = None, error: str | None = None
    ) -> None:
        status = "completed" if error is None else "failed"
        error = error[:MAX_ERROR_CHARS] if error else None
        self._outbox.add_command_result(
            command_id, {"status": status, "result": result, "error": error}
        )


def model_name(args: object) -> str:
    """The model an order names.

    Raises:
        InfernetError: none, too long, or one that a program would take for an option.
    """
    name = args.get("model") if isinstance(args, Mapping) else None
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_MODEL_CHARS or not name.isprintable():
        raise InfernetError(f"the command needs args.model (1..{MAX_MODEL_CHARS} characters)")
    if name.startswith("-"):
        raise InfernetError("a model name does not start with a dash")
    return name
