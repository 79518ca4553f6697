"""Jobs: one attempt this node ran or runs, and the book of all that are known."""

from collections.abc import Iterable
from dataclasses import dataclass

from infernet_tui.views.reader import Reader

STATE_WORDS = {"running": "run", "completed": "done", "failed": "FAIL", "cancelled": "cancel"}
"""How a state is written in tables: a word that stands out by itself, also without colour."""
MAX_JOBS = 10_000
"""As many as the node keeps; the application may stay open for weeks."""


@dataclass(frozen=True, slots=True)
class JobView:
    """One attempt. Times are Unix seconds."""

    id: str
    attempt: int
    model: str | None
    state: str
    started_at: float | None
    finished_at: float | None
    first_token_ms: int | None
    tokens: int
    prompt_tokens: int | None
    tokens_per_second: float | None
    error: str | None
    payment_offer: float | None
    payment_coin: str | None
    sequence: int

    @classmethod
    def parse(cls, raw: object) -> "JobView":
        """Read one job of the snapshot or of the `jobs` verb."""
        job = Reader(raw)
        return cls(
            id=job.text("id") or "",
            attempt=job.integer("attempt") or 1,
            model=job.text("model"),
            state=job.text("state") or "running",
            started_at=job.time("startedAt"),
            finished_at=job.time("finishedAt"),
            first_token_ms=job.integer("firstTokenMs"),
            tokens=job.integer("tokens") or 0,
            prompt_tokens=job.integer("promptTokens"),
            tokens_per_second=job.number("tokensPerSecond"),
            error=job.text("error"),
            payment_offer=job.number("paymentOffer"),
            payment_coin=job.text("paymentCoin"),
            sequence=job.integer("sequence") or 0,
        )

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.id}/{self.attempt}"

    @property
    def word(self) -> str:
        """Its state, for a table."""
        return STATE_WORDS.get(self.state, self.state)

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self.state == "running"


class JobReader:
    """Reads list after list of jobs; one that is as it was in the last list is not read again."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[object, JobView]] = {}

    def read(self, jobs: Iterable[Reader]) -> tuple[JobView, ...]:
        """The jobs of a list."""
        last, self._last = self._last, {}
        for job in jobs:
            name = f"{job.raw.get('id')}/{job.raw.get('attempt')}"
            known = last.get(name)
            is_same = known is not None and known[0] == job.raw
            self._last[name] = known if is_same and known else (job.raw, JobView.parse(job.raw))
        return tuple(view for _raw, view in self._last.values())


class JobBook:
    """The newest jobs that are known, newest first; grows by snapshots and by pages of history."""

    def __init__(self) -> None:
        self._by_key: dict[str, JobView] = {}
        self._sorted: list[JobView] | None = []
        self.total: int | None = None
        """How many the node has; None until it said."""

    def __len__(self) -> int:
        return len(self._by_key)

    def add(self, jobs: Iterable[JobView]) -> bool:
        """Take newer knowledge in; whether anything changed."""
        changed = False
        for job in jobs:
            old = self._by_key.get(job.key)
            if old == job:
                continue
            changed = True
            self._by_key[job.key] = job
            if self._sorted is not None and old is not None:
                self._replace(old, job)
            else:
                self._sorted = None
        return changed

    def clear(self) -> None:
        """Forget everything: it is another node, or it was started anew."""
        self._by_key.clear()
        self._sorted, self.total = [], None

    def newest(self) -> list[JobView]:
        """All of them. Do not change the list."""
        if self._sorted is None:
            order = sorted(self._by_key.values(), key=_age, reverse=True)
            for job in order[MAX_JOBS:]:  # the node has forgotten them too
                del self._by_key[job.key]
            self._sorted = order[:MAX_JOBS]
        return self._sorted

    def get(self, key: str) -> JobView | None:
        """The job of this key."""
        return self._by_key.get(key)

    def _replace(self, old: JobView, new: JobView) -> None:
        """A job that changed keeps its place: it is near the top, where running ones are."""
        assert self._sorted is not None
        for index, job in enumerate(self._sorted):
            if job is old:
                self._sorted[index] = new
                return


def _age(job: JobView) -> tuple[int, float]:
    return job.sequence, job.started_at or 0.0
