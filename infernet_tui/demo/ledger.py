"""The jobs of one run of the demo node: when each began, how fast it goes, how it ends.

Jobs come in lanes, one after the other in each. When and what they are follows from their place in
the lane; asking often or seldom makes no difference.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from infernet_tui.demo.noise import between, bits, identifier, noise, pick
from infernet_tui.demo.scenarios import Scenario
from infernet_tui.demo.strangers import Strangers
from infernet_tui.node.times import iso_millis

MAX_JOBS = 10_000
LONGEST_JOB_SECONDS = 61.0

Outcome = Literal["completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Lane:
    """One stream of jobs that follow each other."""

    period_seconds: float
    models: tuple[tuple[str, float], ...]
    """The models asked for, with their speed in tokens a second."""


LANES = (
    Lane(29.0, (("qwen2.5:14b", 84.0), ("qwen2.5:14b", 84.0), ("qwen2.5:7b", 141.0))),
    Lane(43.0, (("llama3.1:8b", 128.0), ("llama3.1:8b", 128.0), ("mistral-small:24b", 58.0))),
    Lane(61.0, (("llama3.1:70b", 24.0), ("deepseek-r1:32b", 44.0))),
)
_FAILURES = (
    "out of memory: the KV cache needs 1.9 GB and 0.7 GB of VRAM are free",
    "the prompt has 9120 tokens; the context holds 8192",
    "the engine said nothing for 30 s",
    "the engine stopped with signal 11",
)
_COINS = ("USDC", "USDC", "USDC", "BTC", "SOL")


@dataclass(frozen=True, slots=True)
class DemoJob:
    """One job, its end included. Times are Unix seconds."""

    sequence: int
    id: str
    attempt: int
    model: str
    base_model: str
    """The model's name before strangers had a say."""
    started_at: float
    ends_at: float
    first_token_ms: int
    tokens_per_second: float
    outcome: Outcome
    error: str | None
    prompt_tokens: int
    payment_offer: float | None
    payment_coin: str | None

    @property
    def first_token_at(self) -> float:
        """When the first token comes, if it lives that long."""
        return self.started_at + self.first_token_ms / 1000

    def tokens_at(self, now: float) -> int:
        """How many tokens it has given."""
        seconds = min(now, self.ends_at) - self.first_token_at
        return max(0, int(seconds * self.tokens_per_second) + 1) if seconds >= 0 else 0

    def state_at(self, now: float) -> str:
        """running | completed | failed | cancelled"""
        return "running" if now < self.ends_at else self.outcome

    def as_json(self, now: float) -> dict[str, Any]:
        """The job as `jobs` and the snapshot show it."""
        is_running = now < self.ends_at
        tokens = self.tokens_at(now)
        wobble = 0.97 + 0.06 * noise(int(now), self.sequence) if is_running else 1.0
        return {
            "id": self.id,
            "attempt": self.attempt,
            "model": self.model,
            "state": self.state_at(now),
            "startedAt": iso_millis(self.started_at),
            "finishedAt": None if is_running else iso_millis(self.ends_at),
            "firstTokenMs": self.first_token_ms if tokens else None,
            "tokens": tokens,
            "tokensPerSecond": round(self.tokens_per_second * wobble, 1) if tokens else None,
            "error": None if is_running else self.error,
            "paymentOffer": self.payment_offer,
            "paymentCoin": self.payment_coin,
            "promptTokens": self.prompt_tokens,
            "sequence": self.sequence,
        }


