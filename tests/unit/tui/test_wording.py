"""Figures in words: whatever a stranger's clock says."""

import pytest

from infernet_tui.screens import wording
from infernet_tui.views.reader import Reader

ODD = [float("inf"), float("-inf"), float("nan"), 1e300, -1e300, 253402300800.0]


@pytest.mark.parametrize("at", ODD)
def test_no_float_is_too_odd_for_words(at: float) -> None:
    for said in (
        wording.clock(at), wording.moment(at), wording.duration(at), wording.ago(at, 0.0),
        wording.roughly_ago(at, 0.0), wording.roughly_ago(0.0, at), wording.size(at),
        wording.milliseconds(at), wording.number(at), wording.gib(at),
    ):  # fmt: skip
        assert said


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00", "1960-01-01T00:00:00Z"]
)
def test_a_time_at_the_edge_of_the_calendar_is_unknown(text: str) -> None:
    assert Reader({"at": text}).time("at") is None
