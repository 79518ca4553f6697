"""Slips of the finger: how far two words are apart, and which of a few was probably meant."""

from collections.abc import Iterable


def edit_distance(first: str, second: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours from one word to the other."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, char in enumerate(first, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == second[j - 2] and other == first[i - 2]:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def closest(word: str, words: Iterable[str]) -> str | None:
    """The word that `word` begins or is at most a third of its letters away from, in any case."""
    given = word.lower()[:64]
    if not given:
        return None
    ranked = sorted((edit_distance(given, each.lower()), each) for each in words)
    for _, each in ranked:
        if each.lower().startswith(given):
            return each
    distance, nearest = ranked[0] if ranked else (len(given), None)
    return nearest if distance <= max(1, len(given) // 3) else None
