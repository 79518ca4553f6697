"""The last gate before the terminal."""

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from infernet_tui.demo.strangers import CORPUS
from infernet_tui.safe_text import SafeText

BLACK = Color(0, 0, 0)


@pytest.mark.parametrize("text", CORPUS)
def test_no_control_character_is_painted(text: str) -> None:
    (painted,) = SafeText().apply([Segment(text)], BLACK)
    assert all(char.isprintable() or char == "\u034f" for char in painted.text)


def test_ascii_takes_as_many_cells_as_what_it_stands_for() -> None:
    text = "┌ Jobs · qwen… → “é” 超 █"
    (painted,) = SafeText(ascii_only=True).apply([Segment(text)], BLACK)
    assert painted.text == '+ Jobs . qwen~ > "e" ?? #'
    assert len(painted.text) == cell_len(text)


def test_what_is_plain_is_passed_on_as_it_is() -> None:
    line = [Segment("plain"), Segment(" words")]
    assert SafeText(ascii_only=True).apply(line, BLACK) is line
