"""What a node asks its control plane for the operator, over both transports: peers and money."""

from typing import Any

import pytest

from infernet_tui.errors import InfernetError, NotSupported
from infernet_tui.node.peer_ping import require_public
from tests.support.control_plane import eventually, until
from tests.support.signed_client import signed_client

from .conftest import LiveNode

BITCOIN = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
ETHEREUM = "0x742d35Cc6634C0532925a3b844Bc9e7595f8B59f"


async def test_peers_come_from_the_control_plane_and_we_are_one(live: LiveNode) -> None:
    async with signed_client(live.plane.url) as other:
        await other.register("provider-2", name="rig-02", address="198.51.100.7", port=46337)
        found = await live.client.ask_network("peers", {"limit": 1000})
    by_name = {peer["name"]: peer for peer in found["peers"]}
    assert by_name["rig-01"]["is_self"] is True
    assert by_name["rig-02"]["is_self"] is False
    assert by_name["rig-02"]["multiaddr"] == "/ip4/198.51.100.7/tcp/46337"
    states = {source["name"]: (source["state"], source["count"]) for source in found["sources"]}
    assert states == {
        "control plane": ("ok", 2), "Nostr": ("not_set_up", 0), "DHT": ("not_set_up", 0)
    }  # fmt: skip


async def test_a_peer_is_pinged(live: LiveNode) -> None:
    port = live.node.p2p.local_port
    ours = {"multiaddr": f"/ip4/127.0.0.1/tcp/{port}"}
    pong = await live.client.ask_network("peer.ping", ours | {"typed": True})
    assert pong["node_id"] == live.node.identity.node_id
    assert 0 <= pong["round_trip_ms"] < 5000
    health = f"/ip4/127.0.0.1/tcp/{live.node.health.port}"
    with pytest.raises(InfernetError):
        await live.client.ask_network("peer.ping", {"multiaddr": health, "typed": True})
    for wrong in (
        "127.0.0.1:80", "/ip4/::1/tcp/1", "/ip4/1.2.3.4/udp/1", "/ip4/1.2.3.4/tcp/0",
        f"/ip4/127.0.0.1/tcp/{port}0", "/ip4/127.0.0.1/tcp/0463370",
    ):  # fmt: skip
        with pytest.raises(InfernetError, match="not an address") as refused:
            await live.client.ask_network("peer.ping", {"multiaddr": wrong})
        assert refused.value.code == "usage"


@pytest.mark.parametrize(
    "host",
    ["ip4/127.0.0.1", "ip4/10.0.0.1", "ip4/169.254.169.254", "ip6/::1", "ip6/fe80::1",
     "ip6/::ffff:127.0.0.1", "dns4/localhost"],
)  # fmt: skip
def test_no_list_of_strangers_sends_a_ping_into_the_own_network(host: str) -> None:
    with pytest.raises(InfernetError, match="private network") as refused:
        require_public(f"/{host}/tcp/46337")
    assert refused.value.hint == "if you mean it: infernet peers ping ADDRESS"
    require_public("/ip4/1.2.3.4/tcp/46337")


async def test_an_older_control_plane_is_said_to_be_one(
    live: LiveNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infernet_protocol.endpoints.PAYOUTS_REMOVE", "/api/v1/node/not-there")
    monkeypatch.setattr("infernet_protocol.endpoints.JOB_EXPLAIN", "/api/v1/not/{job_id}")
    for verb, payload in (
        ("payout.remove", {"coin": "BTC", "network": "bitcoin"}),
        ("job.explain", {"id": "job-1"}),
    ):
        with pytest.raises(NotSupported, match="cannot do that yet") as old:
            await live.client.ask_network(verb, payload)
        assert old.value.hint is None, "registering would not help"


async def test_payouts_are_set_listed_and_removed(live: LiveNode) -> None:
    async def payout(verb: str, *words: str) -> dict[str, Any]:
        names = ("coin", "network", "address")
        return await live.client.ask_network(verb, dict(zip(names, words, strict=False)))

    first = (await payout("payout.set", "btc", "mainnet", BITCOIN))["payout"]
    assert (first["coin"], first["network"], first["is_default"]) == ("BTC", "bitcoin", True)
    await payout("payout.set", "USDC", "base", ETHEREUM)
    listed = (await live.client.ask_network("payouts"))["payouts"]
    assert [(row["coin"], row["is_default"]) for row in listed] == [("USDC", True), ("BTC", False)]
    with pytest.raises(InfernetError, match="not a BTC address"):
        await payout("payout.set", "BTC", "bitcoin", "nonsense")
    removed = (await payout("payout.remove", "USDC", "base"))["removed"]
    assert [row["address"] for row in removed] == [ETHEREUM]
    (left,) = (await live.client.ask_network("payouts"))["payouts"]
    assert (left["coin"], left["is_default"]) == ("BTC", True)
    assert (await payout("payout.remove", "USDC", "base"))["removed"] == []


async def test_what_was_earned_is_summed_by_day(
    live: LiveNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = {"coin": "USDC", "network": "base", "max": 0.02}
    for _ in range(3):
        job_id = await live.submit(payment=payment)
        async for _event in live.client.stream("job.follow", {"id": await seen(live, job_id)}):
            pass
    assert len((await live.client.ask_network("payments", {"limit": 2}))["payments"]) == 2
    summed = await live.client.ask_network("earnings", {"days": 7})
    assert (summed["currency"], summed["pending_micros"], summed["settled_micros"]) == (
        "USD", 60_000, 0,
    )  # fmt: skip
    assert summed["today_micros"] == 60_000
    assert len(summed["days"]) == 7
    assert summed["days"][-1]["pending_micros"] == 60_000
    assert sum(day["pending_micros"] for day in summed["days"][:-1]) == 0
    monkeypatch.setattr("infernet_protocol.endpoints.EARNINGS", "/api/v1/node/not-there")
    elsewhere = await live.client.ask_network("earnings", {"days": 7})
    assert elsewhere | {"as_of": summed["as_of"]} == summed, "a server that makes no sums"


async def seen(live: LiveNode, job_id: str) -> str:
    await until(lambda: live.node.stats.records.find(job_id))
    return job_id


async def test_the_node_says_who_it_is_without_secrets(live: LiveNode) -> None:
    info = await live.client.request("node.info")
    assert info["node_id"] == live.node.identity.node_id
    assert info["npub"].startswith("npub1")
    assert info["control_plane_url"] == live.plane.url
    assert info["config_path"].endswith("config.json")
    assert str(live.node.identity.private_key) not in str(info)
    assert info["options"]["proxy_set"] is False


async def test_a_control_plane_that_is_gone_is_named_in_each_answer(live: LiveNode) -> None:
    live.plane.server.should_exit = True

    async def is_away() -> bool:
        return not (await live.client.ask_network("peers"))["peers"]

    await eventually(is_away)
    found = await live.client.ask_network("peers")
    assert found["sources"][0]["state"] == "failed"
    assert "reach" in found["sources"][0]["detail"]
    with pytest.raises(InfernetError) as away:
        await live.client.ask_network("payouts")
    assert away.value.code == "control_plane_unreachable"
    assert away.value.exit_code == 4
