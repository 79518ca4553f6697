"""Submitting, following and looking at jobs as a client."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.control_plane import control_plane
from tests.support.signed_client import SignedClient
from tests.support.sse import read_stream

MESSAGES = [{"role": "user", "content": "what is 2+2?"}]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "Invalid JSON body"),
        (b"[]", "Invalid JSON body"),
        (b"", "messages[] is required"),
        (b"{}", "messages[] is required"),
        (b'{"messages": []}', "messages[] is required"),
        (b'{"messages": "hi"}', "messages[] is required"),
        (b'{"messages": ["hi"]}', "Each message must be { role, content } strings"),
        (b'{"messages": [{"role": "user"}]}', "Each message must be { role, content } strings"),
        (b'{"messages": [{"role": 1, "content": "x"}]}', "Each message must be"),
    ],
)
async def test_a_bad_chat_is_refused_in_the_wires_words(
    http: httpx.AsyncClient, body: bytes, words: str
) -> None:
    answer = await http.post("/api/chat", content=body)
    assert (answer.status_code, answer.json()["error"][: len(words)]) == (400, words)


async def test_nobody_there_is_said_with_a_hint(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/chat", json={"messages": MESSAGES})
    assert answer.status_code == 503
    assert answer.json()["detail"]["hint"]
    assert answer.json()["code"] == "no_provider"


async def test_a_model_nobody_serves_is_named(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    answer = await http.post("/api/chat", json={"messages": MESSAGES, "modelName": "gpt-9"})
    assert answer.status_code == 503
    assert "gpt-9" in answer.json()["error"]
    assert "/v1/models" in answer.json()["hint"]


async def test_optional_fields_of_the_wrong_type_count_as_absent(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    odd = {"messages": MESSAGES, "modelName": 5, "maxTokens": "many", "temperature": []}
    assert (await http.post("/api/chat", json=odd)).status_code == 200
    (job,) = (await provider.call("jobs/poll", {}))["jobs"]
    assert job["input_spec"]["max_tokens"] == 512
    assert job["input_spec"]["temperature"] == 0.7


async def test_an_unknown_jobs_stream_is_one_error_event(http: httpx.AsyncClient) -> None:
    frames = await read_stream(http, "/api/chat/stream/nope")
    assert [(f.kind, f.data) for f in frames] == [
        ("error", {"message": "job not found", "jobId": "nope"})
    ]
    status = await http.get("/api/chat/nope/status")
    assert (status.status_code, status.json()["error"]) == (404, "job not found")
    assert (await http.delete("/api/jobs/nope")).status_code == 404


async def test_the_same_idempotency_key_is_the_same_job(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    headers = {"idempotency-key": "k1"}
    send = [http.post("/api/chat", json={"messages": MESSAGES}, headers=headers) for _ in range(8)]
    jobs = {answer.json()["jobId"] for answer in await asyncio.gather(*send)}
    assert len(jobs) == 1
    other: dict[str, Any] = {"messages": [{"role": "user", "content": "other"}]}
    refused = await http.post("/api/chat", json=other, headers=headers)
    assert refused.status_code == 409


async def test_a_finished_stream_is_replayed_from_anywhere(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    job = (await http.post("/api/chat", json={"messages": MESSAGES})).json()
    await provider.call("jobs/poll", {})
    path = f"jobs/{job['jobId']}"
    tokens = [{"event_type": "token", "data": {"text": str(n)}} for n in range(5)]
    await provider.call(f"{path}/events", {"events": tokens})
    await provider.call(f"{path}/complete", {"status": "completed"})
    for after in range(6):
        frames = await read_stream(http, f"{job['streamUrl']}?after={after}")
        assert [f.id for f in frames[1:]] == list(range(after + 1, 7))


async def test_submits_are_limited_by_address(tmp_path: Path) -> None:
    async with (
        control_plane(tmp_path, rate_limits=True, chat_per_hour=2) as plane,
        httpx.AsyncClient(base_url=plane.url) as http,
    ):
        statuses = [
            (await http.post("/api/chat", content=b"x", headers={"x-forwarded-for": f"1.1.1.{n}"}))
            for n in range(3)
        ]
        assert [answer.status_code for answer in statuses] == [400, 400, 429]
        assert statuses[-1].json()["error"] == "Rate limit exceeded — try again later"
        assert "resetAt" in statuses[-1].json()["detail"]


async def test_unknown_paths_and_wrong_methods_are_json_or_empty(http: httpx.AsyncClient) -> None:
    missing = await http.get("/nope")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    wrong = await http.get("/api/chat")
    assert (wrong.status_code, wrong.content) == (405, b"")


async def test_every_route_is_in_the_schema_with_its_tier(http: httpx.AsyncClient) -> None:
    schema = (await http.get("/openapi.json")).json()
    tiers = {
        (path, method): operation["x-infernet-tier"]
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    }
    assert tiers["/api/v1/node/register", "post"] == "signed"
    assert tiers["/api/v1/node/channel", "get"] == "signed"
    assert tiers["/api/chat", "post"] == "public"
    signed = {path for (path, _), tier in tiers.items() if tier == "signed"}
    assert all(path.startswith("/api/v1/node/") for path in signed)
    assert all(tier == "signed" for (path, _), tier in tiers.items() if "/v1/node/" in path)
