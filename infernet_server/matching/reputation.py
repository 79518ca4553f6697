"""A node's reputation, 0 to 100: what became of its last jobs, starting from what it had before."""

from collections import deque
from dataclasses import dataclass, field

START = 50
WINDOW = 100
_PRIOR_JOBS = 10
"""How many jobs the starting value counts for."""
COMPLETED = 1.0
COMPLETED_SLOWLY = 0.5
"""The answer came at less than half the speed that the node advertises."""
FAILED = 0.0


@dataclass(slots=True)
class Reputation:
    """Moves with outcomes over a sliding window of jobs."""

    start: int = START
    _scores: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def add(self, score: float) -> None:
        """Note how a job ended."""
        self._scores.append(score)

    @property
    def value(self) -> int:
        """0 (fails everything) to 100."""
        prior = _PRIOR_JOBS * max(0, min(self.start, 100)) / 100
        return round(100 * (prior + sum(self._scores)) / (_PRIOR_JOBS + len(self._scores)))
