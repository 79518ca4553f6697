"""The setup wizard over scripted steps: what each finds, and what it was answered."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from textual.pilot import Pilot

from infernet_tui.model_fit import GIB, Memory
from infernet_tui.node.options import NodeOptions
from infernet_tui.screens import setup as setup_screen
from infernet_tui.screens.setup import SetupScreen
from infernet_tui.session import NodeSession
from infernet_tui.setup import model_offers
from infernet_tui.setup.context import Context
from infernet_tui.setup.step import (
    Answer,
    Choice,
    Finding,
    Option,
    Progress,
    Report,
    State,
    Text,
    YesNo,
    done,
    failed,
)
from infernet_tui.setup.walk import STEPS, Setup
from tests.support.cockpit import app_of, cockpit, until
from tests.support.setup_parts import ScriptedStep, context

FINE = done("as it should be")
ENGINE = Finding(
    State.TODO,
    "no engine chosen yet",
    "The engine runs the models.",
    question=Choice(
        "Which engine should run the models?",
        (
            Option("llamacpp", "llama.cpp, built in", note="nothing to install"),
            Option("ollama", "Ollama", note="running"),
        ),
        "llamacpp",
    ),
)
MODEL = Finding(
    State.TODO,
    "no model chosen yet",
    "Only what fits this machine is offered. A download can be interrupted; it goes on where it "
    "ended.",
    question=model_offers.choice(
        (),
        Memory(vram_bytes=24 * GIB, gpu_count=1, ram_available_bytes=64 * GIB),
        wanted=None,
        can_pull=True,
    ),
)
FIREWALL = Finding(
    State.TODO,
    "ufw keeps port 46337 closed",
    "Only peers that connect to this machine directly need the port.",
    command="sudo ufw allow 46337/tcp",
    question=YesNo("Run it now (will sudo)?", default=False),
)
NAME = Finding(
    State.TODO,
    "no identity yet",
    "A new key pair is made.",
    question=Text("Human-readable node name", "provider@rig", check=None),
)
BROKEN = failed(
    "identity: 5d0de683…, but its control plane does not answer",
    "curl http://127.0.0.1:8787/api/health",
    "Cannot reach the control plane at 127.0.0.1:8787: Connection refused.",
)


@dataclass
class AskingStep(ScriptedStep):
    """Is to be done, however often it is looked at, until it was done."""

    async def detect(self, context: Context) -> Finding:
        found = self.findings[0]
        assert isinstance(found, Finding)
        return found

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        self.findings.pop(0)
        self.answers.append(answer)
        return await self.detect(context)


@dataclass
class EndlessStep(ScriptedStep):
    """A download that does not end by itself."""

    cancelled: int = 0

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        report(Progress("pulling qwen2.5:7b", 1_200_000_000, 4_700_000_000))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return FINE


def eight(**findings: Finding | list[Finding] | ScriptedStep) -> list[ScriptedStep]:
    """The eight steps; those not named are found done."""
    return [_step(step.number, step.key, step.title, findings.get(step.key)) for step in STEPS]


def _step(
    number: int, key: str, title: str, found: Finding | list[Finding] | ScriptedStep | None
) -> ScriptedStep:
    if isinstance(found, ScriptedStep):
        return found
    if isinstance(found, Finding) and found.state is State.TODO:
        return AskingStep(number, key, [found, FINE], title)
    found = [found] if isinstance(found, Finding) else found
    return ScriptedStep(number, key, [*(found or [FINE])], title)


@contextlib.asynccontextmanager
async def wizard(
    monkeypatch: pytest.MonkeyPatch,
    steps: list[ScriptedStep],
    size: tuple[int, int] = (80, 24),
    **options: Any,
) -> AsyncIterator[Pilot[int]]:
    """The application of a machine without a node, in the wizard over these steps."""
    monkeypatch.setattr(setup_screen, "open_walk", lambda _: Setup(context(), steps))
    session = NodeSession(NodeOptions)
    async with cockpit(size=size, screen="setup", session=session, **options) as pilot:
        await rest(pilot)
        yield pilot


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys, one after the other, each once the wizard waits for a person."""
    for key in keys:
        await pilot.press(key)
        await rest(pilot)


async def rest(pilot: Pilot[int]) -> None:
    """Until the wizard waits for a person, or works on something long."""
    await pilot.pause()
    screen = wizard_of(pilot)
    await until(pilot, lambda: screen.flow is not None and screen.flow.doing != "looking")
    await pilot.pause()
    await pilot.pause()


def wizard_of(pilot: Pilot[int]) -> SetupScreen:
    """The screen, whether it is visible or not."""
    screen = app_of(pilot)._screen_stacks["setup"][0]
    assert isinstance(screen, SetupScreen)
    return screen
