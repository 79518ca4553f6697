"""The in-memory picture of the network, as events change it."""

import random
from typing import Any

import pytest

from infernet_server.matching.decision import Decision, JobNeeds, choose
from infernet_server.matching.filters import Reason
from infernet_server.services.directory import NodeDirectory
from tests.support.providers import NOW, Clock, provider_row


class Network:
    """A directory with its clock, and short words for what tests do with them."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.clock = Clock()
        self.directory = NodeDirectory(self.clock)
        for row in rows or (provider_row(),):
            self.directory.upsert(row)

    def choose(self, model: str | None = "m", **needs: Any) -> Decision:
        asked = JobNeeds(model, **needs)
        found = self.directory.candidates(model)
        return choose(asked, found, self.clock(), random.Random(1))

    def heartbeat(self, specs: dict[str, Any] | None = None, status: str = "available") -> None:
        self.directory.heartbeat("id-0", status, specs, self.clock())

    def run_job(self, outcome: str, speed: float | None = None) -> None:
        self.directory.job_started("id-0")
        self.directory.job_finished("id-0", outcome, speed)

    @property
    def reputation(self) -> int:
        node = self.directory.by_provider_id("id-0")
        assert node is not None
        return node.reputation.value


@pytest.fixture
def network() -> Network:
    return Network()


def busy(active_jobs: int, **load: Any) -> dict[str, Any]:
    return {"served_models": ["m"], "load": {"active_jobs": active_jobs} | load}


def test_a_registered_node_is_chosen_for_its_model_only(network: Network) -> None:
    assert network.choose().node is network.directory.by_provider_id("id-0")
    assert network.choose("other").node is None
    assert network.choose(None).node is not None


def test_served_models_follow_heartbeats(network: Network) -> None:
    network.heartbeat({"served_models": ["n", "n", 5, "", "x" * 300]})
    assert network.choose("m").node is None
    assert network.choose("n").node is not None
    assert network.directory.served_models(NOW) == ["n"]


def test_a_heartbeat_without_specs_leaves_the_models_alone(network: Network) -> None:
    network.heartbeat(None)
    assert network.choose().node is not None


def test_a_heartbeat_may_tell_a_new_address(network: Network) -> None:
    network.directory.heartbeat("id-0", "available", None, NOW, address="192.0.2.9", port=5000)
    network.heartbeat()
    node = network.directory.by_provider_id("id-0")
    assert node is not None
    assert (node.address, node.port) == ("192.0.2.9", 5000)


def test_a_removed_node_is_gone_everywhere() -> None:
    network = Network(provider_row(0), provider_row(1), provider_row(2))
    network.directory.remove("id-0")
    network.directory.job_finished("id-0", "lost", None)
    assert {n.provider_id for n in network.directory.candidates("m").serving} == {"id-1", "id-2"}
    assert network.directory.by_provider_id("id-0") is None
    assert network.directory.take_reputation_changes() == []


def test_a_node_without_a_channel_is_routable_for_two_minutes(network: Network) -> None:
    network.clock.now += 119
    assert network.choose().node
    network.clock.now += 2
    assert network.choose().rejected == {Reason.NOT_SEEN: 1}


def test_a_node_with_an_open_channel_is_there_until_it_closes(network: Network) -> None:
    network.directory.channel_opened("id-0")
    network.clock.now += 10_000
    assert network.choose().node
    network.directory.channel_closed("id-0")
    assert network.choose().rejected == {Reason.DISCONNECTED: 1}
    network.heartbeat()
    assert network.choose().node


def test_a_node_that_says_offline_or_drains_gets_nothing_new(network: Network) -> None:
    network.heartbeat(status="offline")
    assert network.choose().rejected == {Reason.OFFLINE: 1}
    network.heartbeat()
    network.directory.drain("id-0")
    network.heartbeat()
    assert network.choose().rejected == {Reason.OFFLINE: 1}
    network.directory.channel_opened("id-0")
    assert network.choose().node


def test_our_own_count_of_jobs_saturates_before_any_heartbeat_does(network: Network) -> None:
    for _ in range(4):
        network.directory.job_started("id-0")
    assert network.choose().may_wait
    network.directory.job_finished("id-0", "completed", None)
    assert network.choose().node


def test_jobs_a_node_has_from_elsewhere_count_on_top_of_ours(network: Network) -> None:
    network.directory.job_started("id-0")
    network.heartbeat(busy(3))  # ours and two others
    network.directory.job_started("id-0")
    assert network.choose().rejected == {Reason.BUSY: 1}
    network.directory.job_finished("id-0", "completed", None)
    assert network.choose().node


def test_a_gpu_that_only_we_kept_busy_is_free_when_our_job_ends(network: Network) -> None:
    network.directory.job_started("id-0")
    network.heartbeat(busy(1, gpu_utilization_max=99))
    assert network.choose().rejected == {Reason.BUSY: 1}
    network.directory.job_finished("id-0", "completed", None)
    assert network.choose().node


def test_a_gpu_that_others_keep_busy_stays_saturated(network: Network) -> None:
    network.heartbeat(busy(0, gpu_utilization_max=99))
    assert network.choose().rejected == {Reason.BUSY: 1}


def test_a_new_registration_keeps_what_was_learned(network: Network) -> None:
    for _ in range(20):
        network.run_job("completed", 33.0)
    learned = network.reputation
    network.directory.upsert(provider_row(name="renamed", reputation=50))
    node = network.directory.by_provider_id("id-0")
    assert node is not None
    assert node.name == "renamed"
    assert node.reputation.value == learned > 80
    assert node.tokens_per_second == pytest.approx(33.0)


def test_after_five_failures_no_job_comes_but_one_probe_after_the_cooldown(
    network: Network,
) -> None:
    for _ in range(5):
        network.run_job("failed")
    assert [network.choose().node for _ in range(100)] == [None] * 100
    network.clock.now += 31
    assert network.choose().node
    network.directory.job_started("id-0")
    assert [network.choose().node for _ in range(100)] == [None] * 100
    network.directory.job_finished("id-0", "completed", 10.0)
    assert network.choose().node


def test_released_jobs_count_for_nothing(network: Network) -> None:
    for _ in range(20):
        network.run_job("released")
    assert network.reputation == 50
    assert network.choose().node


def test_failures_while_the_control_plane_was_in_trouble_count_for_nothing(
    network: Network,
) -> None:
    network.directory.forgive_until(NOW + 10)
    for _ in range(20):
        network.run_job("lost")
    assert network.reputation == 50
    assert network.choose().node
    network.clock.now += 11
    network.run_job("lost")
    assert network.reputation < 50


def test_answers_much_slower_than_advertised_earn_less(network: Network) -> None:
    honest, boaster = Network(), Network()
    for found, claim in ((honest, 20), (boaster, 500)):
        found.heartbeat({"served_models": ["m"], "bench": {"tokens_per_second_avg": claim}})
        for _ in range(50):
            found.run_job("completed", 20.0)
    assert honest.reputation > 90
    assert boaster.reputation == 50


def test_changed_reputations_are_taken_once_to_be_stored(network: Network) -> None:
    network.run_job("completed")
    changes = network.directory.take_reputation_changes()
    assert changes == [{"b_id": "id-0", "b_reputation": network.reputation}]
    assert network.directory.take_reputation_changes() == []


def test_a_paid_job_goes_to_nodes_that_take_its_coin_or_have_not_chosen() -> None:
    network = Network(provider_row(0), provider_row(1))
    network.directory.set_payout_coins("id-0", ["btc"])
    network.directory.set_payout_coins("id-1", ["SOL"])
    paid = {"payment_coin": "BTC", "price_cap": 1.0}
    decision = network.choose(**paid)
    assert decision.node is network.directory.by_provider_id("id-0")
    assert decision.rejected == {Reason.PAYOUT_COIN: 1}
    network.directory.set_payout_coins("id-1", [])
    assert network.choose(**paid).free_count == 2
    assert network.choose(payment_coin="XRP").free_count == 2


def test_private_nodes_serve_but_are_not_listed() -> None:
    network = Network(provider_row(0, is_public=False), provider_row(1, specs={}))
    assert network.choose().node
    assert [node.provider_id for node in network.directory.listed(NOW)] == ["id-1"]
    assert network.directory.served_models(NOW) == []


def test_the_list_shows_the_last_ten_minutes_newest_first() -> None:
    def seen(number: int, seconds_ago: float) -> dict[str, Any]:
        return provider_row(number, last_seen=int((NOW - seconds_ago) * 1e6))

    network = Network(seen(0, 300), seen(1, 10), seen(2, 700))
    assert [node.provider_id for node in network.directory.listed(NOW)] == ["id-1", "id-0"]
