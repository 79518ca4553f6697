"""What `engines.base` promises, asked of every engine."""

import asyncio
import contextlib
import time

import pytest

from infernet_tui.engines.base import (
    Done,
    Engine,
    EngineEvent,
    Failed,
    GenerateRequest,
    Meta,
    Token,
)
from infernet_tui.errors import EngineError
from tests.contract.engines.conftest import QUESTION, Case

ENDLESS = {"role": "user", "content": "go on, endless, and never stop"}


def request(max_tokens: int | None = 12, **fields: object) -> GenerateRequest:
    """A small question, answered greedily."""
    return GenerateRequest("job", [QUESTION], max_tokens=max_tokens, temperature=0.0, **fields)  # type: ignore[arg-type] # the tests name the fields


async def answer(engine: Engine, asked: GenerateRequest) -> list[EngineEvent]:
    """Everything the engine has to say."""
    async with asyncio.timeout(30):
        return [event async for event in engine.generate(asked)]


def text(events: list[EngineEvent]) -> str:
    """The answer the tokens make."""
    return "".join(event.text for event in events if isinstance(event, Token))


async def test_an_answer_is_one_meta_then_tokens_then_one_done(case: Case) -> None:
    meta, *tokens, done = await answer(case.engine, request())
    assert isinstance(meta, Meta)
    assert meta.engine == case.engine.kind
    assert meta.model == case.engine.default_model
    assert tokens
    assert all(isinstance(token, Token) and token.text for token in tokens)
    assert isinstance(done, Done)
    assert done.reason in ("stop", "length")


async def test_done_tells_how_many_tokens_there_were(case: Case) -> None:
    done = (await answer(case.engine, request()))[-1]
    assert isinstance(done, Done)
    if case.counts_tokens:
        assert done.usage
        assert done.usage.prompt_tokens > 0
        assert done.usage.completion_tokens == 12
    else:
        assert done.usage is None


async def test_an_answer_that_reached_max_tokens_ends_with_length(case: Case) -> None:
    events = await answer(case.engine, request(3))
    assert events[-1] == Done("length", usage=events[-1].usage)  # type: ignore[union-attr]
    assert sum(isinstance(event, Token) for event in events) <= 3


async def test_the_same_question_has_the_same_greedy_answer(case: Case) -> None:
    assert text(await answer(case.engine, request())) == text(await answer(case.engine, request()))


async def test_an_engine_that_can_prefill_continues_exactly(case: Case) -> None:
    model = case.engine.default_model
    assert model
    capabilities = await case.engine.capabilities(model)
    if not capabilities.prefill:
        assert case.engine.kind == "mojo"
        return
    pieces = [e.text for e in await answer(case.engine, request()) if isinstance(e, Token)]
    begun = "".join(pieces[:5])
    rest = await answer(case.engine, request(12 - 5, prefill=begun))
    assert begun + text(rest) == "".join(pieces)


async def test_closing_the_stream_stops_the_engine_within_a_second(case: Case) -> None:
    asked = GenerateRequest("job", [ENDLESS], temperature=0.0)
    async with contextlib.aclosing(case.engine.generate(asked)) as events:  # type: ignore[type-var] # every engine's is a generator
        async for event in events:
            if isinstance(event, Token):
                break
    async with asyncio.timeout(1):
        await case.has_stopped()


async def test_cancelling_the_reader_stops_the_engine_within_a_second(case: Case) -> None:
    is_running = asyncio.Event()

    async def read() -> None:
        async for event in case.engine.generate(GenerateRequest("job", [ENDLESS])):
            if isinstance(event, Token):
                is_running.set()

    reader = asyncio.create_task(read())
    async with asyncio.timeout(20):
        await is_running.wait()
    reader.cancel()
    started_at = time.monotonic()
    with contextlib.suppress(asyncio.CancelledError):
        await reader
    await case.has_stopped()
    assert time.monotonic() - started_at < 1


async def test_many_answers_at_once_do_not_mix(case: Case) -> None:
    alone = text(await answer(case.engine, request()))
    together = await asyncio.gather(*(answer(case.engine, request()) for _ in range(8)))
    assert {text(events) for events in together} == {alone}
    assert all(isinstance(events[-1], Done) for events in together)


async def test_an_engine_that_dies_fails_the_answer_and_says_to_try_elsewhere(case: Case) -> None:
    if case.break_it is None:
        pytest.skip("nothing can die here")
    events: list[EngineEvent] = []
    await answer(case.engine, request(1))
    async with asyncio.timeout(20):
        async for event in case.engine.generate(GenerateRequest("job", [ENDLESS])):
            events.append(event)
            if len(events) == 2:
                case.break_it()
    last = events[-1]
    assert isinstance(last, Failed)
    assert last.retryable
    assert sum(isinstance(event, Done | Failed) for event in events) == 1


async def test_a_closed_engine_never_raises_from_generate_or_health(case: Case) -> None:
    await answer(case.engine, request(1))
    if case.break_it:
        case.break_it()
    events = await answer(case.engine, request(12))
    assert isinstance(events[0], Meta)
    assert isinstance(events[-1], Done | Failed)
    health = await case.engine.health()
    assert health.detail


async def test_health_is_good_and_one_line(case: Case) -> None:
    health = await case.engine.health()
    assert health.ok
    assert health.detail
    assert "\n" not in health.detail


async def test_the_default_model_is_among_the_models(case: Case) -> None:
    assert case.engine.default_model in [model.name for model in await case.engine.models()]


async def test_removing_an_unknown_model_is_an_error_with_a_way_out(case: Case) -> None:
    with pytest.raises(EngineError) as caught:
        await case.engine.remove("no-such-model")
    assert caught.value.hint


@pytest.mark.parametrize("name", ["-rf", "../../etc/passwd", "a\nb", "", "a\\b"])
async def test_a_dangerous_model_name_is_refused(case: Case, name: str) -> None:
    with pytest.raises(EngineError):
        await case.engine.remove(name)
    with pytest.raises(EngineError):
        async for _ in case.engine.pull(name):
            pass


async def test_starting_and_closing_twice_is_harmless(case: Case) -> None:
    await case.engine.start()
    assert isinstance((await answer(case.engine, request()))[-1], Done)
    await case.engine.close()
    await case.engine.close()


async def test_a_model_nobody_has_fails_or_is_answered_but_never_raises(case: Case) -> None:
    capabilities = await case.engine.capabilities("no-such-model")
    assert capabilities.vision is False
    events = await answer(case.engine, request(2, model="no-such-model"))
    assert isinstance(events[-1], Done | Failed)
