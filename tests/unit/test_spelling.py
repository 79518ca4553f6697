"""Slips of the finger."""

import pytest

from infernet_tui.spelling import closest, edit_distance


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [("", "abc", 3), ("status", "status", 0), ("stauts", "status", 1), ("ab", "bca", 3)],
)
def test_edit_distance_counts_slips(first: str, second: str, distance: int) -> None:
    assert edit_distance(first, second) == distance
    assert edit_distance(second, first) == distance


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("brail", "braille"),
        ("BLOCK", "block"),
        ("asci", "ascii"),
        ("blcok", "block"),
        ("", None),
        ("octagons", None),
        ("x" * 100_000, None),
    ],
)
def test_the_closest_word_is_named_only_if_it_is_close(typed: str, meant: str | None) -> None:
    assert closest(typed, ("block", "braille", "ascii")) == meant
