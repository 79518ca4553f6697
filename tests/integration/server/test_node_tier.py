"""The signed HTTP tier, as the existing network's nodes use it."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from infernet_protocol.keys import SecretKey
from tests.support.control_plane import RunningControlPlane, control_plane
from tests.support.signed_client import SignedClient, signed_client
from tests.support.sse import read_stream, text_of

PROVIDER_COLUMNS = (
    "id name status gpu_model price reputation created_at node_id public_key address port specs"
    " last_seen is_public"
)
MESSAGES = [{"role": "user", "content": "what is 2+2?"}]


async def submit(http: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await http.post("/api/chat", json={"messages": MESSAGES} | fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_polled_job_is_answered_and_streamed(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    job = await submit(http)
    polled = (await provider.call("jobs/poll", {}))["jobs"]
    assert [item["id"] for item in polled] == [job["jobId"]]
    assert polled[0]["status"] == "assigned"
    assert polled[0]["input_spec"] == {
        "messages": MESSAGES,
        "max_tokens": 512,
        "temperature": 0.7,
    }
    path = f"jobs/{job['jobId']}"
    events = [{"event_type": "meta", "data": {"model": "m"}}] + [
        {"event_type": "token", "data": {"text": text}} for text in ("4", "!")
    ]
    assert await provider.call(f"{path}/events", {"events": events}) == {"inserted": 3}
    done = {"event_type": "done", "data": {"text": "4!", "reason": "stop"}}
    assert await provider.call(f"{path}/events", {"events": [done]}) == {"inserted": 1}
    result = {"type": "chat", "text": "4!", "token_count": 2, "duration_ms": 5}
    finished = await provider.call(f"{path}/complete", {"status": "completed", "result": result})
    assert finished["status"] == "completed"

    frames = await read_stream(http, job["streamUrl"])
    assert [frame.kind for frame in frames] == ["job", "meta", "token", "token", "done"]
    assert [frame.id for frame in frames] == [None, 1, 2, 3, 4]
    assert text_of(frames) == "4!"


async def test_a_claimed_job_is_never_polled_twice(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    await submit(http)
    polls = await asyncio.gather(*(provider.call("jobs/poll", {}) for _ in range(8)))
    assert sum(len(poll["jobs"]) for poll in polls) == 1
    assert (await provider.call("jobs/poll", {}))["jobs"] == []


async def test_a_poll_that_waits_gets_the_job_at_once(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    waiting = asyncio.create_task(provider.call("jobs/poll", {"wait": 20}))
    job = await submit(http)
    jobs = (await waiting)["jobs"]
    assert [item["id"] for item in jobs] == [job["jobId"]]


async def test_a_repeated_complete_pays_and_changes_nothing(
    plane: RunningControlPlane, http: httpx.AsyncClient, provider: SignedClient
) -> None:
    body = {
        "type": "chat",
        "input": {"messages": MESSAGES},
        "payment": {"coin": "usdc", "network": "base", "max": 0.02},
    }
    job = (await http.post("/api/jobs/submit", json=body)).json()
    await provider.call("jobs/poll", {})
    path = f"jobs/{job['jobId']}/complete"
    first = await provider.call(path, {"status": "completed", "result": {"text": "4"}})
    repeats = [provider.call(path, {"status": "completed"}) for _ in range(5)]
    repeats += [provider.call(path, {"status": "failed", "error": "no"}) for _ in range(5)]
    for answer in await asyncio.gather(*repeats):
        assert answer["status"] == first["status"] == "completed"
    payments = (await provider.call("payments/list", {"role": "provider"}))["rows"]
    seen = [(p["amount"], p["coin"], p["network"], p["status"]) for p in payments]
    assert seen == [(0.02, "USDC", "base", "pending")]
    status = (await http.get(f"/api/chat/{job['jobId']}/status")).json()
    assert status["status"] == "completed"
    assert status["error"] is None


async def test_events_after_the_end_are_dropped_with_200(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    job = await submit(http)
    await provider.call("jobs/poll", {})
    path = f"jobs/{job['jobId']}"
    await provider.call(f"{path}/complete", {"status": "completed", "result": {"text": "4"}})
    late = {"events": [{"event_type": "token", "data": {"text": "late"}}]}
    assert await provider.call(f"{path}/events", late) == {"inserted": 0, "stale": True}
    assert text_of(await read_stream(http, job["streamUrl"])) == "4"


async def test_a_failed_job_goes_to_another_node_and_the_client_sees_no_error(
    plane: RunningControlPlane, http: httpx.AsyncClient
) -> None:
    async with signed_client(plane.url) as first, signed_client(plane.url) as second:
        clients = {await c.register(f"provider-{n}"): c for n, c in enumerate((first, second))}
        job = await submit(http)
        path = f"jobs/{job['jobId']}"
        unlucky = clients.pop(job["provider"]["id"])
        (lucky,) = clients.values()
        await unlucky.call("jobs/poll", {})
        error = {"event_type": "error", "data": {"message": "CUDA out of memory"}}
        await unlucky.call(f"{path}/events", {"events": [error, error]})
        await unlucky.call(f"{path}/complete", {"status": "failed", "error": "CUDA out of memory"})
        assert [item["attempt"] for item in (await lucky.call("jobs/poll", {}))["jobs"]] == [2]
        stale = await unlucky.call(f"{path}/events", {"events": [error]})
        assert stale == {"inserted": 0, "stale": True}
        await lucky.call(f"{path}/complete", {"status": "completed", "result": {"text": "4"}})
        frames = await read_stream(http, job["streamUrl"])
        assert [frame.kind for frame in frames] == ["job", "token", "done"]


async def test_an_engine_error_that_nobody_can_mend_reaches_the_client_once(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    job = await submit(http)
    await provider.call("jobs/poll", {})
    path = f"jobs/{job['jobId']}"
    error = {"event_type": "error", "data": {"message": "CUDA out of memory"}}
    await provider.call(f"{path}/events", {"events": [error]})
    await provider.call(f"{path}/events", {"events": [error]})
    await provider.call(f"{path}/complete", {"status": "failed", "error": "other words"})
    frames = await read_stream(http, job["streamUrl"])
    assert [(f.kind, f.data.get("message")) for f in frames[1:]] == [
        ("error", "CUDA out of memory")
    ]
    assert frames[-1].data["code"] == "engine_failed"


async def test_me_is_null_before_and_a_whole_row_after_registering(
    plane: RunningControlPlane,
) -> None:
    async with signed_client(plane.url) as client:
        assert await client.call("me", {"role": "provider"}) == {"row": None}
        missing = await client.post("heartbeat", {"role": "provider"})
        assert missing.status_code == 404
        assert missing.json()["error"] == "no row for this pubkey — call /register first"
        row_id = await client.register("provider-1", gpu_model="A100", port=46337)
        row = (await client.call("me", {"role": "PROVIDER"}))["row"]
        assert row["id"] == row_id
        assert set(row) == set(PROVIDER_COLUMNS.split())
        assert (row["reputation"], row["price"], row["port"]) == (50, 0, 46337)


async def test_registering_again_keeps_what_heartbeats_told(provider: SignedClient) -> None:
    specs = {"served_models": ["a"], "bench": {"tokens_per_second_avg": 5}}
    await provider.call("heartbeat", {"role": "provider", "specs": specs})
    await provider.register("provider-00000001", specs={"gpus": [{"vendor": "NVIDIA"}]})
    row = (await provider.call("me", {"role": "provider"}))["row"]
    assert row["specs"]["served_models"] == ["a"]
    assert row["specs"]["gpus"] == [{"vendor": "nvidia", "vram_tier": "unknown", "model": None}]


async def test_a_node_id_belongs_to_the_key_that_took_it(
    plane: RunningControlPlane, provider: SignedClient
) -> None:
    async with signed_client(plane.url) as thief:
        body = {"role": "provider", "node_id": "provider-00000001"}
        refused = await thief.post("register", body)
    assert refused.status_code == 403
    assert refused.json()["error"] == "node_id is registered to a different pubkey"


async def test_a_client_may_register_with_a_port(plane: RunningControlPlane) -> None:
    async with signed_client(plane.url) as client:
        body = {"role": "client", "node_id": "client-1", "port": 46337}
        assert (await client.call("register", body))["node_id"] == "client-1"
        await client.call("heartbeat", {"role": "client", "port": 46337})
        row = (await client.call("me", {"role": "client"}))["row"]
        assert row["status"] == "active"
        assert "port" not in row


async def test_remove_deletes_once(provider: SignedClient) -> None:
    first = await provider.call("remove", {"role": "provider"})
    assert first["deleted"] is True
    assert await provider.call("remove", {"role": "provider"}) == {"deleted": False}


async def test_payouts_have_one_default(provider: SignedClient) -> None:
    addresses = [("btc", "bitcoin", "bc1q"), ("USDC", "base", "0x2"), ("USDC", "base", "0x1")]
    for coin, network, address in [*addresses, addresses[-1]]:
        body = {"coin": coin, "network": network, "address": address}
        row = (await provider.call("payouts/set", body))["row"]
        assert row["is_default"] is True
    rows = (await provider.call("payouts/list", {}))["rows"]
    assert [(row["address"], row["is_default"]) for row in rows] == [
        ("0x1", True),
        ("bc1q", False),
        ("0x2", False),
    ]
    refused = await provider.post("payouts/set", {"coin": "BTC", "address": 5})
    assert refused.status_code == 400
    assert refused.json()["error"] == "coin, network, and address are required"


async def test_an_owners_order_is_handed_out_once(
    plane: RunningControlPlane, provider: SignedClient
) -> None:
    issue = plane.services.nodes.issue_command
    command_id = await issue(provider.public_key, "model_install", {"model": "m"})
    polled = (await provider.call("commands/poll", {}))["commands"]
    assert polled == [{"id": command_id, "command": "model_install", "args": {"model": "m"}}]
    assert (await provider.call("commands/poll", {}))["commands"] == []
    path = f"commands/{command_id}/complete"
    refused = await provider.post(path, {"status": "maybe"})
    assert refused.json()["error"] == "status must be completed | failed"
    done = await provider.call(path, {"status": "completed", "result": {"code": 0}})
    assert done == {"id": command_id, "status": "completed"}
    async with signed_client(plane.url) as other:
        refused = await other.post(path, {"status": "completed"})
        assert (refused.status_code, refused.json()["error"]) == (
            403,
            "command does not target this pubkey",
        )


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("register", {"node_id": "x"}, 400, "role must be one of: provider, aggregator, client"),
        ("register", {"role": "provider"}, 400, "node_id is required"),
        ("register", {"role": "provider", "node_id": 5}, 400, "node_id is required"),
        ("jobs/nope/events", {"events": [{"event_type": "token"}]}, 404, "job not found"),
        ("jobs/nope/events", {"events": []}, 400, "events[] is required"),
        ("jobs/nope/events", {"events": [{"event_type": "x"}]}, 400, "event_type must be one of"),
        ("jobs/nope/events", {"events": [{"event_type": "meta"}] * 201}, 400, "too many events"),
        ("jobs/nope/events", {"events": [{"event_type": "meta"}]}, 404, "job not found"),
        ("jobs/nope/complete", {}, 404, "job not found"),
        ("commands/nope/complete", {"status": "completed"}, 404, "command not found"),
    ],
)
async def test_bad_requests_are_refused_in_the_wires_words(
    provider: SignedClient, path: str, body: Any, status: int, words: str
) -> None:
    answer = await provider.post(path, body)
    assert (answer.status_code, answer.json()["error"][: len(words)]) == (status, words)


async def test_another_providers_job_is_refused(
    plane: RunningControlPlane, http: httpx.AsyncClient, provider: SignedClient
) -> None:
    job = await submit(http)
    async with signed_client(plane.url) as other:
        answer = await other.post(f"jobs/{job['jobId']}/complete", {"status": "completed"})
        assert answer.status_code == 403
        assert answer.json()["error"] == "job not assigned to this provider"


async def test_a_request_is_served_once(provider: SignedClient) -> None:
    body = orjson.dumps({"role": "provider"})
    header = provider.envelope("POST", "/api/v1/node/heartbeat", body)
    assert (await provider.send("heartbeat", body, header)).status_code == 200
    replayed = await provider.send("heartbeat", body, header)
    assert (replayed.status_code, replayed.json()["error"]) == (401, "nonce already used")


@pytest.mark.parametrize("version", [1, 2])
async def test_a_changed_request_is_refused(plane: RunningControlPlane, version: int) -> None:
    async with signed_client(plane.url, version) as client:
        body = orjson.dumps({"role": "provider"})
        sign = client.envelope
        path = "/api/v1/node/me"
        now = int(time.time())
        for header, words in (
            (sign("POST", path, b"{}"), "signature verification failed"),
            (sign("GET", path, body), "signature verification failed"),
            (sign("POST", path + "?a", body), "signature verification failed"),
            (sign("POST", path, body, created_at=now - 90), "timestamp outside replay window"),
            ("e30", "unsupported envelope version: NoneType"),
            ("!", "invalid X-Infernet-Auth envelope"),
        ):
            answer = await client.send("me", body, header)
            assert answer.status_code == 401
            assert answer.json()["error"].startswith(words)
        assert (await client.http.post(path)).json()["error"] == "missing X-Infernet-Auth header"


async def test_version_2_is_bound_to_the_host(plane: RunningControlPlane) -> None:
    async with signed_client(plane.url, 2) as client:
        body = orjson.dumps({"role": "provider"})
        header = client.envelope("POST", "/api/v1/node/me", body, host="other.example")
        answer = await client.send("me", body, header)
        assert answer.json()["error"].startswith("signature verification failed")


async def test_nonsense_of_a_megabyte_is_refused_before_its_signature(
    provider: SignedClient,
) -> None:
    too_long = await provider.send("me", b"\x00" * (1024 * 1024 + 1))
    assert too_long.status_code == 413
    nonsense = await provider.send("me", b"\xff" * 1000)
    assert (nonsense.status_code, nonsense.json()["error"][:17]) == (400, "invalid JSON body")
    deep = await provider.send("me", b'{"a":' * 500 + b"1" + b"}" * 500)
    assert deep.status_code == 400


async def test_a_restart_does_not_forget_envelopes(tmp_path: Path) -> None:
    body = orjson.dumps({"role": "provider"})
    async with control_plane(tmp_path) as plane, signed_client(plane.url) as client:
        await client.register("provider-1")
        key, port = client.key, client.http.base_url.port or 0
        header = client.envelope("POST", "/api/v1/node/heartbeat", body)
        assert (await client.send("heartbeat", body, header)).status_code == 200
    async with (
        control_plane(tmp_path, port=port) as plane,
        signed_client(plane.url, key=key) as client,
    ):
        replayed = await client.send("heartbeat", body, header)
        assert (replayed.status_code, replayed.json()["error"]) == (401, "nonce already used")


async def test_one_key_in_two_roles_is_two_rows(plane: RunningControlPlane) -> None:
    async with signed_client(plane.url, key=SecretKey.generate()) as client:
        first = await client.register("provider-9")
        second = await client.call("register", {"role": "aggregator", "node_id": "aggregator-9"})
        assert first != second["id"]
        assert (await client.call("payments/list", {"role": "aggregator"})) == {"rows": []}
