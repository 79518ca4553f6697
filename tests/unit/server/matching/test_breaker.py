"""The circuit breaker, against its written rules and a stream of random outcomes."""

import math

from hypothesis import given
from hypothesis import strategies as st

from infernet_server.matching.breaker import COOLDOWN_SECONDS, Breaker
from tests.support.providers import NOW


def failing(times: int) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker.finished(completed=False, now=NOW)
    return breaker


def test_four_failures_in_a_row_are_forgiven_and_the_fifth_is_not() -> None:
    assert failing(4).opens_at == 0
    assert failing(5).opens_at == NOW + 30


def test_a_success_between_failures_starts_the_count_again() -> None:
    breaker = failing(4)
    breaker.finished(completed=True, now=NOW)
    breaker.finished(completed=False, now=NOW)
    assert breaker.opens_at == 0


def test_failing_half_of_twenty_puts_a_node_out() -> None:
    breaker = Breaker()
    for number in range(19):
        breaker.finished(completed=number % 2 == 0, now=NOW)
    assert breaker.opens_at == 0
    breaker.finished(completed=False, now=NOW)
    assert breaker.opens_at == NOW + 30


def test_each_failed_probe_doubles_down_until_half_an_hour() -> None:
    breaker = failing(5)
    now = NOW
    for seconds in (*COOLDOWN_SECONDS[1:], COOLDOWN_SECONDS[-1]):
        now = breaker.opens_at
        breaker.started(now)
        assert breaker.is_probing
        breaker.finished(completed=False, now=now)
        assert breaker.opens_at == now + seconds


def test_one_successful_probe_closes_it_and_forgets() -> None:
    breaker = failing(5)
    breaker.started(NOW + 30)
    breaker.finished(completed=True, now=NOW + 31)
    assert breaker.opens_at == 0
    for _ in range(5):
        breaker.finished(completed=False, now=NOW + 40)
    assert breaker.opens_at == NOW + 40 + COOLDOWN_SECONDS[0]


def test_a_probe_that_told_nothing_makes_room_for_another() -> None:
    breaker = failing(5)
    breaker.started(NOW + 30)
    breaker.released(NOW + 31)
    assert breaker.opens_at == NOW + 31


def test_late_outcomes_of_older_jobs_do_not_lengthen_a_cooldown() -> None:
    breaker = failing(5)
    for _ in range(20):
        breaker.finished(completed=False, now=NOW + 1)
    assert breaker.opens_at == NOW + 30


@given(st.lists(st.tuples(st.sampled_from("scfrw"), st.floats(0, 50)), max_size=200))
def test_there_is_never_more_than_one_probe_and_a_closed_breaker_is_healthy(
    steps: list[tuple[str, float]],
) -> None:
    breaker, now, recent = Breaker(), NOW, list[bool]()
    for step, seconds in steps:
        now += seconds
        before = breaker.opens_at
        if step == "s" and breaker.opens_at <= now:
            breaker.started(now)
            assert breaker.is_probing == (before > 0)
        elif step == "r":
            breaker.released(now)
            assert breaker.opens_at == (now if before == math.inf else before)
        elif step in "cf":
            breaker.finished(completed=step == "c", now=now)
            if before == 0:
                recent = [*recent, step == "c"][-20:]
                is_bad = recent[-5:] == [False] * 5 or recent.count(False) >= 10
                assert (breaker.opens_at > 0) == is_bad
            elif before < math.inf:
                assert breaker.opens_at == before
            if breaker.opens_at:
                recent = []
