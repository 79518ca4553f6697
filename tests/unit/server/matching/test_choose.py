"""Choosing: the chosen one passes, everybody else has a reason, weights are respected."""

import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infernet_server.matching import interconnects
from infernet_server.matching.breaker import Breaker
from infernet_server.matching.decision import CHUNK, EXPLAINED, Candidates, JobNeeds, choose
from infernet_server.matching.filters import Reason
from infernet_server.matching.interconnects import NO_FABRIC, Fabric
from infernet_server.matching.load import Load
from infernet_server.matching.node import Node
from infernet_server.matching.reputation import Reputation
from tests.support.providers import NOW, candidates, node

NVLINK_PAIR = Fabric(nvlink=1)

nodes = st.builds(
    lambda number, **fields: node(number, **fields),
    number=st.integers(0, 10**6),
    seen_at=st.floats(NOW - 300, NOW),
    is_available=st.booleans(),
    is_connected=st.booleans(),
    is_disconnected=st.booleans(),
    is_draining=st.booleans(),
    own_jobs=st.integers(0, 6),
    other_jobs=st.integers(0, 6),
    load=st.builds(Load, cap=st.integers(0, 8), gpu_percent=st.floats(0, 100)),
    breaker=st.builds(Breaker, st.sampled_from([0.0, NOW - 1, NOW + 10, NOW + 900, float("inf")])),
    price=st.sampled_from([0.0, 0.5, 2.0]),
    payout_coins=st.sampled_from([frozenset(), frozenset({"BTC"}), frozenset({"SOL"})]),
    fabric=st.sampled_from([NO_FABRIC, NVLINK_PAIR]),
    reputation=st.builds(Reputation, st.integers(0, 100)),
    claimed_speed=st.floats(0.1, 1000),
)
needs = st.builds(
    JobNeeds,
    interconnects=st.sampled_from([{}, {"nvlink": True}, {"nvlink": "mesh"}]),
    payment_coin=st.sampled_from([None, "BTC", "sol"]),
    price_cap=st.sampled_from([None, 0.1, 1.0]),
    excluded=st.frozensets(st.integers(0, 10**6).map(lambda n: f"id-{n}"), max_size=3),
)


def satisfies_everything(chosen: Node, asked: JobNeeds) -> bool:
    """The rules of `wire.md` §6 and `design.md` §4, written out a second time."""
    is_paid = asked.price_cap is not None
    coin = (asked.payment_coin or "").upper()
    return all(
        [
            chosen.is_available and not chosen.is_draining and not chosen.is_disconnected,
            chosen.is_connected or NOW - chosen.seen_at < 120,
            chosen.own_jobs + chosen.other_jobs < chosen.load.cap,
            chosen.load.gpu_percent < 95,
            chosen.breaker.opens_at <= NOW,
            chosen.provider_id not in asked.excluded,
            asked.price_cap is None or chosen.price <= asked.price_cap,
            not (is_paid and coin and chosen.payout_coins) or coin in chosen.payout_coins,
            interconnects.required(asked.interconnects).is_met_by(chosen.fabric),
        ]
    )


@given(
    st.lists(nodes, max_size=30, unique_by=lambda n: n.provider_id), needs, st.integers(0, 2**32)
)
def test_the_chosen_node_passes_every_filter_and_every_other_has_a_reason(
    network: list[Node], asked: JobNeeds, seed: int
) -> None:
    asked = asked.excluding(asked.excluded | {n.provider_id for n in network[:1]})
    decision = choose(asked, candidates(*network), NOW, random.Random(seed))
    passing = [n for n in network if satisfies_everything(n, asked)]
    assert (decision.node in passing) if passing else (decision.node is None)
    assert decision.free_count == len(passing)
    assert decision.free_count + sum(decision.rejected.values()) == len(network)
    named = {candidate.node.provider_id for candidate in decision.candidates}
    assert len(named) == min(len(passing), EXPLAINED) + min(len(network) - len(passing), EXPLAINED)
    for candidate in decision.candidates:
        assert bool(candidate.reasons) != (candidate.node in passing)
        assert (candidate.score > 0) == (candidate.node in passing)


