"""Choosing an engine: the built-in one by default, Ollama only after a yes."""

from collections.abc import AsyncIterator

import pytest

from infernet_tui import config
from infernet_tui.engines.base import Health
from infernet_tui.errors import UsageError
from infernet_tui.setup.context import Wishes
from infernet_tui.setup.engine import EngineStep
from infernet_tui.setup.ollama_install import INSTALL
from infernet_tui.setup.programs import Ran
from infernet_tui.setup.step import Choice, State, YesNo
from tests.support.fake_ollama import FakeOllama, fake_ollama
from tests.support.setup_parts import PullingEngine, ScriptedPrograms, context, ignore

STEP = EngineStep()
NOWHERE = {"OLLAMA_HOST": "http://127.0.0.1:1", "VLLM_HOST": "http://127.0.0.1:1"}


@pytest.fixture
async def ollama() -> AsyncIterator[FakeOllama]:
    async with fake_ollama() as running:
        yield running


async def test_the_built_in_engine_is_the_default_and_needs_nothing() -> None:
    where = context(PullingEngine("infernet-nano"), environ=NOWHERE)
    question = (await STEP.detect(where)).question
    assert isinstance(question, Choice)
    assert question.default == "llamacpp"
    assert {option.value: option.note for option in question.options} == {
        "llamacpp": "nothing to install",
        "ollama": "not installed",
    }
    found = await STEP.apply(where, question.default, ignore)
    assert (found.state, found.summary) == (State.DONE, "llama.cpp built in, 1 models")
    assert config.load().engine.backend == "llamacpp"
    assert (await STEP.detect(where)).state is State.DONE


async def test_what_runs_here_is_found(ollama: FakeOllama) -> None:
    environ = {"OLLAMA_HOST": ollama.url, "INFERNET_ENGINE_BIN": "/opt/engine"}
    question = (await STEP.detect(context(environ=environ))).question
    assert isinstance(question, Choice)
    assert [(each.value, each.note) for each in question.options[1:]] == [
        ("ollama", "running"),
        ("mojo", "/opt/engine"),
    ]


async def test_ollama_is_installed_only_after_its_command_and_a_yes(ollama: FakeOllama) -> None:
    environ = dict(NOWHERE)
    programs = ScriptedPrograms({"sh -c": Ran(0, "installed")})
    programs.then = lambda command: environ.update(OLLAMA_HOST=ollama.url)
    where = context(PullingEngine(), environ=environ, programs=programs)
    asked = await STEP.apply(where, "ollama", ignore)
    assert asked.command == INSTALL
    assert isinstance(asked.question, YesNo)
    assert programs.ran == []
    assert config.load().engine.backend is None
    assert (await STEP.apply(where, True, ignore)).state is State.DONE
    assert programs.ran == [f"sh -c {INSTALL}"]
    assert config.load().engine.backend == "ollama"


async def test_no_to_ollama_offers_the_others_again() -> None:
    where = context(environ=NOWHERE, wishes=Wishes(backend="ollama"))
    asked = await STEP.apply(where, None, ignore)
    assert isinstance(asked.question, YesNo)
    assert not asked.question.no_skips
    again = await STEP.apply(where, False, ignore)
    assert isinstance(again.question, Choice)


async def test_ollama_that_is_installed_is_only_started(ollama: FakeOllama) -> None:
    environ = dict(NOWHERE)
    programs = ScriptedPrograms({"ollama": Ran(0, ""), "systemctl": Ran(0, "")})
    programs.then = lambda command: environ.update(OLLAMA_HOST=ollama.url)
    where = context(PullingEngine(), environ=environ, programs=programs)
    config.update({"engine": {"backend": "ollama"}})
    assert (await STEP.detect(where)).command == "sudo systemctl start ollama"
    assert (await STEP.apply(where, True, ignore)).state is State.DONE
    assert programs.ran == ["systemctl start ollama"]


async def test_an_engine_that_was_asked_for_replaces_the_one_there_is() -> None:
    config.update({"engine": {"backend": "vllm"}})
    where = context(PullingEngine(), wishes=Wishes(backend="llamacpp"))
    found = await STEP.detect(where)
    assert (found.state, found.question) == (State.TODO, None)
    assert (await STEP.apply(where, None, ignore)).state is State.DONE
    assert config.load().engine.backend == "llamacpp"


async def test_a_chosen_engine_that_is_gone_says_the_fix_and_offers_others() -> None:
    config.update({"engine": {"backend": "vllm"}})
    found = await STEP.detect(context(environ=NOWHERE))
    assert (found.state, found.hint) == (State.FAILED, "infernet setup --backend llamacpp")
    assert isinstance(found.question, Choice)
    sick = PullingEngine()
    sick.health_now = Health(False, "out of memory")
    found = await STEP.detect(context(sick, environ=NOWHERE))
    assert (found.state, found.summary) == (State.FAILED, "llama.cpp: out of memory")


async def test_there_are_only_the_engines_there_are() -> None:
    with pytest.raises(UsageError, match="llamacpp"):
        await STEP.apply(context(), "warp-drive", ignore)
    assert config.load().engine.backend is None
