"""Cutting, filling and wrapping lines, in terminal cells."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from infernet_tui.widgets.lines import Span, clip, fit, line, spread, width_of
from infernet_tui.widgets.wrap import wrap

TEXTS = st.text(alphabet="ab 字é—x", max_size=40)


@given(TEXTS, st.integers(0, 30), st.booleans())
def test_fitted_text_has_exactly_the_width(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(text, width, right=right)) == width


@given(st.lists(TEXTS, max_size=5), st.integers(0, 40))
def test_a_clipped_line_is_never_wider(texts: list[str], width: int) -> None:
    assert width_of(clip([Span(text) for text in texts], width)) <= width


@given(TEXTS, TEXTS)
def test_the_right_part_of_a_spread_line_stays_whole(left: str, right: str) -> None:
    spans = spread([Span(left)], [Span(right)], 90)
    assert width_of(spans) == 90
    assert "".join(span.text for span in spans).endswith(right)


@given(TEXTS, st.integers(4, 30))
def test_wrapping_loses_no_word_and_keeps_the_width(text: str, width: int) -> None:
    rows = wrap(line(text), width)
    assert all(width_of(row) <= width for row in rows)
    joined = "".join(span.text for row in rows for span in row)
    assert joined.replace(" ", "") == text.replace(" ", "")
