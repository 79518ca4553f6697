"""Runs jobs: an offer comes in, the engine answers, numbered events and one completion go out.

Each attempt ends with exactly one terminal event (`done` or `error`) and then one completion,
whatever the engine does; only an attempt that is no longer ours ends in silence. The same attempt
never runs twice. Prompts and answers are never logged.
"""

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from infernet_protocol.jobs import MAX_ERROR_CHARS, EventType
from infernet_tui.config import NodeConfig
from infernet_tui.engines.base import (
    Done,
    Engine,
    EngineEvent,
    Failed,
    Meta,
    Token,
    Usage,
)
from infernet_tui.node.changes import Changes
from infernet_tui.node.job_records import FIRST_NOTE_SECONDS, JobRecord, NoteKind
from infernet_tui.node.offers import JobRefused, Offer
from infernet_tui.node.outbox import AttemptKey, AttemptLog, Outbox
from infernet_tui.node.stats import Bench, Stats
from infernet_tui.node.times import iso_millis

log = logging.getLogger(__name__)
MAX_REMEMBERED_ATTEMPTS = 4096
MAX_NOTE_CHARS = 256


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended; `silent` says nothing about it to anyone."""

    state: Literal["completed", "failed", "cancelled"]
    reason: str = "stop"
    error: str | None = None
    retryable: bool = True
    usage: Usage | None = None
    tool_calls: list[dict[str, Any]] | None = None
    silent: bool = False
    is_given_back: bool = False
    """Cancelled here and not by the client: to the control plane a failure, to be tried again."""


@dataclass(slots=True)
class Run:
    """An attempt in progress."""

    offer: Offer
    log: AttemptLog
    record: JobRecord
    text: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    last_heard: float = field(default_factory=time.monotonic)
    """When the engine last gave anything; monotonic seconds."""
    task: asyncio.Task[None] | None = None
    has_begun: bool = False
    has_ended: bool = False
    """Whether its ending is told; the engine may still be letting go."""


class Jobs:
    """Runs up to `capacity` attempts at once."""

    def __init__(
        self,
        engine: Engine,
        node: NodeConfig,
        capacity: int,
        outbox: Outbox,
        stats: Stats,
        changes: Changes,
    ) -> None:
        self.capacity = capacity
        self.bench = Bench()
        self.runs: dict[AttemptKey, Run] = {}
        self.is_closed = False
        """Whether new jobs are refused because the node is about to stop."""
        self.when_completed: Callable[[str | None], None] = lambda _model: None
        """Told the model of each job that was completed."""
        self._engine = engine
        self._node = node
        self._outbox = outbox
        self._stats = stats
        self._changes = changes
        self._known: OrderedDict[AttemptKey, None] = OrderedDict()
        outbox.when_settled = self._settled

    @property
    def free_slots(self) -> int:
        """How many more jobs could start now."""
        return 0 if self.is_closed else max(0, self.capacity - len(self.runs))

    def knows(self, key: AttemptKey) -> bool:
        """Whether this attempt was taken or answered before."""
        return key in self._known

    def start(self, offer: Offer) -> None:
        """Begin an attempt that is not known yet.

        Raises:
            JobRefused: no free slot, or the node is stopping.
        """
        if self.is_closed:
            raise JobRefused("the node is stopping", retryable=True)
        if not self.free_slots:
            raise JobRefused("the node is at capacity", retryable=True)
        self._remember(offer.key)
        job_id, attempt = offer.key
        record = JobRecord(
            job_id,
            attempt,
            offer.request.model or self._engine.default_model,
            payment_offer=offer.payment_offer,
            payment_coin=offer.payment_coin,
        )
        record.note("started", f"attempt {attempt}")
        run = Run(offer, self._outbox.open(offer.key), record)
        self.runs[offer.key] = run
        self._stats.jobs_picked += 1
        self._stats.last_job_at = record.started_at
        self._stats.records.add(record)
        run.task = asyncio.create_task(self._run(run), name=f"job {job_id} attempt {attempt}")
        log.info("job %s attempt %d started", job_id, attempt)
        self._changes.touch()

    def refuse(self, key: AttemptKey, refusal: JobRefused) -> None:
        """Answer an attempt that was handed out with no way to decline it."""
        self._remember(key)
        log.warning("job %s refused: %s", key[0], refusal.reason)
        ending = Ending("failed", error=refusal.reason, retryable=refusal.retryable)
        self._tell_ending(self._outbox.open(key), ending, "", None)

    def cancel(self, key: AttemptKey, reason: str) -> None:
        """Stop an attempt's engine; it ends as cancelled."""
        self._stop(key, Ending("cancelled", reason="cancel", error=reason[:MAX_ERROR_CHARS]))

    def fail(self, key: AttemptKey, error: str) -> None:
        """Stop an attempt's engine; it ends as failed here and may be tried elsewhere."""
        self._stop(key, Ending("failed", error=error))

    def give_back(self, key: AttemptKey, reason: str) -> None:
        """Stop an attempt's engine on the operator's word; another node may be asked."""
        self._stop(key, Ending("cancelled", error=reason, is_given_back=True))

    def drop(self, key: AttemptKey) -> None:
        """The attempt is no longer ours: stop it and say nothing more about it."""
        self._stop(key, Ending("cancelled", error="taken over by another attempt", silent=True))
        record = self._stats.records.find(*key)
        if record is not None and not record.is_settled:
            record.is_settled = True
            record.note("acknowledged", "taken over by another node")
            self._changes.touch()
        self._outbox.settle(key)

    async def ended(self) -> None:
        """Wait until no attempt runs."""
        while self.runs:
            await asyncio.wait([run.task for run in self.runs.values() if run.task])

    def _stop(self, key: AttemptKey, ending: Ending) -> None:
        """Tell the ending at once: an engine that hangs may take its time to let go."""
        run = self.runs.get(key)
        if run is None or run.task is None or run.has_ended:
            return
        self._end(run, ending)
        if run.has_begun:  # a task cancelled before its first step would never leave `runs`
            run.task.cancel()

    def _settled(self, key: AttemptKey) -> None:
        record = self._stats.records.find(*key)
        if record is not None and not record.is_settled:
            record.is_settled = True
            record.note("acknowledged", "by the control plane")
            self._changes.touch()

    def _remember(self, key: AttemptKey) -> None:
        self._known[key] = None
        if len(self._known) > MAX_REMEMBERED_ATTEMPTS:
            self._known.popitem(last=False)

    async def _run(self, run: Run) -> None:
        run.has_begun = True
        ending = Ending("failed", error="the node stopped")
        try:
            if not run.has_ended:
                ending = await self._generate(run)
        except asyncio.CancelledError:
            pass  # by `_stop`, which has told why, or because the event loop ends
        except Exception as error:  # the boundary between the node and an engine's bugs
            log.exception("job %s: the engine raised", run.record.job_id)
            ending = Ending("failed", error=f"the engine crashed: {error}")
        if not run.has_ended:
            self._end(run, ending)
        del self.runs[run.offer.key]
        self._changes.touch()

    async def _generate(self, run: Run) -> Ending:
        """Feed the engine's events to the log until it ends. Tokens take the short way."""
        out, record, text = run.log, run.record, run.text
        count_token = self._stats.count_token
        # A generator, as every `async def` with `yield` is: closing it stops the engine.
        events = cast(AsyncGenerator[EngineEvent, None], self._engine.generate(run.offer.request))
        async with contextlib.aclosing(events):
            async for event in events:
                run.last_heard = time.monotonic()
                if type(event) is Token:
                    now = run.last_heard
                    if not record.tokens:
                        self._first_token(run)
                    record.tokens += 1
                    count_token(now)
                    if now >= record.next_note_at:
                        record.note_tokens(now, run.started)
                    text.append(event.text)
                    out.append(EventType.TOKEN, {"text": event.text})
                    if out.is_full:
                        await out.room()
                elif isinstance(event, Meta):
                    self._tell_meta(run, event)
                elif isinstance(event, Done):
                    return Ending(
                        "completed", event.reason, usage=event.usage, tool_calls=event.tool_calls
                    )
                elif isinstance(event, Failed):
                    return Ending("failed", error=event.message, retryable=event.retryable)
        return Ending("failed", error="the engine stopped without finishing the answer")

    def _first_token(self, run: Run) -> None:
        record = run.record
        record.first_token_at = run.last_heard
        record.first_token_ms = round((run.last_heard - run.started) * 1000)
        record.next_note_at = run.last_heard + FIRST_NOTE_SECONDS
        record.note("tokens", f"first token after {record.first_token_ms} ms")
        self._stats.first_tokens_ms.append(record.first_token_ms)

    def _tell_meta(self, run: Run, meta: Meta) -> None:
        run.record.model = meta.model or run.record.model
        run.record.note("meta", f"{run.record.model or 'unknown model'} on {meta.engine}")
        run.log.append(
            EventType.META,
            {
                "provider_node_id": self._node.node_id,
                "provider_name": self._node.name or None,
                "model": run.record.model,
                "started_at": iso_millis(run.record.started_at),
                "engine": meta.engine,
            },
        )

    def _end(self, run: Run, ending: Ending) -> None:
        """Count the attempt and, unless it is silent, tell how it ended."""
        run.has_ended = True
        record, now = run.record, time.monotonic()
        seconds = now - run.started
        tokens = ending.usage.completion_tokens if ending.usage else record.tokens
        self._stats.records.ended(record, ending.state)
        record.finished_at = time.time()
        record.error = ending.error and ending.error[:MAX_NOTE_CHARS]
        record.tokens = tokens
        record.prompt_tokens = ending.usage.prompt_tokens if ending.usage else None
        record.tokens_per_second = _speed(run, seconds)
        record.note(_ENDING_NOTES[ending.state], _summary(record, ending))
        if ending.state == "completed":
            self._stats.jobs_completed += 1
            self.when_completed(record.model)
            self.bench.add(tokens, seconds)
        elif ending.state == "failed":
            self._stats.jobs_failed += 1
        else:
            self._stats.jobs_cancelled += 1
        if not ending.silent:
            text = "".join(run.text)
            result = {
                "type": "chat",
                "text": text,
                "token_count": tokens,
                "duration_ms": round(seconds * 1000),
                "completed_by": self._node.node_id,
            }
            self._tell_ending(run.log, ending, text, result)
        log.info(
            "job %s attempt %d %s after %.1f s, %d tokens%s",
            *(record.job_id, record.attempt, ending.state, seconds, tokens),
            f": {record.error}" if record.error else "",
        )
        self._changes.touch()

    def _tell_ending(
        self, out: AttemptLog, ending: Ending, text: str, result: dict[str, Any] | None
    ) -> None:
        """The terminal event and the completion."""
        usage = _usage(ending.usage)
        error = (ending.error or "failed")[:MAX_ERROR_CHARS]
        if ending.state == "failed" or ending.is_given_back:
            out.append(EventType.ERROR, {"message": error, "retryable": ending.retryable})
            out.complete({"status": "failed", "error": error, "retryable": ending.retryable})
            return
        done: dict[str, Any] = {
            "text": text,
            "reason": ending.reason,
            "finished_at": iso_millis(time.time()),
        }
        done |= {"usage": usage} if usage else {}
        done |= {"tool_calls": ending.tool_calls} if ending.tool_calls else {}
        out.append(EventType.DONE, done)
        out.complete({"status": ending.state, "result": result, "usage": usage})


def _usage(usage: Usage | None) -> dict[str, int] | None:
    if usage is None:
        return None
    return {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}


_ENDING_NOTES: dict[str, NoteKind] = {
    "completed": "done",
    "failed": "error",
    "cancelled": "cancelled",
}


def _speed(run: Run, seconds: float) -> float | None:
    """Tokens per second after the first; of an answer that came in one piece, over all its time."""
    record = run.record
    if record.tokens < 2:
        return None
    after_first = record.speed(run.last_heard)
    return after_first or (round(record.tokens / seconds, 2) if seconds > 0 else None)


def _summary(record: JobRecord, ending: Ending) -> str:
    """How it ended, in a few words; an engine's error, which may quote the prompt, is cut short."""
    if ending.state != "completed":
        return (ending.error or ending.reason)[:MAX_NOTE_CHARS]
    speed = f", {record.tokens_per_second:g} tok/s" if record.tokens_per_second else ""
    return f"{record.tokens} tokens{speed}, {ending.reason}"
