"""The filter of a table: `word`, `!word`, `column:word`, `column>90`; all of them must hold.

A word with a capital letter is looked for exactly; others in any case.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")
_COMPARISON = re.compile(r"([a-z_]+)(>=|<=|>|<)(-?\d+(?:\.\d+)?)$", re.IGNORECASE)
_COLUMN = re.compile(r"([a-z_]+):(.+)$", re.IGNORECASE)

Test = Callable[[Any], bool]


@dataclass(frozen=True)
class Searchable(Generic[Row]):
    """What of a row can be searched."""

    text: Callable[[Row], str]
    """All of it."""
    columns: Mapping[str, Callable[[Row], Any]]
    """By column: a text or a number."""


def compiled(query: str, about: Searchable[Row]) -> Sequence[Test]:
    """The tests a row must pass. A word that names no column is looked for as it stands."""
    return [_test(word, about) for word in query.split()]


def _test(word: str, about: Searchable[Any]) -> Test:
    if len(word) > 1 and word.startswith("!"):
        wanted = _test(word[1:], about)
        return lambda row: not wanted(row)
    if (found := _COMPARISON.match(word)) and (name := _named(found[1], about)):
        return _comparison(about.columns[name], found[2], float(found[3]))
    if (found := _COLUMN.match(word)) and (name := _named(found[1], about)):
        value = about.columns[name]
        return _contains(found[2], lambda row: str(value(row) if value(row) is not None else ""))
    return _contains(word, about.text)


def _named(name: str, about: Searchable[Any]) -> str | None:
    """The column that a word means: its name, or the beginning of it."""
    low = name.lower()
    return next((each for each in about.columns if each.startswith(low)), None)


def _contains(word: str, text: Callable[[Any], str]) -> Test:
    if word != word.lower():
        return lambda row: word in text(row)
    return lambda row: word in text(row).lower()


_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def _comparison(value: Callable[[Any], Any], sign: str, limit: float) -> Test:
    compare = _SIGNS[sign]

    def holds(row: Any) -> bool:
        number = value(row)
        if isinstance(number, bool) or not isinstance(number, int | float):
            return False
        return compare(number, limit)

    return holds
