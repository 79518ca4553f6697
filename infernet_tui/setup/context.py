"""Everything a step may touch: configuration, environment, programs, engines, the node."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infernet_tui import config
from infernet_tui.config import Config, EngineConfig
from infernet_tui.engines.base import Engine
from infernet_tui.model_fit import Memory
from infernet_tui.setup.memory import SetupState
from infernet_tui.setup.node_control import BackgroundNode, NodeControl
from infernet_tui.setup.programs import Runner, find_program, run_program

CONTROL_PLANE_SECONDS = 7.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for beforehand; None leaves it to the step."""

    backend: str | None = None
    model: str | None = None
    url: str | None = None
    name: str | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Key of a step that is not to be looked at → the flag that says so."""


async def _open_engine(settings: EngineConfig) -> Engine:
    from infernet_tui.engines.registry import open_engine  # engines are slow to import

    return await open_engine(settings)


def _memory() -> Memory:
    from infernet_tui.hardware.detect import MachineHardware
    from infernet_tui.model_fit import memory_of

    with contextlib.closing(MachineHardware()) as machine:
        sample = machine.sample()
        return memory_of(sample.gpus, sample.ram)


@dataclass(frozen=True, slots=True)
class Context:
    """One run of setup on one machine."""

    wishes: Wishes = Wishes()
    state: SetupState = field(default_factory=SetupState)
    node: NodeControl = field(default_factory=BackgroundNode)
    """What starts the node: in the background, or inside the application."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    run: Runner = run_program
    find_program: Callable[[str], str | None] = find_program
    open_engine: Callable[[EngineConfig], Awaitable[Engine]] = _open_engine
    measure_memory: Callable[[], Memory] = _memory
    """Blocks on the hardware."""
    is_root: bool = field(default_factory=lambda: os.geteuid() == 0)
    may_ask_password: bool = False
    """Whether `sudo` may use the terminal: not under a full-screen application."""

    async def config(self) -> Config:
        """`config.json` as it is now.

        Raises:
            ConfigError: it is wrong.
        """
        return await asyncio.to_thread(config.load)

    async def save(self, changes: Mapping[str, Any]) -> Config:
        """Merge changes into `config.json`.

        Raises:
            ConfigError: the result would be wrong, or cannot be written.
        """
        return await asyncio.to_thread(config.update, changes)

    @contextlib.asynccontextmanager
    async def engine(self, settings: EngineConfig) -> AsyncIterator[Engine]:
        """The engine of these settings, for a block.

        Raises:
            EngineError, ConfigError: it is not there.
        """
        engine = await self.open_engine(settings)
        try:
            yield engine
        finally:
            await engine.close()
