"""The lines of a log as bytes: numbered, searched, and given up from the beginning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infernet_tui import log_lines
from infernet_tui.log_lines import LogLines


def record(level: str, text: str) -> bytes:
    """A line as the node writes it."""
    return f"2026-11-25T10:00:00.000Z {level:<7} infernet_tui.node.jobs: {text}\n".encode()


LOG = (
    record("INFO", "job one started")
    + record("WARNING", "Heartbeat failed")
    + b"Traceback\n  File x\n"
    + record("DEBUG", "job two")
    + record("ERROR", "engine stopped")
    + b"half a li"
)


def test_lines_are_numbered_and_the_last_may_still_grow() -> None:
    lines = LogLines(LOG)
    assert (len(lines), lines.line(6)) == (7, b"half a li")
    lines.extend(b"ne\nnext\n")
    assert (len(lines), lines.line(6), lines.line(7)) == (8, b"half a line", b"next")


def test_a_level_lets_worse_ones_through_and_what_belongs_to_them() -> None:
    lines = LogLines(LOG)
    assert list(lines.matching(level=2)) == [1, 2, 3, 5, 6]
    assert list(lines.matching(level=3)) == [5, 6]
    assert list(lines.matching(level=1)) == [0, 1, 2, 3, 5, 6]


def test_words_must_all_be_there_and_capitals_are_exact() -> None:
    lines = LogLines(LOG)
    assert list(lines.matching("heartbeat")) == [1]
    assert list(lines.matching("HEARTBEAT")) == []
    assert list(lines.matching("job !two")) == [0, 1, 5]  # each names the logger node.jobs
    assert list(lines.matching("job started")) == [0]
    assert list(lines.matching("job", level=2)) == [1, 5]
    assert list(lines.matching("l", since=6)) == [6]


def test_the_oldest_are_given_up_and_the_others_keep_their_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_lines, "MAX_BYTES", 9000)
    lines = LogLines()
    for number in range(1000):
        lines.extend(b"line %d of many\n" % number)
    assert lines.first > 0
    assert lines.line(999) == b"line 999 of many"
    assert lines.line(lines.first) == b"line %d of many" % lines.first
    assert list(lines.matching("999")) == [999]
    assert len(lines.matching(level=1)) == len(lines)


@given(
    st.lists(st.text(alphabet="abA \n", max_size=12), max_size=20),
    st.text(alphabet="abA", min_size=1, max_size=2),
)
def test_searching_finds_what_looking_at_each_line_would(parts: list[str], word: str) -> None:
    lines = LogLines()
    for part in parts:
        lines.extend(part.encode())
    text = "".join(parts)
    each = text.split("\n")[: len(lines)]
    assert [lines.line(number).decode() for number in range(len(lines))] == each
    exact = word != word.lower()
    wanted = [
        number for number, line in enumerate(each) if word in (line if exact else line.lower())
    ]
    assert list(lines.matching(word)) == wanted
