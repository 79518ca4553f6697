"""Small parts of the node, each by itself."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from infernet_tui.engines.base import EngineEvent, GenerateRequest, Meta
from infernet_tui.errors import ConfigError, InfernetError
from infernet_tui.identity import new_identity
from infernet_tui.node.backoff import CEILING_SECONDS, Backoff
from infernet_tui.node.changes import Changes
from infernet_tui.node.commands import model_name
from infernet_tui.node.jobs import Jobs
from infernet_tui.node.logs import PlainFormatter
from infernet_tui.node.offers import JobRefused, Offer
from infernet_tui.node.options import NodeOptions
from infernet_tui.node.outbox import Outbox
from infernet_tui.node.stats import Bench, Stats
from infernet_tui.node.supervisor import SideTaskDied, Supervisor
from infernet_tui.node.watchdog import Watchdog
from tests.support.scripted_engine import ScriptedEngine

CHAT = {"id": "j", "type": "chat", "input_spec": {"messages": [{"role": "user", "content": "?"}]}}


def test_waits_double_with_jitter_up_to_a_ceiling_and_start_over() -> None:
    backoff = Backoff()
    waits = [backoff.next() for _ in range(20)]
    assert 0.25 <= waits[0] <= 0.5
    assert all(wait <= CEILING_SECONDS for wait in waits)
    assert waits[-1] >= CEILING_SECONDS / 2
    backoff.reset()
    assert backoff.next() <= 0.5


async def test_a_side_task_that_dies_stops_the_node_by_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def dies() -> None:
        raise ValueError("out of luck")

    supervisor = Supervisor()
    supervisor.start("heart", dies())
    with pytest.raises(SideTaskDied, match="'heart' ended"):
        await supervisor.watch(asyncio.Event())
    await supervisor.cancel()
    assert "out of luck" in caplog.text


async def test_a_side_task_that_just_ends_stops_the_node_too() -> None:
    supervisor = Supervisor()
    supervisor.start("heart", asyncio.sleep(0))
    with pytest.raises(SideTaskDied, match="without an error"):
        await supervisor.watch(asyncio.Event())
    await supervisor.cancel()


async def test_a_hanging_engine_loses_its_job_to_another_node() -> None:
    async def hangs(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        await asyncio.Event().wait()

    engine, outbox = ScriptedEngine(hangs), Outbox()
    jobs = Jobs(engine, new_identity("provider"), 1, outbox, Stats(), Changes())
    watchdog = Watchdog(engine, jobs, silent_seconds=0.0)
    jobs.start(Offer.parse(CHAT, 1))
    await asyncio.sleep(0)
    await watchdog.look()
    assert not jobs.free_slots, "healthy and silent for a moment is no reason"
    engine.is_healthy = False
    await watchdog.look()
    await asyncio.wait_for(jobs.ended(), 1)
    completion = outbox.attempts[("j", 1)].completion
    assert completion is not None
    assert completion["retryable"] is True
    assert "hangs" in completion["error"]


async def test_an_engine_that_crashes_or_just_stops_fails_the_job(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def crashes(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")
        raise ZeroDivisionError

    async def stops(_request: GenerateRequest) -> AsyncIterator[EngineEvent]:
        yield Meta("m", "scripted")

    outbox = Outbox()
    engine = ScriptedEngine(crashes)
    jobs = Jobs(engine, new_identity("provider"), 2, outbox, Stats(), Changes())
    jobs.start(Offer.parse(CHAT, 1))
    await asyncio.wait_for(jobs.ended(), 1)
    engine.script = stops
    jobs.start(Offer.parse(CHAT, 2))
    await asyncio.wait_for(jobs.ended(), 1)
    for log in outbox.attempts.values():
        _, events = log.take_unsent(10)
        assert [event["event_type"] for event in events] == ["meta", "error"]
        assert log.completion is not None
        assert log.completion["status"] == "failed"
    assert "ZeroDivisionError" in caplog.text


def test_an_offer_is_read_in_the_wires_shape() -> None:
    spec = {
        "messages": [{"role": "user", "content": "?"}],
        "max_tokens": 5,
        "temperature": 0,
        "top_p": 0.5,
        "secret_plan": 1,
    }
    offer = Offer.parse({**CHAT, "model_name": "m", "input_spec": spec}, 2, "So far")
    assert offer.key == ("j", 2)
    request = offer.request
    assert (request.model, request.max_tokens, request.temperature) == ("m", 5, 0.0)
    assert request.options == {"top_p": 0.5}
    assert request.prefill == "So far"


@pytest.mark.parametrize(
    "job", [{**CHAT, "type": "render"}, {**CHAT, "input_spec": None}, {"id": "j", "type": "chat"}]
)
def test_an_offer_that_is_no_chat_is_refused(job: dict[str, object]) -> None:
    with pytest.raises(JobRefused) as caught:
        Offer.parse(job, 1)
    assert not caught.value.retryable


@pytest.mark.parametrize("args", [None, {}, {"model": ""}, {"model": "-f"}, {"model": "x" * 257}])
def test_a_model_that_is_no_name_is_refused(args: object) -> None:
    with pytest.raises(InfernetError):
        model_name(args)


def test_speed_is_the_average_of_the_last_jobs() -> None:
    bench = Bench()
    assert bench.as_specs() is None
    bench.add(0, 1.0)
    for _ in range(40):
        bench.add(10, 0.5)
    specs = bench.as_specs()
    assert specs is not None
    assert (specs["tokens_per_second_avg"], specs["samples"]) == (20.0, 32)


def test_options_travel_as_json_and_come_from_the_environment() -> None:
    options = NodeOptions(proxy="socks5://user:word@127.0.0.1:9050", capacity=2)
    assert NodeOptions.from_json(options.to_json()) == options
    environ = {"INFERNET_P2P_PORT": "5000", "PORT": "9000", "INFERNET_PUBLIC_ADDRESS": "h"}
    found = NodeOptions.from_environ(environ)
    assert (found.p2p_port, found.healthz_port, found.public_address) == (5000, 9000, "h")
    with pytest.raises(ConfigError, match="PORT must be a port number"):
        NodeOptions.from_environ({"PORT": "many"})


def test_the_log_carries_no_escape_sequences() -> None:
    record = logging.LogRecord("n", logging.INFO, "", 0, "name \x1b]52;c;x\x07 %s", ("\x9b",), None)
    line = PlainFormatter().format(record)
    assert not {"\x1b", "\x07", "\x9b"} & set(line)
    assert line[10] == "T"
    assert "Z INFO" in line
