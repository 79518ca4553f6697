"""Every engine there is, started, with what the contract's tests need to know about each."""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from infernet_tui.engines.base import Engine, GenerateRequest
from infernet_tui.engines.gguf_store import GgufStore
from infernet_tui.engines.llamacpp import LlamaCppEngine
from infernet_tui.engines.llamacpp_model import LlamaCppSettings
from infernet_tui.engines.mojo import MojoEngine
from infernet_tui.engines.ollama import OllamaEngine, OllamaSettings
from infernet_tui.engines.openai import OpenAIEngine
from infernet_tui.engines.openai_server import OpenAIServer
from infernet_tui.engines.stub import StubEngine
from tests.support.control_plane import until
from tests.support.fake_ollama import fake_ollama
from tests.support.fake_openai import fake_openai
from tests.support.tiny_gguf import write_tiny_gguf

QUESTION = {"role": "user", "content": "what is 2+2?"}
REPOSITORY = Path(__file__).parents[3]


async def _nothing() -> None:
    """There is nothing to do."""


@dataclass
class Case:
    """One engine, and how to disturb it."""

    engine: Engine
    has_stopped: Callable[[], Awaitable[None]] = _nothing
    """Returns once the engine computes nothing any more; may wait for ever."""
    break_it: Callable[[], None] | None = None
    """Makes the engine die under the answer that runs; None where there is nothing to die."""
    counts_tokens: bool = True


@contextlib.asynccontextmanager
async def stub_case(folder: Path) -> AsyncIterator[Case]:
    """The stub."""
    yield Case(StubEngine(delay_ms=1))


@contextlib.asynccontextmanager
async def openai_case(folder: Path) -> AsyncIterator[Case]:
    """The OpenAI client, against the fake server."""
    async with fake_openai() as fake:

        def break_it() -> None:
            fake.behaviour.break_after = 5

        yield Case(
            OpenAIEngine(OpenAIServer(fake.url, flavour="vllm")),
            lambda: until(lambda: fake.open_answers == 0),
            break_it,
        )


@contextlib.asynccontextmanager
async def ollama_case(folder: Path) -> AsyncIterator[Case]:
    """The Ollama client, against the fake server."""
    async with fake_ollama() as fake:

        def break_it() -> None:
            fake.behaviour.break_after = 5

        yield Case(
            OllamaEngine(OllamaSettings(fake.url)),
            lambda: until(lambda: fake.open_answers == 0),
            break_it,
        )


@contextlib.asynccontextmanager
async def mojo_case(folder: Path) -> AsyncIterator[Case]:
    """The stdio protocol, with the fake program."""
    cancelled = folder / "cancelled"
    environ = os.environ | {
        "PYTHONPATH": os.fspath(REPOSITORY),
        "FAKE_MOJO_CANCELLED": os.fspath(cancelled),
    }
    engine = MojoEngine([sys.executable, "-m", "tests.support.fake_mojo"], environ=environ)

    def break_it() -> None:
        pid = engine.pid
        assert pid
        os.kill(pid, 11)

    yield Case(engine, lambda: until(cancelled.exists), break_it, counts_tokens=False)


@contextlib.asynccontextmanager
async def llamacpp_case(folder: Path) -> AsyncIterator[Case]:
    """llama.cpp itself, with a tiny model and one slot, which an unstopped answer would block."""
    write_tiny_gguf(folder / "tiny.gguf")
    engine = LlamaCppEngine(GgufStore(folder), LlamaCppSettings(slots=1))

    def break_it() -> None:
        pid = engine.child_pid("tiny")
        assert pid
        os.kill(pid, 11)

    async def has_stopped() -> None:
        async for _ in engine.generate(GenerateRequest("next", [QUESTION], max_tokens=1)):
            pass

    yield Case(engine, has_stopped, break_it)


@pytest.fixture(params=[stub_case, openai_case, ollama_case, mojo_case, llamacpp_case])
async def case(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Case]:
    """One engine, started, and closed afterwards."""
    async with request.param(tmp_path) as case:
        await case.engine.start()
        try:
            yield case
        finally:
            await case.engine.close()