class Ledger:
    """Every job of the run up to the last `advance`."""

    def __init__(self, scenario: Scenario, seed: int, started_at: float, begun_at: float) -> None:
        self.jobs: list[DemoJob] = []
        """Oldest first; the newest `MAX_JOBS`."""
        self.counts: dict[str, int] = {"running": 0, "completed": 0, "failed": 0, "cancelled": 0}
        self.picked = 0
        self.last_end_at: float | None = None
        self.closed_at: float | None = None
        """No job begins after this."""
        if scenario.offline_seconds is not None:
            self.closed_at = begun_at - scenario.offline_seconds
        self._seed = seed
        self._strangers = Strangers(scenario.is_hostile)
        self._started_at = started_at
        self._bad_at = (self.closed_at or begun_at) - 1.5 * LANES[1].period_seconds
        """A job of the second lane fails about then, so that there is a failure to look at."""
        lanes = (self._lane(number) for number in range(len(LANES)))
        self._coming = heapq.merge(*lanes, key=lambda job: job.started_at)
        self._next = next(self._coming) if scenario.has_jobs else None
        self._running: dict[str, DemoJob] = {}
        self._by_id: dict[str, DemoJob] = {}

    def advance(self, now: float) -> None:
        """Let begin and end what did until now."""
        last_start = now if self.closed_at is None else min(now, self.closed_at)
        while self._next is not None and self._next.started_at <= last_start:
            self.add(self._next)
            self._next = next(self._coming)
        ended = [job for job in self._running.values() if job.ends_at <= now]
        for job in ended:
            del self._running[job.id]
            self.counts[job.outcome] += 1
            self.last_end_at = max(self.last_end_at or 0.0, job.ends_at)
        self.counts["running"] = len(self._running)

    def add(self, job: DemoJob) -> DemoJob:
        """Take a job in, as the newest."""
        self.picked += 1
        job = replace(job, sequence=self.picked)
        self.jobs.append(job)
        self._by_id[job.id] = self._running[job.id] = job
        if len(self.jobs) > MAX_JOBS:
            self._by_id.pop(self.jobs.pop(0).id, None)
        return job

    def replace(self, job: DemoJob) -> None:
        """Change a running job's course, its end for example."""
        self._by_id[job.id] = self._running[job.id] = job
        place = len(self.jobs) - 1 - (self.picked - job.sequence)
        self.jobs[place] = job

    def find(self, job_id: str) -> DemoJob | None:
        """The job of that id."""
        return self._by_id.get(job_id)

    @property
    def running(self) -> list[DemoJob]:
        """The jobs that run, oldest first."""
        return list(self._running.values())

    def newest(self, count: int, before: int | None = None) -> list[DemoJob]:
        """The newest jobs, those of a smaller sequence number than `before`."""
        skipped = 0 if before is None else max(0, self.picked - before + 1)
        end = max(0, len(self.jobs) - skipped)
        return self.jobs[max(0, end - count) : end][::-1]

    def since(self, moment: float) -> Iterator[DemoJob]:
        """The jobs that ran then or later, newest first."""
        for job in reversed(self.jobs):
            if job.started_at < moment - LONGEST_JOB_SECONDS:
                return
            if job.ends_at >= moment:
                yield job

    def _lane(self, number: int) -> Iterator[DemoJob]:
        lane, place = LANES[number], 0
        while True:
            slot = self._started_at + 20 + 7 * number + place * lane.period_seconds
            yield self._job(lane, slot, (self._seed, number, place))
            place += 1

    def _job(self, lane: Lane, slot: float, keys: tuple[int, int, int]) -> DemoJob:
        started_at = slot + between(0, 0.05, 1, *keys) * lane.period_seconds
        model, speed = pick(lane.models, 2, *keys)
        speed *= between(0.93, 1.05, 3, *keys)
        first_token_ms = int(between(170, 480, 4, *keys))
        seconds = lane.period_seconds * between(0.66, 0.95, 5, *keys)
        outcome, error = self._outcome(slot, lane, keys)
        if outcome != "completed":
            seconds *= between(0.02, 0.5, 6, *keys)
        is_paid = noise(7, *keys) < 0.9
        offer = round(speed * seconds * between(4e-6, 9e-6, 8, *keys), 4)
        say, key = self._strangers.say, bits(*keys) % 97
        return DemoJob(
            sequence=0,
            id=identifier(9, *keys),
            attempt=2 if noise(10, *keys) < 0.04 else 1,
            model=say(model, key),
            base_model=model,
            started_at=started_at,
            ends_at=started_at + seconds,
            first_token_ms=first_token_ms,
            tokens_per_second=speed,
            outcome=outcome,
            error=None if error is None else say(error, key),
            prompt_tokens=int(between(18, 2400, 11, *keys) * noise(12, *keys)) + 12,
            payment_offer=offer if is_paid else None,
            payment_coin=say(pick(_COINS, 13, *keys), key) if is_paid else None,
        )

    def _outcome(
        self, slot: float, lane: Lane, keys: tuple[int, int, int]
    ) -> tuple[Outcome, str | None]:
        if lane is LANES[1] and 0 <= slot - self._bad_at < lane.period_seconds:
            return "failed", _FAILURES[0]
        chance = noise(14, *keys)
        if chance < 0.014:
            return "failed", pick(_FAILURES, 15, *keys)
        if chance < 0.024:
            return "cancelled", "the client hung up"
        return "completed", None
