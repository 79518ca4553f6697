"""Why a job went where it went, addresses that are taken back, and sums of what was earned."""

import asyncio
from typing import Any

import httpx

from tests.support.control_plane import RunningControlPlane
from tests.support.signed_client import SignedClient, signed_client

MESSAGES = [{"role": "user", "content": "what is 2+2?"}]


async def submit(http: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await http.post("/api/chat", json={"messages": MESSAGES} | fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_each_attempt_is_explained_live_and_stored(
    plane: RunningControlPlane, http: httpx.AsyncClient
) -> None:
    async with signed_client(plane.url) as first, signed_client(plane.url) as second:
        clients = {
            await client.register(f"provider-{number}", name=f"rig-{number}"): client
            for number, client in enumerate((first, second))
        }
        job = await submit(http)
        path = f"jobs/{job['jobId']}"
        unlucky_id = job["provider"]["id"]
        unlucky = clients.pop(unlucky_id)
        ((lucky_id, lucky),) = clients.items()
        assert (await lucky.post(f"{path}/explain", {})).status_code == 404, "it never had it"
        await unlucky.call("jobs/poll", {})
        await unlucky.call(f"{path}/complete", {"status": "failed", "error": "out of memory"})
        live = await lucky.call(f"{path}/explain", {})
        assert [attempt["number"] for attempt in live["attempts"]] == [1, 2]
        assert [attempt["is_self"] for attempt in live["attempts"]] == [False, True]
        assert [attempt["state"] for attempt in live["attempts"]] == ["failed", "assigned"]
        decision = live["attempts"][1]["decision"]
        assert decision["provider_id"] == lucky_id
        refused = [c for c in decision["candidates"] if c["provider_id"] == unlucky_id]
        assert refused[0]["reasons"] == ["failed or lost this job before"]
        await lucky.call("jobs/poll", {})
        await lucky.call(f"{path}/complete", {"status": "completed", "result": {"text": "4"}})
        stored = await unlucky.call(f"{path}/explain", {})
        assert [attempt["is_self"] for attempt in stored["attempts"]] == [True, False]
        assert [attempt["state"] for attempt in stored["attempts"]] == ["failed", "completed"]
        assert stored["attempts"][1]["decision"] == decision
        assert (stored["job_id"], stored["model"]) == (job["jobId"], None)


async def test_strangers_learn_nothing_about_a_job(
    plane: RunningControlPlane, http: httpx.AsyncClient, provider: SignedClient
) -> None:
    path = f"jobs/{(await submit(http))['jobId']}/explain"
    unknown = await provider.post("jobs/no-such-job/explain", {})
    async with signed_client(plane.url) as stranger:
        assert (await stranger.post(path, {})).status_code == 404
        await stranger.register("provider-2")
        refused = await stranger.post(path, {})
    assert refused.status_code == unknown.status_code == 404
    assert refused.json() == unknown.json(), "not even that it exists"


BITCOIN = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"


async def payouts(provider: SignedClient) -> list[tuple[str, str, bool]]:
    rows = (await provider.call("payouts/list", {}))["rows"]
    return [(row["coin"], row["network"], row["is_default"]) for row in rows]


async def test_a_payout_address_is_removed_and_the_newest_left_becomes_the_default(
    plane: RunningControlPlane, provider: SignedClient
) -> None:
    for coin, network, address in (
        ("BTC", "bitcoin", BITCOIN),
        ("BTC", "bitcoin", BITCOIN + "2"),
        ("SOL", "solana", "5RaBwVPRBfpz9MRBnGRcQAPfvKxcUVtxL2ANe9XJ"),
        ("USDC", "base", "0x" + "1" * 40),
    ):
        await provider.call("payouts/set", {"coin": coin, "network": network, "address": address})
    removed = await provider.call("payouts/remove", {"coin": "usdc", "network": "Base"})
    assert [(row["coin"], row["is_default"]) for row in removed["removed"]] == [("USDC", True)]
    assert (await payouts(provider))[0] == ("SOL", "solana", True)
    removed = await provider.call("payouts/remove", {"coin": "BTC", "network": "bitcoin"})
    assert len(removed["removed"]) == 2
    assert await payouts(provider) == [("SOL", "solana", True)]
    await provider.call("payouts/remove", {"coin": "SOL", "network": "solana"})
    assert await payouts(provider) == []
    again = await provider.call("payouts/remove", {"coin": "SOL", "network": "solana"})
    assert again == {"removed": []}
    (node,) = plane.services.directory.listed(plane.services.clock())
    assert node.payout_coins == frozenset(), "matching knows it, too"
    assert (await provider.post("payouts/remove", {"coin": "SOL"})).status_code == 400


async def test_removing_at_the_same_time_leaves_exactly_one_default(
    provider: SignedClient,
) -> None:
    coins = [f"C{number}" for number in range(6)]
    for coin in coins:
        await provider.call("payouts/set", {"coin": coin, "network": "n", "address": "a" * 30})
    gone = [provider.call("payouts/remove", {"coin": coin, "network": "n"}) for coin in coins[2:]]
    await asyncio.gather(*gone)
    assert await payouts(provider) == [("C1", "n", True), ("C0", "n", False)]


async def test_nobody_removes_the_addresses_of_another(
    plane: RunningControlPlane, provider: SignedClient
) -> None:
    await provider.call("payouts/set", {"coin": "BTC", "network": "bitcoin", "address": BITCOIN})
    async with signed_client(plane.url) as other:
        assert (await other.post("payouts/remove", {"coin": "BTC", "network": "bitcoin"})
                ).status_code == 404  # fmt: skip
        await other.register("provider-2")
        taken = await other.call("payouts/remove", {"coin": "BTC", "network": "bitcoin"})
    assert taken == {"removed": []}
    assert len(await payouts(provider)) == 1


async def test_earnings_are_summed_and_days_without_any_are_there(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    body = {
        "type": "chat",
        "input": {"messages": MESSAGES},
        "payment": {"coin": "usdc", "network": "base", "max": 0.02},
    }
    for _ in range(2):
        job = (await http.post("/api/jobs/submit", json=body)).json()
        await provider.call("jobs/poll", {})
        await provider.call(f"jobs/{job['jobId']}/complete", {"status": "completed"})
    summed = await provider.call("earnings", {"role": "provider", "days": 3})
    assert [day["pending_micros"] for day in summed["days"]] == [0, 0, 40_000]
    assert [day["settled_micros"] for day in summed["days"]] == [0, 0, 0]
    assert (summed["today_micros"], summed["pending_micros"]) == (40_000, 40_000)
    assert summed["days"][-1]["date"] == summed["as_of"][:10]
    for days in (0, 367, "30", None):
        assert len((await provider.call("earnings", {"days": days}))["days"]) == 30
