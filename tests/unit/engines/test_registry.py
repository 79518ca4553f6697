"""Which engine is chosen, and what is never taken for one."""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from infernet_tui.config import EngineConfig
from infernet_tui.engines.addresses import base_url
from infernet_tui.engines.base import Engine
from infernet_tui.engines.openai import OpenAIEngine
from infernet_tui.engines.registry import open_engine
from infernet_tui.errors import ConfigError, EngineError
from tests.support.fake_ollama import fake_ollama
from tests.support.fake_openai import fake_openai

NOBODY = "http://127.0.0.1:9"
NOTHING_RUNS = {"VLLM_HOST": NOBODY, "OLLAMA_HOST": NOBODY}
REPOSITORY = Path(__file__).parents[3]


@contextlib.asynccontextmanager
async def opened(environ: Mapping[str, str], **settings: str) -> AsyncIterator[Engine]:
    engine = await open_engine(EngineConfig(**settings), environ=NOTHING_RUNS | dict(environ))  # type: ignore[arg-type] # all text here
    try:
        yield engine
    finally:
        await engine.close()


async def test_with_nothing_installed_the_built_in_model_answers() -> None:
    async with opened({}) as engine:
        assert (engine.kind, engine.default_model) == ("llamacpp", "infernet-nano")


async def test_vllm_comes_before_ollama() -> None:
    async with (
        fake_openai() as vllm,
        fake_ollama() as ollama,
        opened({"VLLM_HOST": vllm.url, "OLLAMA_HOST": ollama.url}) as engine,
    ):
        assert isinstance(engine, OpenAIEngine)
        assert engine.server.flavour == "vllm"
        assert engine.default_model == "fake-model"


async def test_ollama_comes_before_the_built_in_llamacpp() -> None:
    async with fake_ollama() as ollama, opened({"OLLAMA_HOST": ollama.url}) as engine:
        assert (engine.kind, engine.default_model) == ("ollama", "fake:latest")


async def test_a_llamacpp_server_that_is_named_is_used() -> None:
    async with (
        fake_openai(owned_by="llamacpp") as server,
        opened({"LLAMACPP_HOST": server.url}) as engine,
    ):
        assert isinstance(engine, OpenAIEngine)
        assert engine.server.flavour == "llamacpp"


@pytest.mark.parametrize("variable", ["VLLM_HOST", "LLAMACPP_HOST"])
async def test_a_control_plane_is_never_taken_for_an_engine(variable: str) -> None:
    async with (
        fake_openai(owned_by="infernet") as control_plane,
        opened({variable: control_plane.url}) as engine,
    ):
        assert engine.kind == "llamacpp"


@pytest.mark.parametrize("backend", ["vllm", "openai", "llamacpp", "lmstudio"])
async def test_choosing_a_control_plane_as_the_engine_is_refused(backend: str) -> None:
    async with fake_openai(owned_by="infernet") as control_plane:
        with pytest.raises(EngineError, match="control plane"):
            await open_engine(EngineConfig(backend, control_plane.url), environ={})


@pytest.mark.parametrize("backend", ["vllm", "ollama", "openai", "sglang", "max", "lmstudio"])
async def test_a_chosen_engine_that_is_not_there_is_an_error_with_a_way_out(backend: str) -> None:
    with pytest.raises(EngineError, match="not answering") as caught:
        await open_engine(EngineConfig(backend, NOBODY), environ={})
    assert caught.value.hint


async def test_the_configuration_wins_over_the_environment() -> None:
    environ = {"INFERNET_ENGINE_BACKEND": "ollama"}
    async with opened(environ, backend="stub") as engine:
        assert engine.kind == "stub"


async def test_the_environment_can_choose() -> None:
    async with opened({"INFERNET_ENGINE_BACKEND": "stub"}) as engine:
        assert engine.kind == "stub"


async def test_a_program_in_the_environment_is_run() -> None:
    program = f"{sys.executable} -m tests.support.fake_mojo"
    environ = os.environ | {"INFERNET_ENGINE_BIN": program, "PYTHONPATH": str(REPOSITORY)}
    async with opened(environ) as engine:
        assert (engine.kind, engine.default_model) == ("mojo", "fake-model")


@pytest.mark.parametrize(
    ("settings", "environ"),
    [
        ({}, {"INFERNET_ENGINE_BACKEND": "olama"}),
        ({"backend": "mojo"}, {}),
        ({"backend": "openai"}, {}),
        ({"backend": "vllm", "host": "ftp://x"}, {}),
        ({"backend": "stub"}, {"INFERNET_STUB_DELAY_MS": "soon"}),
    ],
)
async def test_a_choice_that_makes_no_sense_is_a_configuration_error(
    settings: dict[str, str], environ: dict[str, str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        await open_engine(EngineConfig(**settings), environ=environ)  # type: ignore[arg-type] # all text here
    assert caught.value.hint


@pytest.mark.parametrize(
    ("settings", "environ", "model"),
    [
        ({"model": "a"}, {"INFERNET_ENGINE_MODEL": "b", "VLLM_MODEL": "c"}, "a"),
        ({}, {"INFERNET_ENGINE_MODEL": "b", "VLLM_MODEL": "c"}, "b"),
        ({}, {"VLLM_MODEL": "c"}, "c"),
    ],
)
async def test_the_default_model_can_be_set(
    settings: dict[str, str], environ: dict[str, str], model: str
) -> None:
    async with (
        fake_openai() as vllm,
        opened({"VLLM_HOST": vllm.url} | environ, **settings) as engine,
    ):
        assert engine.default_model == model


async def test_each_server_gets_its_own_key_and_nobody_elses() -> None:
    keys = {"VLLM_API_KEY": "for-vllm", "OPENAI_API_KEY": "for-openai"}
    async with fake_openai() as server:
        for backend, key in (("vllm", "for-vllm"), ("openai", "for-openai")):
            async with opened(keys, backend=backend, host=server.url) as engine:
                await engine.capabilities("fake-model")
                assert server.authorization[-1] == f"Bearer {key}"
                assert key not in repr(engine.__dict__)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("box", "http://box:8000"),
        ("box:1", "http://box:1"),
        ("0.0.0.0:1", "http://127.0.0.1:1"),
        ("http://box:1/v1/", "http://box:1"),
        ("https://llm.example/api/v1", "https://llm.example/api"),
        ("http://[::1]:5", "http://[::1]:5"),
    ],
)
def test_addresses_are_understood_as_people_write_them(address: str, url: str) -> None:
    assert base_url(address, 8000) == url
