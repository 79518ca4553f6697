"""Tokens per second over the last moments, at the price of a comparison a token."""

SLOTS_A_SECOND = 4
WINDOW_SLOTS = 8


class TokenRate:
    """Counts tokens in quarters of a second and keeps the last two seconds of them."""

    def __init__(self) -> None:
        self._slot = 0
        self._counts = [0] * WINDOW_SLOTS

    def count(self, now: float) -> None:
        """One token came; `now` is monotonic."""
        slot = int(now * SLOTS_A_SECOND)
        if slot != self._slot:
            self._move_to(slot)
        self._counts[slot % WINDOW_SLOTS] += 1

    def per_second(self, now: float) -> float:
        """The mean of the window; 0.0 when nothing was generated."""
        self._move_to(int(now * SLOTS_A_SECOND))
        return sum(self._counts) * SLOTS_A_SECOND / WINDOW_SLOTS

    def _move_to(self, slot: int) -> None:
        for passed in range(max(self._slot + 1, slot - WINDOW_SLOTS + 1), slot + 1):
            self._counts[passed % WINDOW_SLOTS] = 0
        self._slot = max(slot, self._slot)
