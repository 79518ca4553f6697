"""An engine that speaks NDJSON on its standard input and output (`wire.md` §9, version 1).

The program is started once and kept; its answers are told apart by their id. When it ends, every
open answer fails at once, and the next question starts it again. A line it should not have sent
is logged and ignored; one that is too long ends it.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

import orjson

from infernet_tui.engines.base import (
    Capabilities,
    Done,
    EngineEvent,
    Failed,
    GenerateRequest,
    Health,
    Meta,
    Model,
    PullProgress,
    Token,
)
from infernet_tui.engines.child import ChildProcess, RestartBackoff
from infernet_tui.engines.child_environment import child_environment
from infernet_tui.engines.messages import with_prefill
from infernet_tui.errors import EngineError

VERSION = 1
READY_SECONDS = 60.0
SILENCE_SECONDS = 60.0
MAX_QUEUED_EVENTS = 10_000
"""Of one answer that nobody reads."""

log = logging.getLogger(__name__)
Line = dict[str, Any]


class MojoEngine:
    """One such program."""

    kind = "mojo"

    def __init__(
        self,
        argv: Sequence[str],
        *,
        default_model: str | None = None,
        environ: Mapping[str, str] | None = None,
        ready_seconds: float = READY_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self.default_model = default_model
        self._argv = argv
        self._environ = environ
        self._ready_seconds = ready_seconds
        self._silence_seconds = silence_seconds
        self._child: ChildProcess | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[str, asyncio.Queue[Line | None]] = {}
        self._lock = asyncio.Lock()
        self._backoff = RestartBackoff()

    @property
    def pid(self) -> int | None:
        """The program's process id."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Run the program and wait until it is ready.

        Raises:
            EngineError: it cannot be run, is not ready in time, or keeps dying.
        """
        async with self._lock:
            if self._child and self._child.is_alive:
                return
            if self._child:
                self._backoff.died()
                await self._stop()
            if wait := self._backoff.seconds_left:
                raise EngineError(
                    f"{self._argv[0]} keeps dying; next try in {wait:.0f} s.", hint="infernet logs"
                )
            try:
                await self._run()
            except BaseException:
                await self._stop()
                raise

    async def close(self) -> None:
        """Ask it to leave, then make sure."""
        async with self._lock:
            if self._child and self._child.is_alive:
                await self._send(type="shutdown")
            await self._stop()

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[EngineEvent]:
        """Stream one answer; closing early sends `cancel`."""
        model = request.model or self.default_model
        try:
            await self.start()
        except EngineError as error:
            yield Meta(model, self.kind)
            yield Failed(error.message, error.retryable)
            return
        yield Meta(model, self.kind)
        # Not the request's own id: two attempts at one job must not hear each other.
        number = str(uuid.uuid4())
        lines = self._answers[number] = asyncio.Queue()
        is_over = False
        try:
            await self._ask(number, request, model)
            while not is_over:
                event = await self._next(lines)
                is_over = isinstance(event, Done | Failed)
                if event:
                    yield event
        finally:
            del self._answers[number]
            if not is_over:
                await self._send(type="cancel", id=number)

    async def models(self) -> list[Model]:
        """The model it said it is ready with."""
        return [Model(self.default_model)] if self.default_model else []

    def pull(self, name: str) -> AsyncIterator[PullProgress]:
        """Refused: the program brings its own model."""
        raise self._unsupported("download")

    async def remove(self, name: str) -> None:
        """Refused, as `pull`."""
        raise self._unsupported("remove")

    async def load(self, name: str) -> None:
        """Tell the program to load a model; it answers nothing."""
        await self.start()
        await self._send(type="load", model=name)

    async def unload(self, name: str) -> None:
        """Refused, as `pull`."""
        raise self._unsupported("unload")

    async def loaded(self) -> list[str] | None:
        """Unknown: the protocol does not say."""
        return None

    async def health(self) -> Health:
        """Whether the program runs."""
        child = self._child
        if child and child.is_alive:
            return Health(True, f"{self._argv[0]} running, pid {child.pid}")
        return Health(False, child.epitaph() if child else f"{self._argv[0]} is not running")

    async def capabilities(self, model: str) -> Capabilities:
        """The protocol has no more than plain chat."""
        return Capabilities()

    async def _run(self) -> None:
        self._backoff.started()
        environ = await child_environment(self._environ)
        child = self._child = await ChildProcess.spawn(self._argv[0], self._argv, environ)
        try:
            async with asyncio.timeout(self._ready_seconds):
                line = await self._first_ready(child)
        except TimeoutError:
            raise EngineError(
                f"{self._argv[0]} was not ready in {self._ready_seconds:g} s.",
                hint="check INFERNET_ENGINE_BIN",
            ) from None
        if self.default_model is None and isinstance(line.get("model"), str):
            self.default_model = line["model"]
        self._reader = asyncio.create_task(self._read(child), name="mojo lines")

    async def _first_ready(self, child: ChildProcess) -> Line:
        while True:
            line = await _read_line(child)
            if line is None:
                await child.ended()
                self._backoff.died()
                raise EngineError(
                    f"{child.epitaph()}, before it was ready.", hint="check INFERNET_ENGINE_BIN"
                )
            if line.get("type") == "ready":
                return line
            if line.get("type") == "error":
                raise EngineError(
                    f"{self._argv[0]} cannot start: {line.get('message')}.",
                    hint="check INFERNET_ENGINE_BIN",
                )

    async def _read(self, child: ChildProcess) -> None:
        """Hand every line to the answer it belongs to, until the program ends."""
        try:
            while (line := await _read_line(child)) is not None:
                if line.get("type") == "log":
                    log.info("%s: %s", child.name, line.get("message"))
                answer = self._answers.get(str(line.get("id")))
                if answer and answer.qsize() < MAX_QUEUED_EVENTS:
                    answer.put_nowait(line)
        finally:
            child.kill()
            await child.ended()
            for answer in self._answers.values():
                answer.put_nowait(None)

    async def _next(self, lines: "asyncio.Queue[Line | None]") -> EngineEvent | None:
        try:
            async with asyncio.timeout(self._silence_seconds):
                line = await lines.get()
        except TimeoutError:
            return Failed(f"{self._argv[0]} sent nothing for {self._silence_seconds:g} s.")
        if line is None:
            return Failed(f"{self._child.epitaph() if self._child else self._argv[0]}.")
        return _event(line)

    async def _ask(self, number: str, request: GenerateRequest, model: str | None) -> None:
        optional = {
            "model": model,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
        }
        await self._send(
            type="generate",
            id=number,
            messages=with_prefill(request.messages, request.prefill),
            **{key: value for key, value in optional.items() if value is not None},
        )

    async def _send(self, **fields: Any) -> None:
        if self._child:
            await self._child.send_line(orjson.dumps({"v": VERSION, **fields}))

    async def _stop(self) -> None:
        if self._child:
            await self._child.close()
        if self._reader:
            await asyncio.gather(self._reader, return_exceptions=True)
        self._child = self._reader = None

    def _unsupported(self, what: str) -> EngineError:
        return EngineError(
            f"The mojo engine cannot {what} models; the program brings its own.",
            hint="infernet config set engine.backend llamacpp",
            retryable=False,
        )


async def _read_line(child: ChildProcess) -> Line | None:
    """The next line that makes sense; None when there will be none."""
    while True:
        try:
            raw = await child.read_line()
        except ValueError:
            log.warning("%s sent a line that is too long", child.name)
            return None
        if not raw:
            return None
        with contextlib.suppress(ValueError):
            line = orjson.loads(raw)
            if isinstance(line, dict) and line.get("v") == VERSION:
                return line
        log.debug("%s sent what is no line of protocol %d", child.name, VERSION)


def _event(line: Line) -> EngineEvent | None:
    kind = line.get("type")
    if kind == "token":
        text = line.get("text")
        return Token(text) if isinstance(text, str) and text else None
    if kind == "done":
        given = line.get("reason")
        return Done(given if given in ("stop", "length", "cancel") else "stop")
    if kind == "error":
        return Failed(str(line.get("message") or "the engine gave no reason")[:1024])
    return None
