"""Circuit breaker of one node: who keeps failing gets no jobs for a while, then one as a probe.

closed → (too many failures) → out → (cooldown over, one job handed out) → probing
probing → completed → closed;  probing → failed → out again, for longer.
"""

import math
from collections import deque
from dataclasses import dataclass, field

FAILURES_IN_A_ROW = 5
WINDOW = 20
FAILURES_IN_WINDOW = WINDOW // 2
COOLDOWN_SECONDS = (30.0, 120.0, 480.0, 1800.0)


@dataclass(slots=True)
class Breaker:
    """The state of one node's breaker. Times are Unix seconds."""

    opens_at: float = 0.0
    """From when the node may have jobs: 0 while closed, infinity while its probe runs."""
    _outcomes: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _times_out: int = 0
    """How often in a row the node was put out; chooses the cooldown."""

    @property
    def is_probing(self) -> bool:
        """Whether the one job after a cooldown is running."""
        return self.opens_at == math.inf

    def started(self, now: float) -> None:
        """The node got a job: the first one after a cooldown is the probe."""
        if 0 < self.opens_at <= now:
            self.opens_at = math.inf

    def released(self, now: float) -> None:
        """A job ended without telling anything about the node: it may have another probe."""
        if self.is_probing:
            self.opens_at = now

    def finished(self, *, completed: bool, now: float) -> None:
        """A job succeeded or failed. Late outcomes from before a cooldown are no news."""
        if self.is_probing:
            if completed:
                self._close()
            else:
                self._put_out(now)
        elif self.opens_at == 0:
            self._outcomes.append(completed)
            if self._has_failed_too_often():
                self._put_out(now)

    def _has_failed_too_often(self) -> bool:
        outcomes = self._outcomes
        recent = list(outcomes)[-FAILURES_IN_A_ROW:]
        in_a_row = len(recent) == FAILURES_IN_A_ROW and not any(recent)
        return in_a_row or len(outcomes) - sum(outcomes) >= FAILURES_IN_WINDOW

    def _put_out(self, now: float) -> None:
        step = min(self._times_out, len(COOLDOWN_SECONDS) - 1)
        self.opens_at = now + COOLDOWN_SECONDS[step]
        self._times_out += 1
        self._outcomes.clear()

    def _close(self) -> None:
        self.opens_at = 0.0
        self._times_out = 0
