"""Addresses in words: what differs is marked, and nothing is hidden."""

from infernet_tui.screens.address_words import difference, groups, in_groups
from infernet_tui.widgets.lines import Line

OLD = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
NEW = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f9t4"


def text(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in spans) for spans in lines]


def test_a_mark_stands_under_each_group_that_differs_and_under_no_other() -> None:
    old, new, marks = text(difference(OLD, NEW))
    assert old.split() == ["now", *groups(OLD)]
    assert new.split() == ["new", *groups(NEW)]
    assert marks.split() == ["^^^^"]
    assert new[marks.index("^") : marks.index("^") + 4] == "v8f9"


def test_a_longer_new_address_differs_where_the_old_one_has_ended() -> None:
    *_, marks = text(difference("0x12345678", "0x1234567890"))
    assert marks.split() == ["^^^^"]


def test_without_an_old_address_the_new_one_stands_alone() -> None:
    lines = text(difference(None, NEW))
    assert lines[0] == "now  none: what is earned is held"
    assert "".join(lines[1:]).replace(" ", "") == f"new{NEW}"


def test_a_very_long_offer_says_how_much_differs_and_how_it_ends() -> None:
    lines = text(difference("lno1" + "a" * 400, "lno1" + "b" * 396 + "theend22"))
    assert len(lines) == 4
    assert "101 of 102 groups differ" in lines[-1]
    assert lines[-1].endswith("thee nd22")


def test_a_long_address_in_a_table_keeps_its_beginning_and_its_end() -> None:
    shown = in_groups("addr1" + "q" * 90 + "tail9876")
    assert len(shown) <= 54
    assert shown.startswith("addr 1qqq")
    assert shown.endswith("tail 9876")
