"""Models of a running node, over both transports."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from infernet_tui import config
from infernet_tui.engines.base import Model, PullProgress
from infernet_tui.errors import EngineError, InfernetError
from infernet_tui.exit_codes import ExitCode
from tests.support.control_plane import until

from .conftest import LiveNode


class Shelf:
    """Gives a scripted engine models, and pulls that a test lets go on."""

    def __init__(self, live: LiveNode, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names = ["scripted", "other:latest"]
        self.go_on = asyncio.Event()
        self.is_pulling = False
        for name in ("models", "pull", "remove"):
            monkeypatch.setattr(live.engine, name, getattr(self, name))

    async def models(self) -> list[Model]:
        return [Model(name, size_bytes=4_000_000_000) for name in self.names]

    async def pull(self, name: str) -> AsyncIterator[PullProgress]:
        self.is_pulling = True
        try:
            yield PullProgress(f"pulling {name}", 100, 1000, "sha256:part")
            await self.go_on.wait()
            yield PullProgress("success", 1000, 1000, "sha256:whole")
            self.names.append(name)
        finally:
            self.is_pulling = False

    async def remove(self, name: str) -> None:
        self.names.remove(name)


@pytest.fixture
def shelf(live: LiveNode, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return Shelf(live, monkeypatch)


async def test_models_are_listed_with_verdicts_and_offers(live: LiveNode, shelf: Shelf) -> None:
    found = await live.client.models()
    assert found["engine"] == {
        "kind": "scripted", "ok": True, "detail": "scripted", "version": None
    }  # fmt: skip
    assert found["default"] == "scripted"
    assert [(m["name"], m["is_default"], m["is_loaded"]) for m in found["models"]] == [
        ("other:latest", False, False),
        ("scripted", True, False),
    ]
    for model in (*found["models"], *found["available"]):
        assert model["fit"]["verdict"] in ("fits", "tight", "cpu", "no", "unknown")
        assert model["fit"]["explanation"]
    assert any(model["name"] == found["recommended"] for model in found["available"])
    assert found["pulls"] == []


async def test_an_engine_that_is_away_is_said_so(
    live: LiveNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> list[Model]:
        raise EngineError("connection refused")

    monkeypatch.setattr(live.engine, "models", away)
    found = await live.client.models()
    assert (found["engine"]["ok"], found["engine"]["detail"]) == (False, "connection refused")
    assert found["models"] == []
    assert found["available"]


async def test_a_pull_shows_progress_and_then_the_model_is_there(
    live: LiveNode, shelf: Shelf
) -> None:
    async with contextlib.aclosing(live.client.stream("model.pull", {"name": "new"})) as events:
        assert await anext(events) == ("answer", {"name": "new"})
        name, step = await anext(events)
        assert (name, step["completed_bytes"], step["total_bytes"]) == ("progress", 100, 1000)
        assert step.keys() == {
            "name", "status", "completed_bytes", "total_bytes", "bytes_per_second", "eta_seconds"
        }  # fmt: skip
        assert [pull["name"] for pull in (await live.client.models())["pulls"]] == ["new"]
        second = live.client.stream("model.pull", {"name": "new"})
        async with contextlib.aclosing(second):
            refused = [event async for event in second][-1]
        assert (refused[0], refused[1]["code"]) == ("error", "already_running")
        shelf.go_on.set()
        rest = [event async for event in events]
    assert rest[-1] == ("done", {"name": "new", "digest": "sha256:whole"})
    found = await live.client.models()
    assert found["pulls"] == []
    assert "new" in [model["name"] for model in found["models"]]
    assert "new" in (await live.client.status())["servedModels"]


async def test_hanging_up_cancels_a_pull_that_waits(live: LiveNode, shelf: Shelf) -> None:
    async with contextlib.aclosing(live.client.stream("model.pull", {"name": "new"})) as events:
        await anext(events)
        await anext(events)
    await until(lambda: not shelf.is_pulling)
    assert (await live.client.models())["pulls"] == []


async def test_a_pull_that_fails_ends_with_its_reason(
    live: LiveNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_name: str) -> AsyncIterator[PullProgress]:
        yield PullProgress("looking")
        raise EngineError("there is no such model", hint="infernet model list")

    monkeypatch.setattr(live.engine, "pull", fails)
    async with contextlib.aclosing(live.client.stream("model.pull", {"name": "x"})) as events:
        name, data = [event async for event in events][-1]
    assert (name, data) == (
        "error",
        {
            "code": "engine_failed",
            "message": "there is no such model",
            "hint": "infernet model list",
        },
    )


async def test_another_default_counts_at_once_and_after_a_restart(
    live: LiveNode, shelf: Shelf
) -> None:
    assert await live.client.change_model("model.use", "other") == {"model": "other:latest"}
    assert config.load().engine.model == "other:latest"
    assert (await live.client.status())["model"] == "other:latest"
    removed = await live.client.change_model("model.remove", "other")
    assert removed == {"model": "other:latest", "was_default": True}
    assert config.load().engine.model is None
    assert (await live.client.status())["model"] == "scripted"


async def test_models_are_loaded_and_unloaded(live: LiveNode, shelf: Shelf) -> None:
    assert await live.client.change_model("model.load", "other") == {"model": "other:latest"}
    assert (await live.client.status())["loadedModels"] == ["other:latest"]
    await live.client.change_model("model.unload", "other:latest")
    assert (await live.client.status())["loadedModels"] == []
    for verb in ("model.use", "model.remove", "model.load", "model.unload"):
        with pytest.raises(InfernetError, match="no model 'nothing'") as missing:
            await live.client.change_model(verb, "nothing")
        assert missing.value.exit_code == ExitCode.NOT_FOUND
        assert missing.value.hint == "infernet model pull nothing"
