"""Weights, and how little a node can gain by lying about itself."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infernet_server.matching import scoring
from infernet_server.matching.load import UNREPORTED, Load, reported_load
from infernet_server.matching.reputation import COMPLETED, FAILED, Reputation
from tests.support.providers import node


def test_the_weight_is_the_wires_formula() -> None:
    load = reported_load(
        {
            "load": {
                "active_jobs": 1,
                "concurrency_cap": 2,
                "ram": {"free_gb": 20},
                "vram": {"free_gb": 10},
            }
        }
    )
    found = node(load=load, other_jobs=1, claimed_speed=40.0, reputation=Reputation(80))
    assert found.weight == pytest.approx(80 * 40 * (20 + 10 + 4 * 0.5))


def test_a_node_that_reports_nothing_has_the_default_weight() -> None:
    assert reported_load({}) is UNREPORTED
    assert node().weight == 50 * 10 * 1


def test_a_node_without_reputation_still_has_a_chance() -> None:
    assert node(reputation=Reputation(0)).weight == 10


numbers = (
    st.integers() | st.floats() | st.sampled_from([None, True, "9", [], {}, 1e308, -1, 10**400])
)


@given(st.fixed_dictionaries({}, optional={"tokens_per_second_avg": numbers}) | numbers)
def test_a_claimed_speed_is_always_sensible(bench: Any) -> None:
    assert 0 < scoring.claimed_speed({"bench": bench}) <= scoring.MAX_TOKENS_PER_SECOND


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "active_jobs": numbers,
            "concurrency_cap": numbers,
            "gpu_utilization_max": numbers,
            "ram": st.fixed_dictionaries({}, optional={"free_gb": numbers}) | numbers,
            "vram": st.fixed_dictionaries({}, optional={"free_gb": numbers}) | numbers,
        },
    )
    | numbers
)
def test_any_reported_load_gives_a_finite_bounded_weight(load: Any) -> None:
    found = node(load=reported_load({"load": load}), claimed_speed=1000.0)
    assert math.isfinite(found.weight)
    assert 1 <= found.weight <= 100 * 1000 * (256 + 256 + 4)


def test_measurements_replace_the_claim_and_follow_the_truth() -> None:
    speed = None
    for _ in range(20):
        speed = scoring.updated_speed(speed, 25.0)
    assert speed == pytest.approx(25.0)
    found = node(claimed_speed=1000.0, measured_speed=speed)
    assert found.tokens_per_second == pytest.approx(25.0)


def test_a_full_node_keeps_a_headroom_of_at_least_one() -> None:
    assert scoring.headroom(Load(cap=0, free_gb=0.0), 5) == 1


def test_reputation_starts_at_fifty_and_moves_with_outcomes() -> None:
    reputation = Reputation()
    assert reputation.value == 50
    for _ in range(30):
        reputation.add(COMPLETED)
    good = reputation.value
    for _ in range(30):
        reputation.add(FAILED)
    assert good > 80
    assert reputation.value < 60


@given(st.integers(-5, 200), st.lists(st.sampled_from([0.0, 0.5, 1.0]), max_size=300))
def test_reputation_stays_between_zero_and_a_hundred(start: int, scores: list[float]) -> None:
    reputation = Reputation(start)
    for score in scores:
        reputation.add(score)
    assert 0 <= reputation.value <= 100
