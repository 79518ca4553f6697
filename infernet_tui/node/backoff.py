"""How long to wait before the next try: doubling, with jitter, up to a ceiling."""

import random

FIRST_SECONDS = 0.5
CEILING_SECONDS = 30.0


class Backoff:
    """The waits of one thing that keeps failing; a success starts over."""

    def __init__(self, *, first: float = FIRST_SECONDS, ceiling: float = CEILING_SECONDS) -> None:
        self._first = first
        self._ceiling = ceiling
        self._failures = 0

    def next(self) -> float:
        """Seconds to wait now: between half and all of the doubled step."""
        step = min(self._ceiling, self._first * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return step * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It worked."""
        self._failures = 0
