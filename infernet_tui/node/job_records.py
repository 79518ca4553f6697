"""What the node remembers of the jobs it ran: the newest ten thousand, without any text.

Records are numbered 1, 2, 3… in the order they were started; that number is what pages of them are
asked by. Nothing here looks at all records, but a search for a state.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from infernet_tui.node.times import iso_millis, iso_millis_or_none

MAX_RECORDS = 10_000
FIRST_NOTE_SECONDS = 1.0
SHORTEST_SPAN_SECONDS = 0.005
"""Tokens that came in one go say nothing about how fast they were made."""

JobState = Literal["running", "completed", "failed", "cancelled"]
STATES: tuple[JobState, ...] = ("running", "completed", "failed", "cancelled")
NoteKind = Literal["started", "meta", "tokens", "done", "error", "cancelled", "acknowledged"]


class Note(NamedTuple):
    """Something that happened to a job."""

    at: float
    """Unix seconds."""
    kind: NoteKind
    detail: str


@dataclass(slots=True, eq=False)
class JobRecord:
    """One attempt this node ran or runs. Holds no prompt and no answer."""

    job_id: str
    attempt: int
    model: str | None
    state: JobState = "running"
    started_at: float = field(default_factory=time.time)
    """Unix seconds."""
    finished_at: float | None = None
    first_token_ms: int | None = None
    first_token_at: float | None = None
    """Monotonic seconds, like everything a speed is made of."""
    tokens: int = 0
    prompt_tokens: int | None = None
    tokens_per_second: float | None = None
    """Once it has ended."""
    error: str | None = None
    payment_offer: float | None = None
    payment_coin: str | None = None
    sequence: int = 0
    is_settled: bool = False
    """Whether the control plane has acknowledged the end (or wants to hear nothing of it)."""
    notes: list[Note] = field(default_factory=list)
    next_note_at: float = 0.0
    """When tokens are worth a note again; monotonic seconds."""

    def note(self, kind: NoteKind, detail: str = "") -> None:
        """Remember that something happened."""
        self.notes.append(Note(time.time(), kind, detail))

    def note_tokens(self, now: float, started: float) -> None:
        """Note how far it is; ever more seldom, so that a day's job has a few notes, too."""
        self.next_note_at = now + max(FIRST_NOTE_SECONDS, now - started)
        speed = self.speed(now)
        self.note("tokens", f"{self.tokens} tokens" + (f", {speed:g} tok/s" if speed else ""))

    def speed(self, now: float) -> float | None:
        """Tokens per second since the first one; None as long as that says nothing."""
        if self.first_token_at is None or self.tokens < 2:
            return None
        seconds = now - self.first_token_at
        return round((self.tokens - 1) / seconds, 2) if seconds >= SHORTEST_SPAN_SECONDS else None

    def as_json(self, now: float) -> dict[str, Any]:
        """As the snapshot and the verbs show it; `now` is monotonic."""
        is_running = self.state == "running"
        return {
            "id": self.job_id,
            "attempt": self.attempt,
            "model": self.model,
            "state": self.state,
            "startedAt": iso_millis(self.started_at),
            "finishedAt": iso_millis_or_none(self.finished_at),
            "firstTokenMs": self.first_token_ms,
            "tokens": self.tokens,
            "tokensPerSecond": self.speed(now) if is_running else self.tokens_per_second,
            "error": self.error,
            "paymentOffer": self.payment_offer,
            "paymentCoin": self.payment_coin,
            "promptTokens": self.prompt_tokens,
            "sequence": self.sequence,
        }

    def notes_as_json(self) -> list[dict[str, str]]:
        """What happened, oldest first."""
        return [
            {"at": iso_millis(note.at), "kind": note.kind, "detail": note.detail}
            for note in self.notes
        ]


class JobRecords:
    """The newest records, by number and by job."""

    def __init__(self, limit: int = MAX_RECORDS) -> None:
        self.counts: Counter[JobState] = Counter()
        """How many of the kept records are in each state."""
        self._limit = limit
        self._last_sequence = 0
        self._by_sequence: OrderedDict[int, JobRecord] = OrderedDict()
        self._newest_of_job: dict[str, JobRecord] = {}

    def __len__(self) -> int:
        return len(self._by_sequence)

    def add(self, record: JobRecord) -> None:
        """Number a record and keep it; the oldest makes room."""
        self._last_sequence += 1
        record.sequence = self._last_sequence
        self._by_sequence[record.sequence] = record
        self._newest_of_job[record.job_id] = record
        self.counts[record.state] += 1
        if len(self._by_sequence) > self._limit:
            self._forget_oldest()

    def ended(self, record: JobRecord, state: JobState) -> None:
        """A record's attempt is over."""
        if record.sequence in self._by_sequence:
            self.counts[record.state] -= 1
            self.counts[state] += 1
        record.state = state

    def find(self, job_id: str, attempt: int | None = None) -> JobRecord | None:
        """The newest attempt of a job, or the one asked for if it is the newest."""
        record = self._newest_of_job.get(job_id)
        return record if record and attempt in (None, record.attempt) else None

    def newest(self, *, before: int | None = None) -> Iterator[JobRecord]:
        """Records newest first, from the one before number `before` on."""
        last = self._last_sequence
        start = last if before is None else min(before - 1, last)
        oldest = last - len(self._by_sequence)
        for sequence in range(start, oldest, -1):
            yield self._by_sequence[sequence]

    def _forget_oldest(self) -> None:
        _, oldest = self._by_sequence.popitem(last=False)
        self.counts[oldest.state] -= 1
        if self._newest_of_job.get(oldest.job_id) is oldest:
            del self._newest_of_job[oldest.job_id]
