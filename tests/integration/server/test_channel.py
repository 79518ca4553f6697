"""The node channel: push, acknowledgement, loss, take-over, resume."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from infernet_protocol import endpoints
from infernet_server.storage.nodes import find_command
from tests.support.channel_node import channel_node
from tests.support.control_plane import RunningControlPlane, control_plane, eventually, until
from tests.support.signed_client import SignedClient, signed_client
from tests.support.sse import open_stream, read_stream, text_of

MESSAGES = [{"role": "user", "content": "what is 2+2?"}]


async def submit(http: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await http.post("/api/chat", json={"messages": MESSAGES} | fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_job_is_pushed_answered_and_acknowledged(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    async with channel_node(provider) as node:
        job = await submit(http)
        offer = await node.next("job")
        assert (offer["job"]["id"], offer["attempt"]) == (job["jobId"], 1)
        await node.answer(offer, "2 + 2", " = 4")
        frames = await read_stream(http, job["streamUrl"])
        assert text_of(frames) == "2 + 2 = 4"
        assert frames[-1].data["text"] == "2 + 2 = 4"
        ack = await node.next("ack")
        while not ack.get("final"):
            ack = await node.next("ack")
        assert ack["job_id"] == job["jobId"]
    status = (await http.get(f"/api/chat/{job['jobId']}/status")).json()
    assert status["status"] == "completed"


async def test_a_node_lost_before_its_first_token_is_replaced_in_silence(tmp_path: Path) -> None:
    async with (
        control_plane(tmp_path, lost_node_grace_seconds=0.05) as plane,
        httpx.AsyncClient(base_url=plane.url) as http,
        signed_client(plane.url) as one,
        signed_client(plane.url) as two,
    ):
        ids = [await one.register("provider-1"), await two.register("provider-2")]
        async with channel_node(one) as first, channel_node(two) as second:
            job = await submit(http)
            nodes = [first, second]
            lost = nodes.pop(ids.index(job["provider"]["id"]))
            await lost.next("job")
            lost.socket.transport.abort()
            offer = await nodes[0].next("job")
            assert offer["attempt"] == 2
            await nodes[0].answer(offer, "4")
            frames = await read_stream(http, job["streamUrl"])
            assert [frame.kind for frame in frames] == ["job", "token", "done"]


async def test_a_silent_node_loses_its_lease(tmp_path: Path) -> None:
    async with (
        control_plane(tmp_path, lease_seconds=0.3) as plane,
        httpx.AsyncClient(base_url=plane.url) as http,
        signed_client(plane.url) as one,
        signed_client(plane.url) as two,
    ):
        ids = [await one.register("provider-1"), await two.register("provider-2")]
        async with channel_node(one) as first, channel_node(two) as second:
            job = await submit(http)
            nodes = [first, second]
            silent = nodes.pop(ids.index(job["provider"]["id"]))
            offer = await nodes[0].next("job")
            await nodes[0].answer(offer, "4")
            assert text_of(await read_stream(http, job["streamUrl"])) == "4"
            cancel = await silent.next("cancel")
            assert (cancel["job_id"], cancel["attempt"]) == (job["jobId"], 1)
            await silent.tokens({"job": {"id": job["jobId"]}, "attempt": 1}, "late")
            stale = await silent.next("ack")
            assert stale["stale"] is True


async def test_heartbeats_that_name_the_job_keep_the_lease(tmp_path: Path) -> None:
    async with (
        control_plane(tmp_path, lease_seconds=0.4) as plane,
        httpx.AsyncClient(base_url=plane.url) as http,
        signed_client(plane.url) as client,
    ):
        await client.register("provider-1")
        async with channel_node(client) as node:
            job = await submit(http)
            offer = await node.next("job")
            about = {"job_id": job["jobId"], "attempt": 1}
            live = plane.services.dispatcher.live[job["jobId"]]
            for _ in range(3):
                assert live.attempt
                before = live.attempt.lease_until
                await node.send("heartbeat", active_jobs=[about])
                await until(lambda b=before: live.attempt and live.attempt.lease_until > b)
            await node.answer(offer, "4")
            assert text_of(await read_stream(http, job["streamUrl"])) == "4"


async def test_a_node_lost_after_its_first_token_ends_the_stream_with_one_error(
    tmp_path: Path,
) -> None:
    async with (
        control_plane(tmp_path, lost_node_grace_seconds=0.05) as plane,
        httpx.AsyncClient(base_url=plane.url) as http,
        signed_client(plane.url) as one,
        signed_client(plane.url) as two,
    ):
        ids = [await one.register("provider-1"), await two.register("provider-2")]
        async with channel_node(one) as first, channel_node(two) as second:
            job = await submit(http)
            lost = (first, second)[ids.index(job["provider"]["id"])]
            await lost.tokens(await lost.next("job"), "2 +")
            async with open_stream(http, job["streamUrl"]) as stream:
                await stream.next("token")
                lost.socket.transport.abort()
                error = await stream.next("token", "error")
            assert (error.kind, error.data["code"]) == ("error", "provider_lost")


async def test_a_node_that_can_continue_takes_over_in_the_middle_of_a_sentence(
    tmp_path: Path,
) -> None:
    async with (
        control_plane(tmp_path, lost_node_grace_seconds=0.05) as plane,
        httpx.AsyncClient(base_url=plane.url) as http,
        signed_client(plane.url) as one,
        signed_client(plane.url) as two,
    ):
        ids = [await one.register("provider-1"), await two.register("provider-2")]
        specs = {"served_models": ["m"], "prefill_models": ["m"]}
        async with (
            channel_node(one, specs=specs) as first,
            channel_node(two, specs=specs) as second,
        ):
            job = await submit(http, maxTokens=10)
            nodes = [first, second]
            lost = nodes.pop(ids.index(job["provider"]["id"]))
            offer = await lost.next("job")
            meta = {"event_type": "meta", "data": {"model": "m"}}
            about = {"job_id": job["jobId"], "attempt": 1}
            await lost.send("events", **about, seq=1, events=[meta])
            await lost.tokens(offer, "2 +", " 2", seq=2)
            async with open_stream(http, job["streamUrl"]) as stream:
                await stream.next("token")
                await stream.next("token")
                lost.socket.transport.abort()
                offer = await nodes[0].next("job")
                assert (offer["prefill"], offer["attempt"]) == ("2 + 2", 2)
                assert offer["job"]["model_name"] == "m"
                assert offer["job"]["input_spec"]["max_tokens"] == 8
                usage = {"prompt_tokens": 9, "completion_tokens": 2}
                events = [
                    {"event_type": "token", "data": {"text": " ="}},
                    {"event_type": "token", "data": {"text": " 4"}},
                    {"event_type": "done", "data": {"text": " = 4", "usage": usage}},
                ]
                await nodes[0].send("events", job_id=job["jobId"], attempt=2, seq=1, events=events)
                done = await stream.next("done")
        assert done.data["text"] == "2 + 2 = 4"
        assert done.data["usage"] == {"prompt_tokens": 7, "completion_tokens": 4}
        frames = await read_stream(http, job["streamUrl"])
        assert text_of(frames) == "2 + 2 = 4"
        assert [frame.kind for frame in frames].count("done") == 1


async def test_a_node_that_comes_back_goes_on_where_it_was(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    async with channel_node(provider) as node:
        job = await submit(http)
        offer = await node.next("job")
        await node.tokens(offer, "2", " +", " 2")
        async with open_stream(http, job["streamUrl"]) as stream:
            for _ in range(3):
                await stream.next("token")
        node.socket.transport.abort()
    point = {"job_id": job["jobId"], "attempt": 1, "last_seq": 4}
    async with channel_node(provider, resume=[point]) as node:
        assert node.welcome["resume"] == [{"job_id": job["jobId"], "attempt": 1, "last_seq": 3}]
        # Sent again from too early on: what is known already is dropped.
        await node.tokens(offer, " 2", " =", seq=3)
        await node.answer(offer, " 4", seq=5)
        frames = await read_stream(http, job["streamUrl"])
    assert text_of(frames) == "2 + 2 = 4"
    assert [frame.id for frame in frames[1:]] == [1, 2, 3, 4, 5, 6]


async def test_a_node_that_restarted_gets_a_push_it_never_saw_again(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    async with channel_node(provider) as node:
        job = await submit(http)
        node.socket.transport.abort()
    async with channel_node(provider) as node:
        offer = await node.next("job")
        assert offer["job"]["id"] == job["jobId"]
        await node.answer(offer, "4")
        assert text_of(await read_stream(http, job["streamUrl"])) == "4"


async def test_a_restart_of_the_control_plane_under_a_waiting_stream_loses_nothing(
    tmp_path: Path,
) -> None:
    async with control_plane(tmp_path) as plane:
        port = int(plane.url.rsplit(":", 1)[1])
        async with signed_client(plane.url) as provider, httpx.AsyncClient() as http:
            await provider.register("provider-1")
            key = provider.key
            async with channel_node(provider) as node:
                submitted = await http.post(f"{plane.url}/api/chat", json={"messages": MESSAGES})
                job = dict(submitted.json())
                offer = await node.next("job")
                await node.tokens(offer, "2", " +")
                async with open_stream(http, plane.url + job["streamUrl"]) as stream:
                    await stream.next("token")
                    seen = await stream.next("token")
                waiting = plane.services.dispatcher.live[job["jobId"]]
                await until(lambda: waiting.attempt and waiting.attempt.stored_seq == 2)
    async with (
        control_plane(tmp_path, port=port) as plane,
        signed_client(plane.url, key=key) as provider,
        httpx.AsyncClient(base_url=plane.url) as http,
    ):
        following = asyncio.create_task(read_stream(http, job["streamUrl"], after=seen.id))
        point = {"job_id": job["jobId"], "attempt": 1, "last_seq": 3}
        async with channel_node(provider, resume=[point]) as node:
            assert node.welcome["resume"][0]["last_seq"] == 2
            await node.answer(offer, " 2", " = 4", seq=3)
            frames = await following
    assert [(f.id, f.kind) for f in frames[1:]] == [(3, "token"), (4, "token"), (5, "done")]
    assert frames[-1].data["text"] == "2 + 2 = 4"


async def test_a_second_connection_with_the_same_key_takes_over(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    async with channel_node(provider) as old, channel_node(provider) as new:
        bye = await old.next("bye")
        assert bye["retry_after"] > 0
        job = await submit(http)
        assert (await new.next("job"))["job"]["id"] == job["jobId"]


async def test_deleting_a_job_stops_the_node(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    async with channel_node(provider) as node:
        job = await submit(http)
        await node.tokens(await node.next("job"), "2")
        answer = await http.delete(f"/api/jobs/{job['jobId']}")
        assert answer.json() == {"jobId": job["jobId"], "status": "cancelled", "cancelled": True}
        assert (await node.next("cancel"))["job_id"] == job["jobId"]
        frames = await read_stream(http, job["streamUrl"])
        assert frames[-1].data["code"] == "cancelled"
        again = await http.delete(f"/api/jobs/{job['jobId']}")
        assert again.json()["status"] == "cancelled"


async def test_a_client_that_hangs_up_on_its_own_stream_stops_the_node(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    async with channel_node(provider) as node:
        job = await submit(http, stream=True)
        await node.tokens(await node.next("job"), "2")
        async with open_stream(http, job["streamUrl"]) as stream:
            await stream.next("token")
        assert (await node.next("cancel"))["job_id"] == job["jobId"]


async def test_a_job_waits_in_line_while_the_node_is_full(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    load = {"load": {"active_jobs": 0, "concurrency_cap": 1}}
    async with channel_node(provider, specs=load) as node:
        first = await submit(http)
        offer = await node.next("job")
        second = await submit(http)
        assert (second["status"], second["provider"]) == ("pending", None)
        async with open_stream(http, second["streamUrl"]) as stream:
            notice = await stream.next("queue")
            assert (notice.id, notice.data) == (None, {"position": 1})
            await node.answer(offer, "one")
            await node.answer(await node.next("job"), "two")
            assert (await stream.next("done")).data["text"] == "two"
        assert text_of(await read_stream(http, first["streamUrl"])) == "one"


async def test_tool_calls_are_held_until_they_are_whole(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    async with channel_node(provider) as node:
        spec = {"messages": MESSAGES, "tools": [{"type": "function", "function": {"name": "f"}}]}
        job = (await http.post("/api/jobs/submit", json={"type": "chat", "input": spec})).json()
        offer = await node.next("job")
        assert offer["job"]["input_spec"]["tools"] == spec["tools"]
        await node.tokens(offer, "half")
        live = (await http.get(f"/api/chat/{job['jobId']}/status")).json()
        assert live["status"] in ("assigned", "running")
        about = {"job_id": job["jobId"], "attempt": 1}
        await node.send("complete", **about, status="failed", error="died", retryable=True)
        frames = await read_stream(http, job["streamUrl"])
        assert [frame.kind for frame in frames] == ["job", "error"]


async def test_an_order_reaches_a_connected_node(
    plane: RunningControlPlane, provider: SignedClient
) -> None:
    nodes = plane.services.nodes
    command_id = await nodes.issue_command(provider.public_key, "model_remove", {"model": "m"})
    async with channel_node(provider) as node:
        command = await node.next("command")
        assert (command["id"], command["args"]) == (command_id, {"model": "m"})
        result = {"stdout": "", "stderr": "", "code": 0}
        await node.send("command_result", id=command_id, status="completed", result=result)

    async def is_stored() -> bool:
        row = await plane.services.database.read(find_command, command_id)
        return row is not None and (row["status"], row["result"]) == ("completed", result)

    await eventually(is_stored)


async def test_an_unregistered_key_is_told_to_register(plane: RunningControlPlane) -> None:
    async with signed_client(plane.url) as stranger:
        with pytest.raises(InvalidStatus) as refused:
            async with channel_node(stranger):
                pass
    assert refused.value.response.status_code == 404
    body = orjson.loads(refused.value.response.body or b"")
    assert body["code"] == "not_found"


async def test_an_unsigned_upgrade_is_refused(plane: RunningControlPlane) -> None:
    url = plane.url.replace("http", "ws") + endpoints.CHANNEL
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, proxy=None):
            pass
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize(
    "frame",
    ["not json", "[]", '{"type": 5}', '{"type":"accept"}', '{"type":"events","job_id":1}'],
)
async def test_a_broken_frame_ends_the_connection_with_a_reason(
    provider: SignedClient, frame: str
) -> None:
    async with channel_node(provider) as node:
        await node.socket.send(frame)
        bye = await node.next("bye")
        assert bye["reason"]
        with pytest.raises(ConnectionClosed):
            await node.socket.recv()
    assert (await provider.call("me", {"role": "provider"}))["row"] is not None


async def test_broken_events_end_the_attempt_and_not_the_connection(
    http: httpx.AsyncClient, provider: SignedClient
) -> None:
    async with channel_node(provider) as node:
        job = await submit(http)
        offer = await node.next("job")
        about = {"job_id": job["jobId"], "attempt": offer["attempt"]}
        await node.send("events", **about, seq=1, events=[{"event_type": "rm -rf"}])
        frames = await read_stream(http, job["streamUrl"])
        assert "broken events" in frames[-1].data["message"]
        assert (await node.next("ack"))["stale"] is True


async def test_a_draining_node_gets_nothing_new_and_finishes_what_it_has(
    plane: RunningControlPlane, http: httpx.AsyncClient, provider: SignedClient
) -> None:
    async with channel_node(provider) as node:
        job = await submit(http)
        offer = await node.next("job")
        await node.send("drain")
        directory = plane.services.directory
        found = directory.by_provider_id(job["provider"]["id"])
        assert found
        await until(lambda: found.is_draining)
        refused = await http.post("/api/chat", json={"messages": MESSAGES})
        assert refused.status_code in (200, 503)
        await node.answer(offer, "4")
        assert text_of(await read_stream(http, job["streamUrl"])) == "4"
