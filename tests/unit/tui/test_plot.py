"""Plots are honest: gaps are blank, zero is not a gap, and the newest value is at the right."""

from hypothesis import given
from hypothesis import strategies as st

from infernet_tui.views.hardware import Samples
from infernet_tui.widgets.plot import columns, meter, resample, sparkline, summary

VALUES = st.lists(st.none() | st.floats(0, 1e9), max_size=200)


@given(
    VALUES, st.integers(0, 120), st.integers(1, 6), st.sampled_from(["block", "braille", "ascii"])
)
def test_a_plot_has_exactly_the_size_asked_for(
    values: list[float | None], width: int, rows: int, glyphs: str
) -> None:
    lines = sparkline(values, width, rows=rows, glyphs=glyphs)
    assert len(lines) == rows
    assert {len(text) for text in lines} <= {width}


@given(VALUES, st.integers(1, 120))
def test_an_ascii_plot_is_ascii(values: list[float | None], width: int) -> None:
    assert "".join(sparkline(values, width, glyphs="ascii")).isascii()


def test_a_gap_is_blank_and_a_zero_is_the_lowest_mark() -> None:
    assert sparkline([None, 0, 8], 3) == [" ▁█"]


def test_a_short_history_stands_at_the_right() -> None:
    assert sparkline([1, 1], 5) == ["   ██"]


def test_a_fixed_scale_does_not_stretch() -> None:
    assert sparkline([50], 1, top=100) == ["▄"]


def test_a_long_history_is_averaged_and_keeps_its_gaps() -> None:
    assert resample([1, 3, None, None], 2) == [2.0, None]


def test_as_time_goes_by_only_the_last_column_changes() -> None:
    def plotted(now: int) -> list[float | None]:
        samples = Samples(range(now - 600, now))
        samples.end_step = now
        return resample(samples, 78)

    changed = [
        sum(one != other for one, other in zip(plotted(now), plotted(now + 1), strict=True))
        for now in range(1_795_000_001, 1_795_000_009)
    ]
    assert sorted(changed)[:-2] == [1] * 6, "the last, which grows"
    assert changed.count(78) in (1, 2), "and every few seconds the plot moves on by one"


def test_a_meter_reads_aloud() -> None:
    assert meter(0.71, 12) == "[#######...]"
    assert meter(None, 5) == "[   ]"
    assert meter(7.0, 5) == "[###]"


def test_a_summary_says_so_when_nothing_is_known() -> None:
    assert summary([None]) == "no samples yet"
    assert summary([0, 1, 2]) == "min 0 · avg 1 · max 2"


def test_bars_are_apart_where_there_is_room() -> None:
    assert columns([1, 2], 5, 1) == ["▄▄ ██"]
