"""What the node tells about itself, and the calls that tell it over HTTP (`wire.md` §7).

`specs` is put together fresh each time from a cached base (probing hardware is slow), the models
the engine has now, the measured speed, and the load. A control plane that has forgotten this node
answers 404 to a heartbeat; the node then registers again by itself.
"""

import asyncio
import logging
import time
from typing import Any

from infernet_protocol import endpoints
from infernet_tui.config import NodeConfig
from infernet_tui.control_plane import ControlPlane
from infernet_tui.engines.base import Engine
from infernet_tui.errors import ControlPlaneError, InfernetError, NotFound, TimedOut
from infernet_tui.hardware.load import load_of
from infernet_tui.hardware.specs import specs_of
from infernet_tui.node.changes import Changes
from infernet_tui.node.continuation import Continuation
from infernet_tui.node.hardware_thread import HardwareSilent, HardwareThread
from infernet_tui.node.jobs import Jobs
from infernet_tui.node.options import NodeOptions
from infernet_tui.node.stats import Stats

log = logging.getLogger(__name__)
BASE_SPECS_SECONDS = 300.0
MODELS_SECONDS = 5.0
OFFLINE_SECONDS = 3.0
"""How long a stopping node waits to say so."""


class Heartbeat:
    """Registers the node, keeps it listed, and takes it offline."""

    def __init__(
        self,
        control_plane: ControlPlane,
        node: NodeConfig,
        options: NodeOptions,
        engine: Engine,
        jobs: Jobs,
        continuation: Continuation,
        stats: Stats,
        changes: Changes,
        hardware: HardwareThread,
    ) -> None:
        self.row_id = node.id
        """UUID of this node's row on the control plane."""
        self.models: list[str] = []
        """Names the engine served when last asked."""
        self.loaded_models: list[str] | None = None
        """Those in memory when last asked; None when the engine does not tell."""
        self._control_plane = control_plane
        self._node = node
        self._options = options
        self._engine = engine
        self._jobs = jobs
        self._continuation = continuation
        self._stats = stats
        self._changes = changes
        self._hardware = hardware
        self._base: dict[str, Any] | None = None
        self._base_at = 0.0

    async def register(self) -> None:
        """Create or refresh this node's row.

        Raises:
            ControlPlaneError, TimedOut: it did not work.
        """
        node = self._node
        body = {"role": node.role, "node_id": node.node_id, "name": node.name or node.node_id}
        body |= self._endpoint() | await self._specs_field()
        answer = await self._timed(endpoints.REGISTER, body)
        self.row_id = answer.get("id") if isinstance(answer, dict) else self.row_id
        log.info("registered as %s at %s", node.node_id, self._control_plane.address.authority)

    async def beat(self) -> None:
        """Say that the node is here, over HTTP; register again if it is not known any more."""
        body = {"role": self._node.role, "status": "available", "active_jobs": self.active_jobs()}
        body |= self._endpoint() | await self._specs_field()
        try:
            try:
                await self._timed(endpoints.HEARTBEAT, body)
            except NotFound:
                log.warning("the control plane does not know this node; registering again")
                await self.register()
        except (ControlPlaneError, TimedOut) as error:
            log.warning("heartbeat failed: %s", error)
            self._stats.heartbeat_failed(error.message)
        else:
            self._stats.heartbeat_worked()
        self._changes.touch()

    async def offline(self) -> None:
        """Say that the node stops. A control plane that cannot be told finds out by itself."""
        body = {"role": self._node.role, "status": "offline"}
        try:
            await self._control_plane.call(
                endpoints.HEARTBEAT, body, timeout_seconds=OFFLINE_SECONDS
            )
        except (ControlPlaneError, TimedOut) as error:
            log.warning("could not say goodbye: %s", error)

    async def specs(self) -> dict[str, Any]:
        """The node's `specs`, as of now; without the hardware's part while a driver hangs."""
        await self.look_at_models()
        specs: dict[str, Any] = {"served_models": self.models}
        try:
            specs |= await self._cached_base()
            sample = await self._hardware.sample()
            specs["load"] = load_of(len(self._jobs.runs), self._jobs.capacity, sample)
        except HardwareSilent as error:
            log.warning("the specs lack the hardware: %s", error)
        if continued := self._continuation.models:
            specs["prefill_models"] = continued
        if bench := self._jobs.bench.as_specs():
            specs["bench"] = bench
        return specs

    def active_jobs(self) -> list[dict[str, Any]]:
        """The attempts in progress, whose leases a heartbeat renews."""
        return [{"job_id": job_id, "attempt": attempt} for job_id, attempt in self._jobs.runs]

    def public_address(self) -> str | None:
        """The address to advertise, unless this node is outbound-only."""
        if self._options.no_advertise or self._node.role == "client":
            return None
        return self._options.public_address or self._node.address

    def _endpoint(self) -> dict[str, Any]:
        address = self.public_address()
        if address is None:
            return {}
        return {"address": address} | (
            {} if self._options.no_p2p else {"port": self._options.p2p_port}
        )

    async def _specs_field(self) -> dict[str, Any]:
        return {"specs": await self.specs()} if self._node.role == "provider" else {}

    async def _cached_base(self) -> dict[str, Any]:
        now = time.monotonic()
        if self._base is None or now - self._base_at > BASE_SPECS_SECONDS:
            base = specs_of(await self._hardware.read())
            if self._options.no_advertise_interconnects:
                base.pop("interconnects", None)
            self._base, self._base_at = base, now
        return self._base

    async def look_at_models(self) -> None:
        """What the engine has; what was known stays when it does not answer (it may be busy)."""
        try:
            async with asyncio.timeout(MODELS_SECONDS):
                self.models = [model.name for model in await self._engine.models()]
                self.loaded_models = await self._engine.loaded()
        except (InfernetError, TimeoutError, OSError) as error:
            log.warning("the engine did not list its models: %s", error or "timed out")

    async def _timed(self, path: str, body: dict[str, Any]) -> Any:
        """A signed call whose round trip is what the control plane's latency is taken from."""
        began = time.monotonic()
        answer = await self._control_plane.call(path, body)
        self._stats.measured_latency(time.monotonic() - began)
        return answer
