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
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from infernet_protocol.jobs import MAX_ERROR_CHARS, SAMPLING_FIELDS, EventType
from infernet_tui.config import NodeConfig
from infernet_tui.engines.base import (
    Done,
    Engine,
    EngineEvent,
    Failed,
    GenerateRequest,
    Meta,
    Token,
    Usage,
)
from infernet_tui.node.changes import Changes
from infernet_tui.node.outbox import AttemptKey, AttemptLog, Outbox
from infernet_tui.node.stats import Bench, JobRecord, Stats, iso_millis

log = logging.getLogger(__name__)
SERVED_TYPES = ("chat", "inference")
MAX_REMEMBERED_ATTEMPTS = 4096


class JobRefused(Exception):
    """This node will not run the job; the text says why."""

    def __init__(self, reason: str, *, retryable: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        """Whether this is about the node (another one may) and not about the job."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A job as handed out, checked."""

    key: AttemptKey
    request: GenerateRequest

    @classmethod
    def parse(cls, job: Mapping[str, Any], attempt: int, prefill: str | None = None) -> "Offer":
        """Read a job of `wire.md` §3.

        Raises:
            JobRefused: not a kind of job this node runs, or without usable messages.
        """
        spec = job.get("input_spec")
        messages = spec.get("messages") if isinstance(spec, dict) else None
        if job.get("type") not in SERVED_TYPES:
            kind = str(job.get("type"))[:32]
            raise JobRefused(f"this node serves chat jobs, not {kind!r}", retryable=False)
        if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
            raise JobRefused("the job has no usable messages", retryable=False)
        assert isinstance(spec, dict)
        request = GenerateRequest(
            id=f"{job['id']}/{attempt}",
            messages=messages,
            model=job.get("model_name") or None,
            max_tokens=_number(spec.get("max_tokens"), int),
            temperature=_number(spec.get("temperature"), float),
            options={name: spec[name] for name in SAMPLING_FIELDS if spec.get(name) is not None},
            prefill=prefill,
        )
        return cls((str(job["id"]), attempt), request)


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
    stopped_with: Ending | None = None
    """Set before the task is cancelled: why."""


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
        self._engine = engine
        self._node = node
        self._outbox = outbox
        self._stats = stats
        self._changes = changes
        self._known: OrderedDict[AttemptKey, None] = OrderedDict()

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
        record = JobRecord(job_id, attempt, offer.request.model or self._engine.default_model)
        run = Run(offer, self._outbox.open(offer.key), record)
        self.runs[offer.key] = run
        self._stats.jobs_picked += 1
        self._stats.last_job_at = record.started_at
        self._stats.recent_jobs.appendleft(record)
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

    def drop(self, key: AttemptKey) -> None:
        """The attempt is no longer ours: stop it and say nothing more about it."""
        self._stop(key, Ending("cancelled", error="taken over by another attempt", silent=True))
        self._outbox.settle(key)

    async def ended(self) -> None:
        """Wait until no attempt runs."""
        while self.runs:
            await asyncio.wait([run.task for run in self.runs.values() if run.task])

    def _stop(self, key: AttemptKey, ending: Ending) -> None:
        run = self.runs.get(key)
        if run is not None and run.task is not None and run.stopped_with is None:
            run.stopped_with = ending
            if run.has_begun:  # a task cancelled before its first step would never end the attempt
                run.task.cancel()

    def _remember(self, key: AttemptKey) -> None:
        self._known[key] = None
        if len(self._known) > MAX_REMEMBERED_ATTEMPTS:
            self._known.popitem(last=False)

    async def _run(self, run: Run) -> None:
        run.has_begun = True
        try:
            ending = run.stopped_with or await self._generate(run)
        except asyncio.CancelledError:
            ending = run.stopped_with or Ending("failed", error="the node stopped")
        except Exception as error:
            log.exception("job %s: the engine raised", run.record.job_id)
            ending = Ending("failed", error=f"the engine crashed: {error}")
        self._finish(run, ending)

    async def _generate(self, run: Run) -> Ending:
        """Feed the engine's events to the log until it ends. Tokens take the short way."""
        out, record, text = run.log, run.record, run.text
        # A generator, as every `async def` with `yield` is: closing it stops the engine.
        events = cast(AsyncGenerator[EngineEvent, None], self._engine.generate(run.offer.request))
        async with contextlib.aclosing(events):
            async for event in events:
                run.last_heard = time.monotonic()
                if type(event) is Token:
                    if not record.tokens:
                        record.first_token_ms = round((run.last_heard - run.started) * 1000)
                    record.tokens += 1
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

    def _tell_meta(self, run: Run, meta: Meta) -> None:
        run.record.model = meta.model or run.record.model
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

    def _finish(self, run: Run, ending: Ending) -> None:
        record, seconds = run.record, time.monotonic() - run.started
        record.state = ending.state
        record.finished_at = time.time()
        record.error = ending.error
        tokens = ending.usage.completion_tokens if ending.usage else record.tokens
        if ending.state == "completed":
            self._stats.jobs_completed += 1
            self.bench.add(tokens, seconds)
            record.tokens_per_second = round(tokens / seconds, 2) if seconds else None
        elif ending.state == "failed":
            self._stats.jobs_failed += 1
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
        del self.runs[run.offer.key]
        log.info(
            "job %s attempt %d %s after %.1f s, %d tokens%s",
            *(record.job_id, record.attempt, ending.state, seconds, tokens),
            f": {ending.error}" if ending.error else "",
        )
        self._changes.touch()

    def _tell_ending(
        self, out: AttemptLog, ending: Ending, text: str, result: dict[str, Any] | None
    ) -> None:
        """The terminal event and the completion."""
        usage = _usage(ending.usage)
        error = (ending.error or "failed")[:MAX_ERROR_CHARS]
        if ending.state == "failed":
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


def _number(value: object, kind: type) -> Any:
    return kind(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _usage(usage: Usage | None) -> dict[str, int] | None:
    if usage is None:
        return None
    return {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