def test_the_same_random_numbers_give_the_same_decision() -> None:
    network = candidates(*(node(n) for n in range(50)))
    first, second = (choose(JobNeeds("m"), network, NOW, random.Random(7)) for _ in range(2))
    assert first == second


def test_a_node_three_times_as_good_gets_three_times_the_jobs() -> None:
    slow, fast = node(1, claimed_speed=10.0), node(2, claimed_speed=30.0)
    rng = random.Random(1)
    drawn = Counter(choose(JobNeeds(), candidates(slow, fast), NOW, rng).node for _ in range(4000))
    assert drawn[fast] / drawn[slow] == pytest.approx(3, rel=0.15)


def test_weights_are_respected_in_a_network_too_large_to_look_at_whole() -> None:
    slow = [node(n, claimed_speed=10.0) for n in range(0, 2000, 2)]
    fast = [node(n, claimed_speed=30.0) for n in range(1, 2000, 2)]
    network = candidates(*(n for pair in zip(slow, fast, strict=True) for n in pair))
    rng = random.Random(2)
    drawn = Counter(
        chosen.claimed_speed
        for _ in range(3000)
        if (chosen := choose(JobNeeds(), network, NOW, rng).node)
    )
    assert drawn[30.0] / drawn[10.0] == pytest.approx(3, rel=0.15)


def test_every_node_of_a_large_network_gets_its_turn() -> None:
    network = candidates(*(node(n) for n in range(CHUNK * 2)))
    rng = random.Random(3)
    drawn = {choose(JobNeeds(), network, NOW, rng).node for _ in range(CHUNK * 20)}
    assert len(drawn) == CHUNK * 2


def test_the_only_free_node_of_a_large_network_is_found() -> None:
    free = node(CHUNK * 3)
    busy = [node(n, own_jobs=4) for n in range(CHUNK * 3)]
    decision = choose(JobNeeds(), candidates(*busy, free), NOW, random.Random(4))
    assert decision.node is free


def test_when_all_are_busy_the_job_may_wait() -> None:
    decision = choose(JobNeeds(), candidates(node(own_jobs=4)), NOW, random.Random())
    assert decision.node is None
    assert decision.may_wait
    assert decision.rejected == {Reason.BUSY: 1}


@pytest.mark.parametrize(
    ("change", "may_wait"),
    [
        ({"breaker": Breaker(NOW + 20)}, True),
        ({"breaker": Breaker(float("inf"))}, True),
        ({"breaker": Breaker(NOW + 120)}, False),
        ({"is_disconnected": True, "seen_at": NOW - 3}, True),
        ({"is_disconnected": True, "seen_at": NOW - 30}, False),
        ({"is_draining": True}, False),
        ({"seen_at": NOW - 200, "own_jobs": 9}, False),
        ({"price": 9.0, "own_jobs": 9}, False),
    ],
)
def test_a_job_waits_only_for_what_may_soon_be_over(change: dict[str, Any], may_wait: bool) -> None:
    network = candidates(node(**change))
    assert choose(JobNeeds(price_cap=1.0), network, NOW, random.Random()).may_wait is may_wait


def test_nodes_that_serve_other_models_are_counted_but_not_looked_at() -> None:
    decision = choose(JobNeeds("m"), Candidates((), (node(), node(1))), NOW, random.Random())
    assert decision.rejected == {Reason.OTHER_MODELS: 2}
    assert decision.has_live_nodes
    assert not decision.may_wait


def test_a_network_of_the_long_silent_has_no_live_nodes() -> None:
    network = candidates(node(seen_at=NOW - 200), node(1, is_available=False))
    assert not choose(JobNeeds(), network, NOW, random.Random()).has_live_nodes


def test_the_explanation_does_not_grow_with_the_network() -> None:
    network = candidates(*(node(n, own_jobs=4 * (n % 2)) for n in range(5000)))
    explanation = choose(JobNeeds(), network, NOW, random.Random(5)).to_json()
    assert len(json.dumps(explanation)) < 5000
    assert explanation["serving"] == 5000
    assert explanation["candidates"][0]["provider_id"] == explanation["provider_id"]
    assert {"reasons": ["busy"]}.items() <= explanation["candidates"][-1].items()
