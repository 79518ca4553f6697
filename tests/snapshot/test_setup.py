"""The setup wizard, as it looks."""

from collections.abc import Callable

import pytest

from infernet_tui.setup.step import done
from tests.support.cockpit import text_of
from tests.support.wizard import BROKEN, ENGINE, MODEL, eight, press, wizard

Look = Callable[..., None]
RUNTIME = done("Python 3.11.7, infernet 0.1.0", "Its own environment: /home/me/.infernet/venv")


async def test_first_step_at_80x24(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    async with wizard(monkeypatch, eight(runtime=RUNTIME, engine=ENGINE)) as pilot:
        assert "Eight steps" in text_of(pilot)
        look(pilot)


async def test_model_at_80x24(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    async with wizard(monkeypatch, eight(model=MODEL)) as pilot:
        await press(pilot, "enter")
        assert "fits — recommended" in text_of(pilot)
        assert "Continue (enter)" in text_of(pilot)
        look(pilot)


async def test_model_at_120x40(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    async with wizard(monkeypatch, eight(model=MODEL), (120, 40)) as pilot:
        await press(pilot, "enter")
        assert "or type a name, a URL or the path of a .gguf file" in text_of(pilot)
        look(pilot)


async def test_failed_step_at_80x24(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    async with wizard(monkeypatch, eight(identity=BROKEN)) as pilot:
        await press(pilot, "enter")
        assert "Try again (enter)" in text_of(pilot)
        look(pilot)


async def test_finished_at_80x24(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    async with wizard(monkeypatch, eight(engine=ENGINE)) as pilot:
        await press(pilot, "enter", "x")
        assert "Setup complete, without: Engine." in text_of(pilot)
        look(pilot)
