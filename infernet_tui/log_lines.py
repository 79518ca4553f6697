"""The lines of a log in memory: bytes and where each line begins, nothing else per line.

Fifty thousand lines cost their bytes and eight more each; text is made only of those that somebody
looks at. Lines have numbers that stay the same when the oldest ones are given up.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

MAX_BYTES = 24 * 1024 * 1024
"""Beyond this the oldest third is given up."""
MAX_LINE_BYTES = 8192
"""As much of a line as is ever shown."""
LEVELS = ("all", "info", "warning", "error")
"""What can be asked for: a level and everything worse. `all` has debug messages too."""
_LEVEL_AT, _LEVEL_END = 24, 29
_LEVEL_NUMBERS = {b" DEBU": 0, b" INFO": 1, b" WARN": 2, b" ERRO": 3, b" CRIT": 3}
"""The word after the time of `node.logs.PlainFormatter`, its beginning. Index in `LEVELS`."""
INFO = 1
_LINE_FEED = re.compile(b"\n")


def level_of(line: bytes, before: int) -> int:
    """Index in `LEVELS` of a line; one without a level has that of the line before."""
    return _LEVEL_NUMBERS.get(line[_LEVEL_AT:_LEVEL_END], before)


class LogLines:
    """Grows at the end, and is cut at the beginning."""

    def __init__(self, data: bytes | bytearray = b"") -> None:
        self._bytes = data if isinstance(data, bytearray) else bytearray(data)
        self._base = 0
        """Bytes that were given up."""
        self._starts = array("Q", [0])
        """Where each line begins, counted from the first byte ever; the last may hold nothing."""
        self._levels = bytearray()
        """The level of each line from the first one on; as far as it was asked for."""
        self.first = 0
        """Number of the oldest line."""
        self._note_lines(self._bytes, 0)

    @property
    def end(self) -> int:
        """Number after the newest line."""
        is_empty = self._starts[-1] == self._base + len(self._bytes)
        return self.first + len(self._starts) - is_empty

    def __len__(self) -> int:
        return self.end - self.first

    def extend(self, data: bytes | bytearray) -> None:
        """Add what was written; it may begin and end in the middle of a line."""
        before = self._base + len(self._bytes)
        self._bytes += data
        self._note_lines(data, before)
        if len(self._bytes) > MAX_BYTES:
            self._give_up(MAX_BYTES // 3)

    def line(self, number: int) -> bytes:
        """A line without its line feed, or its first `MAX_LINE_BYTES`."""
        start, end = self._span(number)
        return bytes(self._bytes[start : min(end, start + MAX_LINE_BYTES)])

    def level(self, number: int) -> int:
        """Index in `LEVELS`; a line without a level of its own has that of the line before."""
        self._note_levels()
        return self._levels[number - self.first]

    def matching(self, words: str = "", level: int = 0, since: int = 0) -> Sequence[int]:
        """Numbers of the lines from `since` on that have all `words` and this level or a worse one.

        `!word` must not be there. A word with a capital letter is looked for exactly.
        """
        found: Sequence[int] = range(max(since, self.first), self.end)
        if level:
            self._note_levels()
            levels, first = self._levels, self.first
            found = [number for number in found if levels[number - first] >= level]
        for word in words.split():
            if len(word) > 1 and word.startswith("!"):
                unwanted = set(self._having(word[1:], since))
                found = [number for number in found if number not in unwanted]
            else:
                wanted = self._having(word, since)
                found = wanted if isinstance(found, range) else _both(found, wanted)
        return found

    # --- how it is kept ---------------------------------------------------------------------

    def _note_lines(self, data: bytes | bytearray, offset: int) -> None:
        self._starts.extend(offset + match.end() for match in _LINE_FEED.finditer(data))

    def _give_up(self, count: int) -> None:
        """Forget about so many bytes of the oldest lines."""
        gone = bisect_left(self._starts, self._base + count)
        gone = min(gone, len(self._starts) - 1)
        new_base = self._starts[gone]
        del self._bytes[: new_base - self._base]
        del self._starts[:gone]
        del self._levels[:gone]
        self._base, self.first = new_base, self.first + gone

    def _span(self, number: int) -> tuple[int, int]:
        """Where a line is in the bytes."""
        index = number - self.first
        start = self._starts[index] - self._base
        is_last = index + 1 == len(self._starts)
        return start, len(self._bytes) if is_last else self._starts[index + 1] - self._base - 1

    def _note_levels(self) -> None:
        """Find out the level of the lines that are new. The last one may still be growing."""
        levels, data, base = self._levels, self._bytes, self._base
        known = max(0, len(levels) - 1)
        del levels[known:]
        level = levels[-1] if levels else INFO
        for start in self._starts[known : len(self)]:
            at = start - base
            level = _LEVEL_NUMBERS.get(bytes(data[at + _LEVEL_AT : at + _LEVEL_END]), level)
            levels.append(level)

    def _having(self, word: str, since: int) -> list[int]:
        """Numbers of the lines that have a word in them, found without looking at each line."""
        wanted, starts = word.encode("utf-8", "replace"), self._starts
        index = max(0, since - self.first)
        if index >= len(starts):
            return []
        skipped = starts[index] - self._base
        data = self._bytes[skipped:] if word != word.lower() else self._bytes[skipped:].lower()
        offset, size, found = self._base + skipped, len(starts), []
        place = data.find(wanted)
        while place >= 0:
            at, after = offset + place, index + 1
            if after < size and at >= starts[after]:
                after = bisect_right(starts, at, after)
            found.append(self.first + after - 1)
            if after == size:
                break
            index = after
            place = data.find(wanted, starts[after] - offset)
        return found


def _both(numbers: Iterable[int], others: Iterable[int]) -> list[int]:
    wanted = set(others)
    return [number for number in numbers if number in wanted]
