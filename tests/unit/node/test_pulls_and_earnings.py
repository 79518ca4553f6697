"""How fast a download is, and how long it takes still."""

from infernet_tui.engines.base import PullProgress
from infernet_tui.node.earnings import earnings_of
from infernet_tui.node.pulls import Speed


def test_speed_is_smoothed_and_says_how_long_is_left() -> None:
    speed, step = Speed(), PullProgress("pulling", 0, 1000)
    for second in range(6):
        step = PullProgress("pulling", 100 * second, 1000)
        speed.take(step, float(second))
    assert speed.bytes_per_second == 100
    assert speed.seconds_left(step) == 5
    speed.take(PullProgress("pulling", 1000, 1000), 6.0)
    assert 100 < speed.bytes_per_second < 500, "one fast second is not the speed"


def test_another_layer_does_not_look_like_going_backwards() -> None:
    speed = Speed()
    for second, (layer, done) in enumerate([("a", 0), ("a", 500), ("b", 0), ("b", 500)]):
        speed.take(PullProgress("pulling", done, 1000, layer), float(second))
    assert speed.bytes_per_second == 500


def test_what_is_not_known_is_not_guessed() -> None:
    speed = Speed()
    speed.take(PullProgress("looking"), 0.0)
    speed.take(PullProgress("pulling", 10, None), 1.0)
    speed.take(PullProgress("pulling", 10, None), 1.05)
    assert speed.bytes_per_second is None
    assert speed.seconds_left(PullProgress("pulling", 10, None)) is None


def test_payments_are_summed_by_their_day() -> None:
    noon = 1_764_072_000.0  # 2025-11-25
    rows = [
        {"status": "confirmed", "amount_usd": 1.5, "created_at": "2025-11-24T23:59:59+00:00"},
        {"status": "pending", "amount_usd": 0.25, "created_at": "2025-11-25T01:00:00+02:00"},
        {"status": "pending", "amount_usd": 0.1, "created_at": "2025-11-25T00:00:00"},
        {"status": "failed", "amount_usd": 9, "created_at": "2025-11-25T00:00:00Z"},
        {"status": "confirmed", "amount_usd": "?", "created_at": None},
    ]
    found = earnings_of(rows, 2, noon)
    assert found["days"] == [
        {"date": "2025-11-24", "settled_micros": 1_500_000, "pending_micros": 250_000},
        {"date": "2025-11-25", "settled_micros": 0, "pending_micros": 100_000},
    ]
    assert (found["today_micros"], found["settled_micros"]) == (100_000, 1_500_000)
    assert found["pending_micros"] == 350_000
