"""Everything that a demo node knows and that a person can change while playing with it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from infernet_tui.demo.ledger import Ledger
from infernet_tui.demo.noise import hexadecimal, identifier
from infernet_tui.demo.scenarios import Scenario
from infernet_tui.demo.series import Meter
from infernet_tui.demo.strangers import Strangers
from infernet_tui.errors import ControlPlaneUnreachable
from infernet_tui.node.changes import Changes

CONTROL_PLANE = "https://control.infernet.example"
NODE_NAME = "rig-01"
CONFIG_FOLDER = "~/.config/infernet"
PID = 4121
HEARTBEAT_SECONDS = 30

Pause = Callable[[float], Awaitable[Any]]


@dataclass(slots=True)
class World:
    """One demo node's state."""

    scenario: Scenario
    seed: int
    clock: Callable[[], float]
    """Unix seconds."""
    pause: Pause = asyncio.sleep
    """How the streams wait between two lines."""
    changes: Changes = field(default_factory=Changes)
    begun_at: float = field(init=False)
    """When the demo was made."""
    started_at: float = field(init=False)
    """When the node began its present run."""
    ledger: Ledger = field(init=False)
    meter: Meter = field(init=False)
    is_stopped: bool = False
    is_draining: bool = False

    def __post_init__(self) -> None:
        """Begin in the middle of a run."""
        self.begun_at = self.clock()
        self._begin_run(self.begun_at - self.scenario.uptime_seconds)
        self.now()

    def _begin_run(self, started_at: float) -> None:
        self.started_at = started_at
        self.ledger = Ledger(self.scenario, self.seed, started_at, self.begun_at)
        self.meter = Meter(self.scenario, self.seed, started_at, self.ledger)
        self.is_stopped = self.is_draining = False

    def restart(self) -> None:
        """A new run, with no jobs yet."""
        self._begin_run(self.clock())
        self.changes.touch()

    def stop(self) -> None:
        """The node is gone until `restart`."""
        self.is_stopped = True
        self.changes.touch()

    def drain(self) -> None:
        """No new jobs; when the last one has ended, the node stops."""
        self.ledger.closed_at = min(self.now(), self.ledger.closed_at or self.now())
        self.is_draining = True
        self.changes.touch()

    def now(self) -> float:
        """The time, with everything that has happened until then."""
        now = self.clock()
        self.ledger.advance(now)
        if self.is_draining and not self.ledger.running:
            self.is_draining, self.is_stopped = False, True
        return now

    @property
    def strangers(self) -> Strangers:
        """How strangers talk here."""
        return Strangers(self.scenario.is_hostile)

    @property
    def lost_at(self) -> float | None:
        """Since when the control plane is away."""
        offline = self.scenario.offline_seconds
        return None if offline is None else self.begun_at - offline

    @property
    def has_models(self) -> bool:
        """Whether the machine has more than the built-in model."""
        return self.scenario.has_gpus

    @property
    def node_id(self) -> str:
        """This node's id on the network."""
        return f"provider-{hexadecimal(8, self.seed, 1)}"

    @property
    def row_id(self) -> str:
        """This node's row on the control plane."""
        return identifier(self.seed, 2)

    @property
    def public_key(self) -> str:
        """This node's public key; nobody has the private one."""
        return hexadecimal(64, self.seed, 3)

    def ask_control_plane(self) -> None:
        """Do what needs the control plane, in this scenario.

        Raises:
            ControlPlaneUnreachable: it is away.
        """
        if self.lost_at is not None:
            raise ControlPlaneUnreachable(
                f"Cannot reach {CONTROL_PLANE}: connection refused.",
                hint="infernet doctor",
            )
