"""The node's end of the channel, against a server that does exactly what the test says."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infernet_tui.engines.base import Done, EngineEvent, GenerateRequest, Meta, Token
from tests.support.scripted_channel import ChannelServer, Session
from tests.support.scripted_engine import ScriptedEngine

from .conftest import RunNode


@pytest.fixture
async def server() -> AsyncIterator[ChannelServer]:
    async with ChannelServer() as running:
        yield running


class Received:
    """What the server has of one attempt, put together the way a control plane does."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.completion: dict[str, Any] = {}

    async def take(self, session: Session, until: int | None = None) -> None:
        """Receive until the completion, or until that many events are here."""
        while not self.completion and (until is None or len(self.events) < until):
            message = await session.receive("events", "complete")
            if message["type"] == "complete":
                self.completion = message
                return
            assert message["seq"] <= len(self.events) + 1, "a gap"
            self.events += message["events"][len(self.events) + 1 - message["seq"] :]

    @property
    def kinds(self) -> list[str]:
        return [event["event_type"] for event in self.events]

    @property
    def text(self) -> str:
        return "".join(e["data"]["text"] for e in self.events if e["event_type"] == "token")


async def counting(request: GenerateRequest) -> AsyncIterator[EngineEvent]:
    """As many numbered tokens as the prompt says."""
    yield Meta("m", "scripted")
    for number in range(int(request.messages[0]["content"])):
        yield Token(f"{number} ")
        if number % 16 == 0:
            await asyncio.sleep(0)
    yield Done("stop")


def numbers(count: int) -> str:
    return "".join(f"{number} " for number in range(count))


async def test_hello_says_who_and_what_this_node_is(
    server: ChannelServer, run_node: RunNode
) -> None:
    async with run_node(server.url, ScriptedEngine(), capacity=3):
        hello = await (await server.session()).greet()
    assert (hello["protocol"], hello["role"], hello["capacity"]) == (1, "provider", 3)
    assert hello["specs"]["served_models"] == ["scripted"]
    assert hello["resume"] == []
    assert server.registrations == 1


async def test_a_pushed_job_is_accepted_streamed_and_completed(
    server: ChannelServer, run_node: RunNode
) -> None:
    async with run_node(server.url, ScriptedEngine()) as node:
        session = await server.session()
        await session.greet()
        job_id = await session.offer("what is 2+2?")
        accept = await session.receive("accept")
        assert (accept["job_id"], accept["attempt"]) == (job_id, 1)
        received = Received()
        await received.take(session)
        assert received.kinds == ["meta", *["token"] * 6, "done"]
        done = received.events[-1]["data"]
        assert done["text"] == "Two plus two is four."
        assert done["usage"] == {"prompt_tokens": 7, "completion_tokens": 6}
        assert received.completion["status"] == "completed"
        assert received.completion["usage"] == {"prompt_tokens": 7, "completion_tokens": 6}
        await session.send("ack", job_id=job_id, attempt=1, seq=8, final=True)
        await asyncio.wait_for(node._outbox.emptied(), 5)
        assert node.link.mode == "channel"


async def test_a_cut_socket_loses_and_doubles_nothing(
    server: ChannelServer, run_node: RunNode
) -> None:
    engine = ScriptedEngine(counting)
    async with run_node(server.url, engine):
        session = await server.session()
        await session.greet()
        job_id = await session.offer("3000")
        received = Received()
        for stored in (100, 900, 2500):
            await received.take(session, until=stored)
            session.cut()
            session = await server.session()
            point = {"job_id": job_id, "attempt": 1, "last_seq": len(received.events)}
            hello = await session.greet(resume=[point])
            assert [p["job_id"] for p in hello["resume"]] == [job_id]
        await received.take(session)
        await session.send("ack", job_id=job_id, attempt=1, seq=3002, final=True)
    assert received.text == numbers(3000)
    assert received.kinds.count("done") == 1
    assert len(engine.requests) == 1


async def test_an_unacknowledged_completion_is_sent_again_after_a_reconnect(
    server: ChannelServer, run_node: RunNode
) -> None:
    async with run_node(server.url, ScriptedEngine()) as node:
        session = await server.session()
        await session.greet()
        job_id = await session.offer("hello")
        await Received().take(session)
        session.cut()
        session = await server.session()
        await session.greet(resume=[{"job_id": job_id, "attempt": 1, "last_seq": 8}])
        again = await session.receive("events", "complete")
        assert again["type"] == "complete"
        await session.send("ack", job_id=job_id, attempt=1, seq=8, final=True)
        await asyncio.wait_for(node._outbox.emptied(), 5)


