"""Text from elsewhere cannot move the cursor, reorder a line or hide in it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infernet_tui.text import align, cell_width, one_line, plain_text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;new title\x07after", "after"),
        ("\x1b]52;c;ZXZpbA==\x1b\\after", "after"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x9b2Jgone", "gone"),
        ("over\rwrite", "overwrite"),
        ("a\x08b\x00c\x7fd", "abcd"),
        ("safe\u202egpj.exe", "safegpj.exe"),
        ("in\u200bvis\u2060ible\ufeff", "invisible"),
        ("tag\U000e0041\U000e007f", "tag"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("windows\r\nlines", "windows\nlines"),
        ("tabs\tand\nlines stay", "tabs\tand\nlines stay"),
        ("می\u200cخواهم 👩\u200d👧", "می\u200cخواهم 👩\u200d👧"),
        ("\x1b", ""),
    ],
)
def test_hostile_text_is_made_harmless(hostile: str, shown: str) -> None:
    assert plain_text(hostile) == shown


def test_a_name_stays_on_one_line_with_nothing_invisible_in_it() -> None:
    assert one_line("  evil\n\x1b[2Jnode\u200d  name ") == "evil node name"


@given(st.text())
def test_nothing_of_any_text_controls_the_terminal(text: str) -> None:
    shown = plain_text(text)
    assert all(unicodedata.category(char) not in ("Cc", "Cs") or char in "\n\t" for char in shown)
    assert plain_text(shown) == shown
    shown.encode()


def test_columns_line_up_in_terminal_cells() -> None:
    first, second = align([["NAME", "SIZE"], ["模型", "1"]])
    assert first == "NAME  SIZE"
    assert cell_width(second) == len("NAME  1")
