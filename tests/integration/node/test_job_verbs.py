"""What a node tells of its jobs, over both transports: a real node and a real control plane."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from itertools import islice
from typing import Any

import pytest

from infernet_tui.engines.base import EngineEvent, Failed, GenerateRequest, Meta, Token
from infernet_tui.errors import InfernetError
from infernet_tui.exit_codes import ExitCode
from infernet_tui.node.job_records import JobRecord
from infernet_tui.node.snapshot import snapshot
from tests.support.control_plane import until

from .conftest import LiveNode


async def endless(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
    yield Meta("m", "scripted")
    yield Token("begin")
    yield Token(" on")
    await asyncio.Event().wait()


async def settled(live: LiveNode, job_id: str) -> dict[str, Any]:
    def is_settled() -> bool:
        record = live.node.stats.records.find(job_id)
        return record is not None and record.is_settled

    await until(is_settled)
    return await live.client.job(job_id)


async def test_a_job_is_listed_with_its_figures_and_its_story(live: LiveNode) -> None:
    payment = {"coin": "usdc", "network": "base", "max": 0.02}
    job_id = await live.submit(payment=payment)
    found = await settled(live, job_id)
    job = found["job"]
    assert (job["id"], job["attempt"], job["state"]) == (job_id, 1, "completed")
    assert (job["tokens"], job["promptTokens"], job["sequence"]) == (6, 7, 1)
    assert (job["paymentOffer"], job["paymentCoin"]) == (0.02, "USDC")
    assert job["firstTokenMs"] >= 0
    assert job["finishedAt"] >= job["startedAt"]
    kinds = [event["kind"] for event in found["events"]]
    assert kinds == ["started", "meta", "tokens", "done", "acknowledged"]
    assert "Two" not in str(found), "no text of the answer"
    page = await live.client.jobs()
    assert (page["jobs"], page["total"], page["next"]) == ([job], 1, None)
    assert page["counts"] == {"running": 0, "completed": 1, "failed": 0, "cancelled": 0}
    state = await live.client.status()
    assert (state["jobTotal"], state["jobs"][0]["id"], state["mode"]) == (1, job_id, "background")
    assert state["firstTokenP50Ms"] == job["firstTokenMs"]
    assert state["tokensPerSecond"] > 0
    assert isinstance(state["controlPlaneLatencyMs"], int)
    assert live.node.stats.tokens_total == 6


async def test_a_job_is_followed_until_its_end_is_acknowledged(live: LiveNode) -> None:
    live.engine.script = endless
    job_id = await live.submit()
    await until(lambda: live.node.jobs.runs)
    async with contextlib.aclosing(live.client.stream("job.follow", {"id": job_id})) as events:
        name, first = await anext(events)
        assert (name, first["job"]["state"]) == ("answer", "running")
        await live.client.cancel_job(job_id)
        rest = [event async for event in events]
    assert {name for name, _ in rest} == {"job"}
    last = rest[-1][1]
    assert last["job"]["state"] == "cancelled"
    assert last["events"][-1]["kind"] == "acknowledged"


async def test_the_operator_cancels_a_job_and_it_is_given_back(live: LiveNode) -> None:
    live.engine.script = endless
    job_id = await live.submit()
    await until(lambda: live.engine.running)
    assert await live.client.cancel_job(job_id) == {"id": job_id, "cancelled": True}
    await until(lambda: not live.engine.running)
    assert "operator" in (await settled(live, job_id))["job"]["error"]
    state = await live.client.status()
    assert (state["jobsCancelled"], state["stats"]["jobsFailed"]) == (1, 0)
    row = await live.plane.services.jobs.row(job_id)
    assert (row["status"], row["attempt"]) == ("failed", 1), "there was no other node to try"
    assert await live.client.cancel_job(job_id) == {"id": job_id, "cancelled": False}
    completed = await settled(live, await scripted_anew(live))
    with pytest.raises(InfernetError, match="ended already") as refused:
        await live.client.cancel_job(completed["job"]["id"])
    assert refused.value.code == "job_ended"


async def scripted_anew(live: LiveNode) -> str:
    """A job of an engine that answers again; its id once the node has it."""
    live.engine.script = type(live.engine)().script
    job_id = await live.submit()
    await until(lambda: live.node.stats.records.find(job_id))
    return job_id


async def test_what_an_engine_says_is_cut_before_it_shows_a_prompt(live: LiveNode) -> None:
    async def failing(request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Failed("bad prompt: " + "secret " * 1000, retryable=False)

    live.engine.script = failing
    job_id = await live.submit()
    await until(lambda: live.node.stats.records.find(job_id))
    assert len((await settled(live, job_id))["job"]["error"]) == 256


async def test_following_an_attempt_ends_when_a_newer_one_has_come(live: LiveNode) -> None:
    records = live.node.stats.records
    record = JobRecord("job-1", 1, "m")
    records.add(record)
    records.ended(record, "failed")
    async with contextlib.aclosing(live.client.stream("job.follow", {"id": "job-1"})) as events:
        await anext(events)
        records.add(JobRecord("job-1", 2, "m"))
        live.node.changes.touch()
        async with asyncio.timeout(5):
            assert [event async for event in events] == []


async def test_a_job_taken_over_was_not_acknowledged(live: LiveNode) -> None:
    live.engine.script = endless
    job_id = await live.submit()
    await until(lambda: live.engine.running)
    live.node.jobs.drop((job_id, 1))
    events = (await settled(live, job_id))["events"]
    assert events[-1]["detail"] == "taken over by another node"
    assert "by the control plane" not in str(events)


async def test_an_unknown_job_is_not_found_with_a_way_on(live: LiveNode) -> None:
    for verb in ("job", "job.cancel", "job.explain"):
        with pytest.raises(InfernetError) as missing:
            await live.client.request(verb, {"id": "no/such job?"}, timeout_seconds=10)
        assert missing.value.code == "job_not_found"
        assert missing.value.exit_code == ExitCode.NOT_FOUND
        assert "infernet jobs" in (missing.value.hint or "")


async def test_ten_thousand_jobs_are_paged_and_the_snapshot_stays_cheap(live: LiveNode) -> None:
    records = live.node.stats.records
    for number in range(1, 10_003):
        record = JobRecord(f"job-{number}", 1, "m")
        records.add(record)
        records.ended(record, "failed" if number % 100 == 0 else "completed")
    seen: list[int] = []
    before: int | None = None
    while True:
        page = await live.client.jobs(1000, before)
        seen += [job["sequence"] for job in page["jobs"]]
        before = page["next"]
        if before is None:
            break
    assert seen == list(range(10_002, 2, -1)), "the newest ten thousand, each once"
    assert page["total"] == 10_000
    assert page["counts"] == {"running": 0, "completed": 9_900, "failed": 100, "cancelled": 0}
    failed = await live.client.request("jobs", {"limit": 7, "state": "failed"})
    assert [job["id"] for job in failed["jobs"]] == [f"job-{n}00" for n in range(100, 93, -1)]
    assert (await live.client.request("jobs", {"limit": 1, "before": 3}))["jobs"] == []
    fastest = min(_seconds(lambda: snapshot(live.node)) for _ in range(20))
    assert fastest < 0.005, "it looks at fifty of them"


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


async def test_a_wrong_payload_is_refused_by_name(live: LiveNode) -> None:
    for payload in ({"limit": 0}, {"limit": 1001}, {"before": "x"}, {"state": "odd"}):
        (name,) = payload
        with pytest.raises(InfernetError, match=f"`{name}`") as wrong:
            await live.client.request("jobs", payload)
        assert wrong.value.code == "usage"


async def test_a_bug_in_a_verb_is_answered_and_logged(
    live: LiveNode, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**_options: object) -> object:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(live.node.stats.records, "newest", broken)
    with pytest.raises(InfernetError) as bug:
        await live.client.jobs()
    assert bug.value.code == "bug"
    assert bug.value.hint == "infernet logs"
    assert "secret detail" not in bug.value.message
    assert "ZeroDivisionError: secret detail" in caplog.text
    assert await live.client.ping(), "the node goes on"


async def test_why_a_job_came_here_is_explained(live: LiveNode) -> None:
    live.engine.script = endless
    job_id = await live.submit()
    await until(lambda: live.engine.running)
    running = await live.client.ask_network("job.explain", {"id": job_id})
    (attempt,) = running["attempts"]
    assert (attempt["number"], attempt["is_self"], attempt["state"]) == (1, True, "running")
    assert attempt["node_id"] == live.node.identity.node_id
    assert attempt["decision"]["candidates"][0]["node_id"] == attempt["node_id"]
    assert "Attempt 1 went to this node; it runs now" in running["sentences"][0]
    assert "only free node" in running["sentences"][1]
    await live.client.cancel_job(job_id)
    await settled(live, job_id)
    await until(lambda: job_id not in live.plane.services.dispatcher.live)
    stored = await live.client.ask_network("job.explain", {"id": job_id})
    assert stored["attempts"][0]["state"] == "failed"
    assert stored["attempts"][0]["decision"] == attempt["decision"]


async def test_the_newest_fifty_jobs_are_in_the_snapshot(live: LiveNode) -> None:
    for number in range(60):
        live.node.stats.records.add(JobRecord(f"job-{number}", 1, None))
    jobs = (await live.client.status())["jobs"]
    assert [job["sequence"] for job in jobs] == list(islice(range(60, 0, -1), 50))
