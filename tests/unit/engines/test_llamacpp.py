"""llama.cpp itself, in its child process, with a tiny model."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from infernet_tui.engines.base import Done, EngineEvent, Failed, GenerateRequest, Meta, Token
from infernet_tui.engines.gguf_store import GgufStore
from infernet_tui.engines.llamacpp import LlamaCppEngine
from infernet_tui.engines.llamacpp_model import LlamaCppSettings
from infernet_tui.engines.nano import MODEL_NAME, model_path
from infernet_tui.errors import EngineError
from tests.support.tiny_gguf import write_tiny_gguf


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[LlamaCppEngine]:
    for name in ("a", "b", "c"):
        write_tiny_gguf(tmp_path / "models" / f"{name}.gguf")
    store = GgufStore(tmp_path / "models", None, (MODEL_NAME, model_path()))
    engine = LlamaCppEngine(store, LlamaCppSettings(slots=4))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def answer(
    engine: LlamaCppEngine, question: str = "hi", model: str | None = None, max_tokens: int = 4
) -> list[EngineEvent]:
    messages = [{"role": "user", "content": question}]
    request = GenerateRequest("job", messages, model=model, max_tokens=max_tokens, temperature=0.0)
    return [event async for event in engine.generate(request)]


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid)


async def test_a_downloaded_model_is_preferred_to_the_built_in_one(engine: LlamaCppEngine) -> None:
    assert engine.default_model == "a"


async def test_the_built_in_model_answers() -> None:
    engine = LlamaCppEngine(GgufStore(Path("/nowhere"), None, (MODEL_NAME, model_path())))
    await engine.start()
    try:
        assert engine.default_model == MODEL_NAME
        events = await answer(engine, max_tokens=16)
        assert isinstance(events[-1], Done)
        assert any(isinstance(event, Token) for event in events)
    finally:
        await engine.close()


async def test_four_answers_run_at_the_same_time(engine: LlamaCppEngine) -> None:
    running = 0
    all_run = asyncio.Event()

    async def read() -> None:
        nonlocal running
        request = GenerateRequest("job", [{"role": "user", "content": "hi"}])
        async for event in engine.generate(request):
            if isinstance(event, Token):
                running += 1
                break
        if running == 4:
            all_run.set()
        await all_run.wait()

    async with asyncio.timeout(20):
        await asyncio.gather(*(read() for _ in range(4)))


async def test_a_prompt_that_is_too_long_is_nobody_elses_job(engine: LlamaCppEngine) -> None:
    failed = (await answer(engine, "long " * 5000))[-1]
    assert isinstance(failed, Failed)
    assert not failed.retryable
    assert "context size" in failed.message


async def test_after_a_native_crash_the_next_answer_has_a_new_child(
    engine: LlamaCppEngine,
) -> None:
    await answer(engine)
    pid = engine.child_pid("a")
    assert pid
    os.kill(pid, signal.SIGSEGV)
    events = await answer(engine)
    if isinstance(events[-1], Failed):
        # The death was noticed only by this one.
        assert "SIGSEGV" in events[-1].message
        events = await answer(engine)
    assert isinstance(events[-1], Done)
    assert engine.child_pid("a") != pid


async def test_at_most_two_models_are_in_memory_and_the_oldest_goes(
    engine: LlamaCppEngine,
) -> None:
    await answer(engine, model="a")
    first = engine.child_pid("a")
    assert first
    await answer(engine, model="b")
    await answer(engine, model="c")
    assert engine.child_pid("a") is None
    assert is_gone(first)
    assert engine.child_pid("b")
    assert engine.child_pid("c")


async def test_a_model_that_is_answering_is_never_unloaded_for_another(
    engine: LlamaCppEngine,
) -> None:
    streams = [
        engine.generate(GenerateRequest("job", [{"role": "user", "content": "hi"}], model=model))
        for model in ("a", "b")
    ]
    for stream in streams:
        async for event in stream:
            if isinstance(event, Token):
                break
    failed = (await answer(engine, model="c"))[-1]
    assert isinstance(failed, Failed)
    assert failed.retryable
    assert "Busy with a, b" in failed.message
    for stream in streams:
        await stream.aclose()
    assert isinstance((await answer(engine, model="c"))[-1], Done)


async def test_loading_unloading_and_removing_do_what_they_say(engine: LlamaCppEngine) -> None:
    await engine.load("b")
    pid = engine.child_pid("b")
    assert pid
    assert "loaded: b" in (await engine.health()).detail
    await engine.unload("b")
    assert is_gone(pid)
    with pytest.raises(EngineError, match="not loaded"):
        await engine.unload("b")
    await engine.remove("b")
    assert [model.name for model in await engine.models()] == ["a", "c", MODEL_NAME]


async def test_a_file_that_llamacpp_cannot_load_says_so(
    engine: LlamaCppEngine, tmp_path: Path
) -> None:
    data = (tmp_path / "models" / "a.gguf").read_bytes()
    path = tmp_path / "models" / "bad.gguf"
    path.write_bytes(data.replace(b"llama.block_count", b"llama.block_cxunt"))
    meta, failed = await answer(engine, model="bad")
    assert isinstance(meta, Meta)
    assert isinstance(failed, Failed)
    assert "Cannot load bad" in failed.message


async def test_the_one_time_key_is_in_no_argument_list_and_no_environment(
    engine: LlamaCppEngine,
) -> None:
    await engine.load("a")
    pid = engine.child_pid("a")
    assert pid
    process = psutil.Process(pid)
    client = await engine._loaded["a"].ensure_running()
    key = str(client.server.api_key)
    assert len(key) > 30
    assert key not in " ".join(process.cmdline())
    assert key not in " ".join(process.environ().values())


async def test_a_default_model_that_is_missing_is_told_by_health_and_by_the_answer(
    tmp_path: Path,
) -> None:
    engine = LlamaCppEngine(GgufStore(tmp_path), default_model="qwen2.5:7b")
    await engine.start()
    assert not (await engine.health()).ok
    failed = (await answer(engine))[-1]
    assert isinstance(failed, Failed)
    assert "qwen2.5:7b" in failed.message
    await engine.close()
