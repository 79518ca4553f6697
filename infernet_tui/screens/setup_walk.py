"""What the wizard walks through: setup of this machine, or the tour where nothing is changed."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from infernet_tui.config import Config, EngineConfig
from infernet_tui.engines.base import Engine
from infernet_tui.screens.setup_tour import TourStep, tour
from infernet_tui.setup.context import Context
from infernet_tui.setup.identity import check_name
from infernet_tui.setup.memory import SetupState, setup_file
from infernet_tui.setup.step import Choice, Finding, State, Step, Text
from infernet_tui.setup.walk import Setup
from infernet_tui.window_node import WindowNode

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

ANSWERED = ("engine", "model", "config", "identity")
"""Keys of the steps that are done with an answer, which could be another one."""
_ANSWERS_IN_ENVIRON = ("INFERNET_ENGINE_BACKEND", "INFERNET_ENGINE_MODEL")


def open_walk(cockpit: "Cockpit") -> Setup:
    """Setup of this machine; in the demo a tour. Reads a file: call it in a thread."""
    if cockpit.session.mode == "demo":
        return Setup(Context(state=Unwritten(Path(os.devnull))), tour())
    state = Unwritten(setup_file()) if cockpit.is_read_only else SetupState()
    return Setup(Context(state=state, node=WindowNode(cockpit), open_engine=_open_engine))


class Unwritten(SetupState):
    """A memory that ends with the window."""

    def _write(self) -> None:
        """Nothing is written."""


async def _open_engine(settings: EngineConfig) -> Engine:
    open_engine = await asyncio.to_thread(_import_engines)
    return await open_engine(settings)


def _import_engines() -> Callable[[EngineConfig], Awaitable[Engine]]:
    """It takes a second: not while somebody types."""
    from infernet_tui.engines.registry import open_engine

    return open_engine


# --- choosing anew --------------------------------------------------------------------------


@dataclass(frozen=True)
class Unchosen(Context):
    """The same machine, as if one choice were not made yet. It is only looked at, never changed."""

    chosen: str = ""

    @classmethod
    def of(cls, context: Context, key: str) -> "Unchosen":
        """Without the answer to the step of this key."""
        parts = {each.name: getattr(context, each.name) for each in fields(context)}
        environ = parts["environ"].items()
        parts["environ"] = {name: word for name, word in environ if name not in _ANSWERS_IN_ENVIRON}
        return cls(**parts, chosen=key)

    async def config(self) -> Config:
        """The configuration without that answer."""
        config = await super().config()
        if self.chosen == "engine":
            return replace(config, engine=replace(config.engine, backend=None))
        if self.chosen == "model":
            return replace(config, engine=replace(config.engine, model=None))
        return replace(config, control_plane_url=None)


async def asked_again(context: Context, step: Step) -> Finding:
    """The question of a step that is done, with the present answer as its default.

    Raises:
        InfernetError: it cannot even be looked at.
    """
    if isinstance(step, TourStep):
        return step.asked()
    config = await context.config()
    if step.key == "identity":
        name = (config.node.name if config.node else None) or ""
        question = Text("Human-readable node name", name, check_name)
        return Finding(State.TODO, f"now: {name}", "The key stays as it is.", question=question)
    current = {
        "engine": config.engine.backend, "model": config.engine.model,
        "config": config.control_plane_url,
    }[step.key]  # fmt: skip
    finding = await step.detect(Unchosen.of(context, step.key))
    return finding if current is None else _with_default(finding, current)


def _with_default(finding: Finding, current: str) -> Finding:
    question = finding.question
    values = [each.value for each in question.options] if isinstance(question, Choice) else []
    if isinstance(question, Text) or (isinstance(question, Choice) and current in values):
        question = replace(question, default=current)
    return replace(finding, summary=f"now: {current}", question=question)