async def test_a_job_that_went_to_another_node_is_dropped_in_silence(
    server: ChannelServer, run_node: RunNode
) -> None:
    async def endless(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        await asyncio.Event().wait()

    engine = ScriptedEngine(endless)
    async with run_node(server.url, engine) as node:
        session = await server.session()
        await session.greet()
        job_id = await session.offer("hello")
        await session.receive("events")
        session.cut()
        session = await server.session()
        stale = {"job_id": job_id, "attempt": 1, "last_seq": 0, "stale": True}
        await session.greet(resume=[stale])
        await asyncio.wait_for(node.jobs.ended(), 5)
        assert engine.running == 0
        assert not node._outbox.attempts


async def test_a_cancel_stops_the_engine_within_a_second(
    server: ChannelServer, run_node: RunNode
) -> None:
    async def endless(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        yield Token("begin")
        await asyncio.Event().wait()

    engine = ScriptedEngine(endless)
    async with run_node(server.url, engine):
        session = await server.session()
        await session.greet()
        job_id = await session.offer("hello")
        await session.receive("events")
        await session.send("cancel", job_id=job_id, attempt=1, reason="client hung up")
        async with asyncio.timeout(1):
            received = Received()
            while not received.completion:
                message = await session.receive("complete")
                received.completion = message
        assert received.completion["status"] == "cancelled"
        assert engine.running == 0
        await session.send("ack", job_id=job_id, attempt=1, seq=0, final=True, stale=True)


async def test_a_cancel_before_the_engine_began_ends_the_attempt(
    server: ChannelServer, run_node: RunNode
) -> None:
    engine = ScriptedEngine()
    async with run_node(server.url, engine) as node:
        session = await server.session()
        await session.greet()
        job_id = await session.offer("hello", job_id="j")
        node.jobs.cancel((job_id, 1), "at once")
        assert (await session.receive("complete"))["job_id"] == "j"
        await session.send("ack", job_id=job_id, attempt=1, seq=9, final=True)
        await asyncio.wait_for(node.jobs.ended(), 5)


async def test_what_the_node_cannot_run_is_declined_with_a_reason(
    server: ChannelServer, run_node: RunNode
) -> None:
    release = asyncio.Event()

    async def waiting(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        await release.wait()
        yield Done("stop")

    async with run_node(server.url, ScriptedEngine(waiting), capacity=1):
        session = await server.session()
        await session.greet()
        first = await session.offer("one")
        assert (await session.receive("accept", "decline"))["type"] == "accept"
        await session.offer("two")
        declined = await session.receive("accept", "decline")
        assert (declined["type"], declined["reason"]) == ("decline", "the node is at capacity")
        await session.send("job", job={"id": "r", "type": "render"}, attempt=1)
        declined = await session.receive("accept", "decline")
        assert declined["reason"] == "this node serves chat jobs, not 'render'"
        release.set()
        await session.receive("complete")
        await session.send("ack", job_id=first, attempt=1, seq=2, final=True)


async def test_the_same_offer_twice_runs_once(server: ChannelServer, run_node: RunNode) -> None:
    engine = ScriptedEngine()
    async with run_node(server.url, engine):
        session = await server.session()
        await session.greet()
        job_id = await session.offer("hello")
        await session.offer("hello", job_id=job_id)
        await session.receive("accept")
        await session.receive("accept")
        await Received().take(session)
        await session.send("ack", job_id=job_id, attempt=1, seq=8, final=True)
    assert len(engine.requests) == 1


async def test_a_command_is_carried_out_and_answered(
    server: ChannelServer, run_node: RunNode
) -> None:
    async with run_node(server.url, ScriptedEngine()):
        session = await server.session()
        await session.greet()
        await session.send("command", id="c1", command="model_install", args={"model": "m"})
        result = await session.receive("command_result")
    assert (result["id"], result["status"], result["error"]) == ("c1", "completed", None)
    assert result["result"]["stdout"] == "pulling manifest\nsuccess\n"


async def test_heartbeats_name_the_attempts_in_progress(
    server: ChannelServer, run_node: RunNode
) -> None:
    release = asyncio.Event()

    async def waiting(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        await release.wait()
        yield Done("stop")

    async with run_node(server.url, ScriptedEngine(waiting)):
        session = await server.session()
        await session.greet(heartbeat_seconds=0.05)
        job_id = await session.offer("hello")
        await session.receive("events")
        beat = await session.receive("heartbeat")
        assert beat["active_jobs"] == [{"job_id": job_id, "attempt": 1}]
        assert beat["specs"]["load"]["active_jobs"] == 1
        release.set()
        await session.receive("complete")
        await session.send("ack", job_id=job_id, attempt=1, seq=2, final=True)


async def test_a_server_that_drains_gets_a_goodbye_once_nothing_is_open(
    server: ChannelServer, run_node: RunNode
) -> None:
    async with run_node(server.url, ScriptedEngine()):
        session = await server.session()
        await session.greet()
        job_id = await session.offer("hello")
        await session.send("drain")
        await Received().take(session)
        await session.send("ack", job_id=job_id, attempt=1, seq=8, final=True)
        assert (await session.receive("bye"))["reason"] == "drained"
        session.over.set()
        await (await server.session()).greet()


async def test_a_stopping_node_says_drain_and_finishes_its_job(
    server: ChannelServer, run_node: RunNode
) -> None:
    release = asyncio.Event()

    async def waiting(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        await release.wait()
        yield Done("stop")

    async with run_node(server.url, ScriptedEngine(waiting)) as node:
        session = await server.session()
        await session.greet()
        job_id = await session.offer("hello")
        await session.receive("accept")
        node.stop()
        await session.receive("drain")
        await session.offer("too late")
        assert (await session.receive("decline"))["reason"] == "the node is stopping"
        release.set()
        assert (await session.receive("complete"))["status"] == "completed"
        await session.send("ack", job_id=job_id, attempt=1, seq=2, final=True)


@pytest.mark.parametrize("status", [400, 404, 405, 426, 501])
async def test_a_server_without_channel_is_polled(
    server: ChannelServer, run_node: RunNode, status: int
) -> None:
    server.answer_upgrades_with = [status] * 100
    async with run_node(server.url, ScriptedEngine()) as node:
        version = 0
        async with asyncio.timeout(5):
            while node.link.mode != "polling":
                version = await node.changes.beyond(version)


async def test_a_busy_server_is_tried_again(server: ChannelServer, run_node: RunNode) -> None:
    server.answer_upgrades_with = [503, 429]
    async with run_node(server.url, ScriptedEngine()):
        await (await server.session()).greet()
