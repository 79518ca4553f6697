"""Choosing and fetching a model."""

import pytest

from infernet_tui import config
from infernet_tui.engines.base import Model
from infernet_tui.engines.nano import MODEL_NAME
from infernet_tui.engines.stub import StubEngine
from infernet_tui.errors import EngineError
from infernet_tui.model_fit import GIB, Memory
from infernet_tui.setup import model_offers
from infernet_tui.setup.context import Wishes
from infernet_tui.setup.model import ModelStep
from infernet_tui.setup.step import Choice, Progress, State
from tests.support.scripted_engine import ScriptedEngine
from tests.support.setup_parts import RTX_4090, PullingEngine, ScriptedNode, context, ignore

STEP = ModelStep()
LAPTOP = Memory(vram_bytes=0, gpu_count=0, ram_available_bytes=16 * GIB)


def test_the_largest_that_fits_is_recommended_and_what_does_not_fit_is_not_offered() -> None:
    nano = Model(MODEL_NAME, size_bytes=2_000_000)
    question = model_offers.choice([nano], RTX_4090, wanted=None, can_pull=True)
    notes = {option.value: option.note for option in question.options}
    assert notes[question.default].endswith("— recommended")
    assert "qwen2.5:72b" not in notes
    assert question.options[0].value == MODEL_NAME
    assert question.options[0].detail == "≈2 MB"
    assert "offline" in question.options[0].note


def test_without_a_gpu_a_large_model_is_called_slow() -> None:
    question = model_offers.choice([], LAPTOP, wanted=None, can_pull=True)
    notes = {option.value: option.note for option in question.options}
    assert notes["qwen2.5:7b"].endswith(model_offers.SLOW)
    assert notes["qwen2.5:0.5b"].endswith("fits")


async def test_the_built_in_model_is_chosen_without_a_network() -> None:
    node = ScriptedNode()
    where = context(PullingEngine(MODEL_NAME), node=node)
    question = (await STEP.detect(where)).question
    assert isinstance(question, Choice)
    found = await STEP.apply(where, question.parse("1"), ignore)
    assert found.summary == f"verified: llama.cpp can serve {MODEL_NAME}"
    assert config.load().engine.model == node.model == MODEL_NAME
    assert (await STEP.detect(where)).state is State.DONE


async def test_a_model_that_is_not_here_is_fetched_and_then_served() -> None:
    where = context(
        PullingEngine(MODEL_NAME, library=["qwen2.5:7b"]), wishes=Wishes(model="qwen2.5:7b")
    )
    found = await STEP.detect(where)
    assert (found.state, found.question) == (State.TODO, None)
    assert "GB VRAM" in found.explanation
    said: list[Progress] = []
    assert (await STEP.apply(where, None, said.append)).state is State.DONE
    assert said == [Progress("pulling qwen2.5:7b", 200_000_000, 400_000_000)]
    assert config.load().engine.model == "qwen2.5:7b"


async def test_a_file_is_called_what_it_is_called_here() -> None:
    engine = PullingEngine(library=["/home/me/mine.gguf"])
    await STEP.apply(context(engine), "/home/me/mine.gguf", ignore)
    assert config.load().engine.model == "mine"


async def test_a_download_that_fails_leaves_the_config_alone_and_names_the_way_out() -> None:
    with pytest.raises(EngineError) as caught:
        await STEP.apply(context(PullingEngine()), "qwen2.5:7b", ignore)
    assert "infernet-nano" in str(caught.value.hint)
    assert config.load().engine.model is None


async def test_a_chosen_model_that_is_gone_is_asked_about_again() -> None:
    config.update({"engine": {"model": "mine"}})
    found = await STEP.detect(context(PullingEngine(MODEL_NAME)))
    assert (found.state, found.summary) == (State.TODO, "mine is not on this machine")
    assert isinstance(found.question, Choice)
    assert found.question.default == "mine"
    assert "mine" in [option.value for option in found.question.options]


async def test_a_model_of_the_environment_counts() -> None:
    where = context(PullingEngine("mine:latest"), environ={"INFERNET_ENGINE_MODEL": "mine"})
    assert (await STEP.detect(where)).state is State.DONE


async def test_a_server_that_serves_one_model_leaves_no_choice() -> None:
    assert (await STEP.detect(context(ScriptedEngine()))).state is State.DONE
    with pytest.raises(EngineError, match="does not serve"):
        await STEP.apply(context(ScriptedEngine()), "another", ignore)


async def test_the_stub_takes_any_name() -> None:
    assert (await STEP.detect(context(StubEngine()))).state is State.DONE
    where = context(StubEngine(), wishes=Wishes(model="qwen2.5:7b"))
    assert (await STEP.detect(where)).state is State.TODO
    assert (await STEP.apply(where, None, ignore)).state is State.DONE
    assert (await STEP.detect(where)).state is State.DONE


async def test_without_an_engine_it_cannot_be_told() -> None:
    found = await STEP.detect(context())
    assert (found.state, found.hint) == (State.UNKNOWN, "infernet setup --backend llamacpp")
