"""The stdio protocol with a program that behaves and programs that do not."""

import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infernet_tui.engines.base import Done, EngineEvent, Failed, GenerateRequest, Token
from infernet_tui.engines.mojo import MojoEngine
from infernet_tui.errors import EngineError

REPOSITORY = Path(__file__).parents[3]


@contextlib.asynccontextmanager
async def mojo(
    behaviour: str = "", *, ready_seconds: float = 30.0, silence_seconds: float = 30.0
) -> AsyncIterator[MojoEngine]:
    engine = MojoEngine(
        [sys.executable, "-m", "tests.support.fake_mojo", behaviour],
        environ=os.environ | {"PYTHONPATH": os.fspath(REPOSITORY)},
        ready_seconds=ready_seconds,
        silence_seconds=silence_seconds,
    )
    try:
        yield engine
    finally:
        await engine.close()


async def answer(engine: MojoEngine, question: str = "hi") -> list[EngineEvent]:
    request = GenerateRequest("job", [{"role": "user", "content": question}])
    return [event async for event in engine.generate(request)]


async def test_the_program_is_started_by_the_first_question_and_names_its_model() -> None:
    async with mojo() as engine:
        assert (await answer(engine))[-1] == Done("stop")
        assert engine.default_model == "fake-model"
        assert [model.name for model in await engine.models()] == ["fake-model"]
        assert (await engine.health()).ok


async def test_lines_that_make_no_sense_are_ignored() -> None:
    async with mojo() as engine:
        events = await answer(engine, "junk please")
        assert sum(isinstance(event, Token) for event in events) == 20
        assert events[-1] == Done("stop")


async def test_a_program_that_dies_fails_every_answer_and_is_started_again() -> None:
    async with mojo() as engine:
        failed = (await answer(engine, "crash please"))[-1]
        assert isinstance(failed, Failed)
        assert failed.retryable
        assert failed.message.endswith("ended with status 42: out of memory.")
        assert (await answer(engine))[-1] == Done("stop")


async def test_a_program_that_falls_silent_fails_the_answer() -> None:
    async with mojo(silence_seconds=0.2) as engine:
        await engine.start()
        failed = (await answer(engine, "mute please"))[-1]
        assert isinstance(failed, Failed)
        assert "nothing for 0.2 s" in failed.message


async def test_a_program_that_is_never_ready_is_given_up() -> None:
    async with mojo("never-ready", ready_seconds=0.2) as engine:
        with pytest.raises(EngineError, match=r"not ready in 0.2 s"):
            await engine.start()


async def test_a_program_that_cannot_start_is_quoted() -> None:
    async with mojo("dies") as engine:
        with pytest.raises(EngineError, match="cannot load the model"):
            await engine.start()
        failed = (await answer(engine))[-1]
        assert isinstance(failed, Failed)


async def test_a_program_that_ignores_shutdown_is_ended_within_five_seconds() -> None:
    async with mojo("stubborn") as engine:
        await engine.start()
        started_at = time.monotonic()
        await engine.close()
        assert time.monotonic() - started_at < 5
