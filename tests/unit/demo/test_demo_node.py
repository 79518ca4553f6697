"""The demo node answers all that the real one does, with data that fit together."""

import asyncio
from contextlib import aclosing
from typing import Any

import orjson
import pytest

from infernet_tui.demo import SCENARIOS, DemoNode
from infernet_tui.demo.strangers import CORPUS, LONG_NAME_CHARS
from infernet_tui.errors import NodeNotRunning
from infernet_tui.node.client import NodeClient
from infernet_tui.node.transports import InProcessTransport
from tests.support.contract_shapes import ANSWERS, EVENTS, departures

NOON = 1_795_608_000.0
"""2026-11-25, 12:00 UTC."""


class Clock:
    """Shows what it is set to; the node's pauses set it forward."""

    def __init__(self) -> None:
        self.seconds = NOON

    def __call__(self) -> float:
        return self.seconds

    async def pause(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


def demo(scenario: str = "busy", seed: int = 1) -> DemoNode:
    clock = Clock()
    return DemoNode(clock, seed, scenario, pause=clock.pause, tick_seconds=0.0)


async def lines(node: DemoNode, command: str, at_most: int = 1000, /, **payload: Any) -> list[Any]:
    """The answers to a message, the first `at_most` of them."""
    found: list[Any] = []
    stream = InProcessTransport(node).stream({"cmd": command, "payload": payload})
    async with aclosing(stream) as answers:
        async for answer in answers:
            found.append(answer)
            if len(found) == at_most:
                break
    return found


async def ask(node: DemoNode, command: str, /, **payload: Any) -> Any:
    answer = (await lines(node, command, 1, **payload))[0]
    assert answer["ok"], answer
    return answer["data"]


async def payload_for(node: DemoNode, command: str) -> dict[str, Any]:
    """What makes the verb do its work."""
    peers = (await ask(node, "peers"))["peers"]
    reachable = [one["multiaddr"] for one in peers if one["multiaddr"] and not one["is_self"]]
    running = (await ask(node, "status"))["stats"]["activeJobIds"]
    name = {"name": (await ask(node, "models"))["default"]}
    return {
        "job": {"id": running[0]},
        "job.follow": {"id": running[0]},
        "job.cancel": {"id": running[0]},
        "job.explain": {"id": running[0]},
        "model.use": name,
        "model.load": name,
        "model.unload": name,
        "model.remove": name,
        "model.pull": {"name": "qwen2.5:0.5b"},
        "chat": {"messages": [{"role": "user", "content": "what is 2+2?"}], "route": "network"},
        "peer.ping": {"multiaddr": reachable[0]},
        "payout.set": {"coin": "sol", "network": "solana", "address": "9" * 40},
        "payout.remove": {"coin": "BTC", "network": "bitcoin"},
    }.get(command, {})


@pytest.mark.parametrize("scenario", ["busy", "hostile"])
@pytest.mark.parametrize("command", ANSWERS)
async def test_every_verb_answers_what_the_contract_promises(command: str, scenario: str) -> None:
    node = demo(scenario)
    answers = await lines(node, command, 400, **await payload_for(node, command))
    first, events = answers[0], answers[1:]
    assert first["ok"], first
    assert departures(ANSWERS[command], first["data"]) == []
    assert bool(events) == (command in EVENTS)
    for line in events:
        assert departures(EVENTS[command][line["event"]], line["data"], line["event"]) == []


def test_no_verb_is_missing() -> None:
    assert set(demo().commands) == set(ANSWERS)


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_the_same_clock_and_seed_give_the_same_bytes(scenario: str) -> None:
    questions = ["status", "history", "hardware", "models", "jobs", "peers", "earnings"]

    async def everything() -> bytes:
        node = demo(scenario)
        return b"\n".join([orjson.dumps(await lines(node, one, 1)) for one in questions])

    assert await everything() == await everything()


async def test_how_often_a_node_is_asked_makes_no_difference() -> None:
    often, seldom = demo(), demo()
    for _ in range(200):
        await often.world.pause(1.0)
        await ask(often, "status")
    await seldom.world.pause(200.0)
    assert await ask(often, "jobs") == await ask(seldom, "jobs")
    assert await ask(often, "history") == await ask(seldom, "history")


async def test_the_busy_node_is_at_work() -> None:
    node = demo()
    state = await ask(node, "status")
    assert state["stats"]["activeJobs"] in (2, 3)
    assert 1000 < state["jobTotal"] < 1400
    assert state["stats"]["jobsFailed"] > 5
    assert any("out of memory" in (job["error"] or "") for job in state["jobs"][:10])
    before = next(job for job in state["jobs"] if job["state"] == "running")
    await node.world.pause(2.0)
    jobs = (await ask(node, "status"))["jobs"]
    after = next(job for job in jobs if job["id"] == before["id"])
    assert after["tokens"] > before["tokens"]


async def test_counts_totals_and_pages_agree() -> None:
    node = demo()
    state, seen, before = await ask(node, "status"), [], None
    while True:
        page = await ask(node, "jobs", limit=500, before=before)
        seen += page["jobs"]
        before = page["next"]
        if before is None:
            break
    assert [job["sequence"] for job in seen] == list(range(page["total"], 0, -1))
    assert page["total"] == state["jobTotal"] == sum(page["counts"].values())
    assert page["counts"]["completed"] == state["stats"]["jobsCompleted"]
    for word, count in page["counts"].items():
        assert sum(job["state"] == word for job in seen) == count


async def test_earnings_are_the_sum_of_their_days_and_today_the_last() -> None:
    earnings = await ask(demo(), "earnings", days=30)
    days = earnings["days"]
    assert len(days) == 30
    assert earnings["settled_micros"] == sum(day["settled_micros"] for day in days)
    assert earnings["today_micros"] == days[-1]["settled_micros"] + days[-1]["pending_micros"]
    assert min(day["settled_micros"] for day in days) > 0


@pytest.mark.parametrize(("window", "count"), [("10m", 600), ("24h", 1440), ("30d", 720)])
async def test_history_is_complete_and_ends_with_the_newest_value(window: str, count: int) -> None:
    node = demo()
    history = await ask(node, "history", window=window)
    assert {len(values) for key, values in history.items() if isinstance(values, list)} == {
        count,
        len(history["gpus"]),
    }
    assert all(len(gpu["power_watts"]) == count for gpu in history["gpus"])
    if window == "10m":
        newest = await ask(node, "history.latest")
        assert newest["tokens_per_second"] == history["tokens_per_second"][-1]
        assert newest["gpus"][3]["temperature_c"] == history["gpus"][3]["temperature_c"][-1]


async def test_a_month_of_history_has_a_gap_where_the_power_was_out() -> None:
    history = await ask(demo(), "history", window="30d")
    assert 5 < history["tokens_per_second"].count(None) < 15


async def test_an_idle_node_has_nothing_to_show_and_says_why() -> None:
    node = demo("empty")
    state, hardware = await ask(node, "status"), await ask(node, "hardware")
    assert (state["jobs"], state["model"], state["jobTotal"]) == ([], "infernet-nano", 0)
    assert (hardware["gpus"], hardware["backend"]) == ([], "none")
    assert not any(probe["found"] for probe in hardware["probes"])
    assert (await ask(node, "payouts"))["payouts"] == []
    assert (await ask(node, "history", window="24h"))["tokens_per_second"][0] is None


async def test_trouble_is_a_lost_control_plane_a_hot_gpu_and_a_full_disk() -> None:
    node = demo("trouble")
    state, hardware = await ask(node, "status"), await ask(node, "hardware")
    assert state["connection"] == "offline"
    assert "connection refused" in state["stats"]["lastHeartbeatError"]
    assert "out of memory" in str([job["error"] for job in state["jobs"][:8]])
    assert hardware["gpus"][2]["temperature_c"] == 92
    assert hardware["disk"]["free_bytes"] < hardware["disk"]["total_bytes"] / 100
    (refusal,) = await lines(node, "earnings")
    assert (refusal["ok"], refusal["error"]) == (False, "control_plane_unreachable")
    assert refusal["cause"]
    assert refusal["hint"]


async def test_a_large_network_has_ten_thousand_jobs_and_a_thousand_peers() -> None:
    node = demo("large")
    assert (await ask(node, "jobs", limit=1000))["total"] == 10_000
    assert len((await ask(node, "peers", limit=1000))["peers"]) == 1000


async def test_hostile_strangers_get_every_attack_into_every_place() -> None:
    node = demo("hostile")
    jobs = (await ask(node, "jobs", limit=1000))["jobs"]
    peers = (await ask(node, "peers"))["peers"][1:]
    explained = await ask(node, "job.explain", id=jobs[0]["id"])
    chat = await lines(node, "chat", messages=[{"role": "user", "content": "hi"}])
    said = {
        "model": [job["model"] for job in jobs],
        "coin": [job["paymentCoin"] for job in jobs if job["paymentCoin"]],
        "error": [job["error"] for job in jobs if job["state"] == "failed"],
        "peer": [peer["name"] for peer in peers],
        "address": [peer["multiaddr"] for peer in peers if peer["multiaddr"]],
        "gpu": [peer["gpu_model"] for peer in peers if peer["gpu_model"]],
        "served": [name for peer in peers for name in peer["served_models"]],
        "sentence": ["".join(explained["sentences"])],
        "answer": ["".join(line["data"].get("text", "") for line in chat if "event" in line)],
    }
    for place, words in said.items():
        assert words, place
        for attack in CORPUS:
            assert all(attack in word for word in words), (place, attack)
    assert any(len(name) > LONG_NAME_CHARS for name in said["peer"])
    assert any(len(name) > LONG_NAME_CHARS for name in said["model"])


async def test_what_a_person_changes_stays_changed() -> None:
    node = demo()
    await ask(node, "model.use", name="llama3.1:8b")
    assert (await ask(node, "status"))["model"] == "llama3.1:8b"
    address = "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"
    await ask(node, "payout.set", coin="btc", network="bitcoin", address=address)
    first = (await ask(node, "payouts"))["payouts"][0]
    assert (first["address"], first["is_default"]) == (address, True)
    running = (await ask(node, "status"))["stats"]["activeJobIds"][0]
    await ask(node, "job.cancel", id=running)
    assert (await ask(node, "job", id=running))["job"]["state"] == "cancelled"


async def test_a_cancelled_pull_is_resumed_where_it_stopped() -> None:
    node = demo()
    await lines(node, "model.pull", 20, name="qwen2.5:3b")
    assert (await ask(node, "models"))["pulls"] == []
    resumed = await lines(node, "model.pull", name="qwen2.5:3b")
    assert resumed[1]["data"]["completed_bytes"] > resumed[1]["data"]["total_bytes"] / 4
    assert resumed[-1]["event"] == "done"
    assert "qwen2.5:3b" in [one["name"] for one in (await ask(node, "models"))["models"]]


async def test_a_chat_over_the_network_is_a_job_and_hanging_up_cancels_it() -> None:
    node = demo()
    message = {"messages": [{"role": "user", "content": "hi"}], "route": "network"}
    whole = await lines(node, "chat", **message)
    cut = await lines(node, "chat", 5, **message)
    assert [line["event"] for line in whole[1:3]] == ["job", "meta"]
    assert whole[-1]["data"]["tokens"] == sum(line.get("event") == "token" for line in whole)
    states = [
        (await ask(node, "job", id=answers[1]["data"]["jobId"]))["job"]["state"]
        for answers in (whole, cut)
    ]
    assert states == ["completed", "cancelled"]


async def test_a_draining_node_finishes_its_jobs_and_is_gone_until_it_is_started_again() -> None:
    node = demo()
    client = NodeClient(InProcessTransport(node))
    assert (await client.drain())["activeJobs"] > 0
    assert (await client.status())["isDraining"]
    await node.world.pause(70.0)
    with pytest.raises(NodeNotRunning):
        await client.status()
    node.restart()
    assert (await client.status())["stats"]["jobsPicked"] == 0


async def test_a_subscription_ends_when_the_node_dies() -> None:
    node = demo()
    seen = 0
    async with aclosing(NodeClient(InProcessTransport(node)).subscribe()) as states:
        async for _ in states:
            seen += 1
            if seen == 3:
                node.stop()
    assert seen == 3
