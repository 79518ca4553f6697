"""What anybody sees of the network, over a real socket (`wire.md` §5)."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, update

from infernet_server.routes.public import public_prober
from infernet_server.services.probe import Prober
from infernet_server.storage.tables import nodes
from tests.support.control_plane import RunningControlPlane, control_plane
from tests.support.signed_client import SignedClient, signed_client

SPECS: dict[str, Any] = {
    "served_models": ["qwen2.5:0.5b"],
    "gpus": [{"vendor": "nvidia", "vram_mb": 81920, "model": "A100", "uuid": "GPU-secret"}] * 2,
    "cpu": {"vendor": "intel", "arch": "x64", "cores": 8, "ram_gb": 24, "hostname": "secret"},
    "interconnects": {
        "nvlink": {"available": True, "topology": "pair", "link_count": 1, "bus": "secret"},
        "infiniband": {"available": False, "active_port_count": 0},
        "rdma_capable": False,
    },
}
LISTS = ("nodes", "providers", "aggregators", "clients", "jobs", "models", "peers")


async def rows(http: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await http.get(f"/api/{path}")
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"data"}
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def advertise(provider: SignedClient, **fields: Any) -> None:
    await provider.register("provider-00000001", address="198.51.100.7", port=46337)
    await provider.call("heartbeat", {"role": "provider", "specs": SPECS} | fields)


async def make_private(plane: RunningControlPlane) -> None:
    def change(connection: Connection) -> None:
        connection.execute(update(nodes).values(is_public=False))

    await plane.services.database.write(change)
    await plane.services.nodes.start()


async def test_health_says_how_long_and_which_revision(tmp_path: Path) -> None:
    async with (
        control_plane(tmp_path, commit="0123456789abcdef", environment="test") as plane,
        httpx.AsyncClient(base_url=plane.url) as http,
    ):
        health = (await http.get("/api/health")).json()
    assert health == {"ok": True, "uptime_s": 0, "node_env": "test", "commit": "0123456"}


async def test_overview_has_four_cards(http: httpx.AsyncClient, provider: SignedClient) -> None:
    await advertise(provider)
    cards = (await http.get("/api/overview")).json()["cards"]
    labels = ["Online nodes", "Models served", "Jobs", "Last heartbeat"]
    assert [card["label"] for card in cards] == labels
    assert [card["value"] for card in cards] == [1, 1, 0, "0 s ago"]
    assert all(set(card) == {"label", "value", "note"} for card in cards)


async def test_a_peer_is_shown_without_what_names_its_devices(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    await advertise(provider)
    answer = await http.get("/api/peers")
    (peer,) = answer.json()["data"]
    assert peer.pop("last_seen").endswith("Z")
    assert peer == {
        "pubkey": provider.public_key,
        "name": "provider-00000001",
        "multiaddr": "/ip4/198.51.100.7/tcp/46337",
        "served_models": ["qwen2.5:0.5b"],
        "gpu_model": "A100",
        "gpu_count": 2,
        "cpu": {"vendor": "intel", "arch": "x64", "cores": 8, "ram_gb": 24},
        "interconnects": {
            "nvlink": True,
            "xgmi": False,
            "infiniband": False,
            "efa": False,
            "rdma_capable": False,
        },
    }
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("address", "multiaddr"),
    [("2001:db8::7", "/ip6/2001:db8::7/tcp/46337"), ("node.example", None)],
)
async def test_a_multiaddr_is_made_of_literal_addresses(
    address: str, multiaddr: str | None, http: httpx.AsyncClient, provider: SignedClient
) -> None:
    await provider.register("provider-00000001", address=address, port=46337)
    assert [peer["multiaddr"] for peer in await rows(http, "peers")] == [multiaddr]


async def test_a_provider_row_has_the_wires_columns(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    await advertise(provider)
    (row,) = await rows(http, "providers?status=available")
    assert {
        "name": "provider-00000001",
        "status": "available",
        "gpu_summary": "2 × A100 (>=48gb)",
        "cpu_summary": "x64, 8 cores, 24 GB",
        "fabric": "NVLink",
        "price_display": "$0.0000",
        "reputation": 50,
    }.items() <= row.items()
    assert await rows(http, "providers?status=offline") == []
    assert [row["role"] for row in await rows(http, "nodes")] == ["provider"]


async def test_each_role_has_its_list(plane: RunningControlPlane, http: httpx.AsyncClient) -> None:
    for role in ("aggregator", "client"):
        async with signed_client(plane.url) as member:
            await member.call("register", {"role": role, "node_id": f"{role}-00000001"})
    assert [row["name"] for row in await rows(http, "aggregators")] == ["aggregator-00000001"]
    assert [row["name"] for row in await rows(http, "clients")] == ["client-00000001"]
    assert await rows(http, "providers") == []
    assert len(await rows(http, "nodes")) == 2


async def test_a_node_that_went_offline_is_no_peer(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    await advertise(provider, status="offline")
    assert await rows(http, "peers") == []
    assert await rows(http, "models") == []
    assert [row["status"] for row in await rows(http, "providers")] == ["offline"]


async def test_jobs_are_listed_without_anything_private(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    await advertise(provider)
    message = {"role": "user", "content": "my secret canary question"}
    body = {"messages": [message], "modelName": "qwen2.5:0.5b"}
    job = (await http.post("/api/chat", json=body)).json()
    answer = await http.get("/api/jobs?status=assigned")
    assert answer.json()["data"] == [
        {
            "id": None,
            "title": None,
            "status": "assigned",
            "model_name": "qwen2.5:0.5b",
            "payment_offer": "$0.0000",
            "client_name": None,
        }
    ]
    assert job["jobId"] not in answer.text
    assert "canary" not in answer.text
    assert await rows(http, "jobs?status=failed") == []
    assert len(await rows(http, "jobs")) == 1


async def test_models_are_those_served_now(http: httpx.AsyncClient, provider: SignedClient) -> None:
    await advertise(provider)
    assert await rows(http, "models") == [
        {"id": "qwen2.5:0.5b", "name": "qwen2.5:0.5b", "node_count": 1}
    ]


async def test_a_private_node_is_shown_nowhere_but_still_serves(
    plane: RunningControlPlane, http: httpx.AsyncClient, provider: SignedClient
) -> None:
    await advertise(provider)
    await make_private(plane)
    for name in LISTS:
        assert await rows(http, name) == []
    cards = (await http.get("/api/overview")).json()["cards"]
    assert [card["value"] for card in cards] == [0, 0, 0, "never"]
    assert (await http.get("/v1/models")).json()["data"] == []
    body = {"messages": [{"role": "user", "content": "hi"}], "modelName": "qwen2.5:0.5b"}
    assert (await http.post("/api/chat", json=body)).status_code == 200


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("0", 1), ("-5", 1), ("2", 2), ("1000", 30), ("junk", 25), ("", 25), ("1e3", 25)],
)
async def test_a_limit_is_clamped_and_junk_is_the_default(
    limit: str, expected: int, plane: RunningControlPlane, http: httpx.AsyncClient
) -> None:
    for number in range(30):
        async with signed_client(plane.url) as member:
            await member.register(f"provider-{number:08x}")
    assert len(await rows(http, f"providers?limit={limit}")) == expected
    peers = 20 if expected == 25 else expected
    assert len(await rows(http, f"peers?limit={limit}")) == peers


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("", "port must be in [1024, 65535]"),
        ("host=8.8.8.8", "port must be in [1024, 65535]"),
        ("host=8.8.8.8&port=80", "port must be in [1024, 65535]"),
        ("host=8.8.8.8&port=junk", "port must be in [1024, 65535]"),
        ("host=8.8.8.8&port=99999999999", "port must be in [1024, 65535]"),
        ("port=46337", "host required and must be a public address"),
        ("host=127.0.0.1&port=46337", "host required and must be a public address"),
        ("host=2130706433&port=46337", "host required and must be a public address"),
        ("host=169.254.169.254&port=8080", "host required and must be a public address"),
    ],
)
async def test_a_probe_of_what_is_not_public_is_refused(
    query: str, error: str, http: httpx.AsyncClient
) -> None:
    answer = await http.get(f"/api/probe?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"] == error


async def test_a_probe_says_whether_the_port_is_open(
    plane: RunningControlPlane, http: httpx.AsyncClient
) -> None:
    app = plane.server.config.loaded_app
    app.dependency_overrides[public_prober] = lambda: Prober(is_allowed=lambda _: True)

    async def hang_up(_reader: object, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    query = {"host": "127.0.0.1", "port": port}
    async with server:
        found = (await http.get("/api/probe", params=query)).json()
    assert set(found) == {"host", "port", "reachable", "elapsed_ms"}
    assert found["reachable"] is True
    missed = (await http.get("/api/probe", params=query)).json()
    assert missed["reachable"] is False
    assert missed["error"] == "not reachable"


async def test_the_eleventh_probe_in_a_minute_is_refused_whatever_it_claims(tmp_path: Path) -> None:
    async with (
        control_plane(tmp_path, rate_limits=True) as plane,
        httpx.AsyncClient(base_url=plane.url) as http,
    ):
        answers = [
            await http.get("/api/probe", headers={"x-forwarded-for": f"198.51.100.{number}"})
            for number in range(11)
        ]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert answers[-1].json()["error"] == "rate limited"
    assert "resetAt" in answers[-1].json()["detail"]
    assert int(answers[-1].headers["retry-after"]) <= 60


async def test_lists_cannot_be_posted_to(http: httpx.AsyncClient) -> None:
    for name in LISTS:
        assert (await http.post(f"/api/{name}")).status_code == 405
