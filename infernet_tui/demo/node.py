"""`DemoNode`: answers the messages of the node's socket, as `infernet_tui.node.ipc` would."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from infernet_protocol.ipc import IpcFailure, event, failure, refusal, success
from infernet_protocol.keys import npub
from infernet_tui import __version__
from infernet_tui.demo import chat, jobs, machine, neighbours, routing
from infernet_tui.demo.models import Shelf
from infernet_tui.demo.money import Purse
from infernet_tui.demo.scenarios import SCENARIOS
from infernet_tui.demo.snapshot import snapshot
from infernet_tui.demo.world import CONFIG_FOLDER, CONTROL_PLANE, NODE_NAME, Pause, World
from infernet_tui.errors import InfernetError, UsageError

Payload = dict[str, Any]
Answers = AsyncGenerator[dict[str, Any], None]


class DemoNode:
    """A `Handler` for `InProcessTransport`. The same clock and seed give the same bytes."""

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        seed: int = 1,
        scenario: str = "busy",
        *,
        pause: Pause = asyncio.sleep,
        tick_seconds: float = 1.0,
    ) -> None:
        self.world = World(SCENARIOS[scenario], seed, clock, pause)
        self._tick_seconds = tick_seconds
        self._shelf = Shelf(self.world)
        self._purse = Purse(self.world)
        self._questions = self._all_questions()
        self._streams: Mapping[str, Callable[[Payload], Answers]] = {
            "subscribe": self._subscribe,
            "model.pull": self._shelf.pull,
            "chat": lambda payload: chat.chat(self.world, self._shelf, payload),
            "job.follow": lambda payload: jobs.follow(self.world, payload),
            "peer.ping": self._ping,
        }

    @property
    def commands(self) -> tuple[str, ...]:
        """Every verb it answers."""
        return (*self._questions, *self._streams)

    def stop(self) -> None:
        """Die: streams end, and nothing is answered until `restart`."""
        self.world.stop()

    def restart(self) -> None:
        """Come back, as a node that has just started."""
        self.world.restart()

    async def handle(self, message: Mapping[str, Any]) -> Answers:
        """Every answer to one message."""
        command, payload = message.get("cmd"), message.get("payload")
        payload = payload if isinstance(payload, dict) else {}
        if self._is_gone():
            yield failure(IpcFailure.DAEMON_UNREACHABLE, "the demo node is stopped")
            return
        answers = self._answers(str(command), payload)
        try:
            async with contextlib.aclosing(answers):
                async for answer in answers:
                    yield answer
                    if self._is_gone() and command not in ("shutdown", "drain"):
                        return
        except InfernetError as error:
            yield refusal(error.code, error.message, error.hint)
        except (TypeError, ValueError) as error:  # a field of the wrong type
            yield refusal(UsageError.code, f"{command}: {error}", None)

    def _is_gone(self) -> bool:
        self.world.now()
        return self.world.is_stopped

    async def _answers(self, command: str, payload: Payload) -> Answers:
        if question := self._questions.get(command):
            yield success(question(payload))
        elif stream := self._streams.get(command):
            async with contextlib.aclosing(stream(payload)) as answers:
                async for answer in answers:
                    yield answer
        else:
            yield failure(f"unknown-cmd: {command[:64]}")

    def _all_questions(self) -> Mapping[str, Callable[[Payload], Any]]:
        world, shelf, purse = self.world, self._shelf, self._purse
        return {
            "ping": lambda _: {"pong": round(world.now() * 1000)},
            "status": lambda _: snapshot(world, shelf),
            "stats": lambda _: snapshot(world, shelf),
            "drain": self._drain,
            "shutdown": self._shutdown,
            "node.info": lambda _: self._info(),
            "history": lambda payload: machine.history(world, payload, shelf.loaded_names),
            "history.latest": lambda _: machine.latest(world, shelf.loaded_names),
            "hardware": lambda _: machine.hardware(world, shelf.loaded_names),
            "models": lambda _: shelf.as_json(),
            "model.use": shelf.use,
            "model.remove": shelf.remove,
            "model.load": shelf.load,
            "model.unload": shelf.unload,
            "jobs": lambda payload: jobs.page(world, payload),
            "job": lambda payload: jobs.timeline(world, payload),
            "job.cancel": lambda payload: jobs.cancel(world, payload),
            "job.explain": lambda payload: routing.explain(world, jobs.find(world, payload)),
            "peers": lambda payload: neighbours.peers(world, payload, list(shelf.on_disk)),
            "payouts": lambda _: purse.payouts(),
            "payout.set": purse.set,
            "payout.remove": purse.remove,
            "payments": purse.payments,
            "earnings": purse.earnings,
        }

    async def _subscribe(self, _payload: Payload) -> Answers:
        """The snapshot now, then once a tick and at once after a person changed something."""
        yield success(snapshot(self.world, self._shelf))
        version = self.world.changes.version
        while not self._is_gone():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.world.changes.beyond(version), self._tick_seconds)
            version = self.world.changes.version
            if not self._is_gone():
                yield event("state", snapshot(self.world, self._shelf))

    async def _ping(self, payload: Payload) -> Answers:
        yield success(await neighbours.ping(self.world, payload))

    def _drain(self, _payload: Payload) -> dict[str, Any]:
        self.world.drain()
        return {"draining": True, "activeJobs": len(self.world.ledger.running)}

    def _shutdown(self, _payload: Payload) -> dict[str, Any]:
        self.world.stop()
        return {"shuttingDown": True}

    def _info(self) -> dict[str, Any]:
        world = self.world
        return {
            "config_path": f"{CONFIG_FOLDER}/config.json",
            "log_path": f"{CONFIG_FOLDER}/daemon.log",
            "node_id": world.node_id,
            "name": NODE_NAME,
            "role": "provider",
            "public_key": world.public_key,
            "npub": npub(world.public_key),
            "control_plane_url": CONTROL_PLANE,
            "p2p_port": 46337,
            "version": __version__,
            "options": {
                "proxy_set": False,
                "no_advertise": False,
                "no_advertise_interconnects": False,
                "no_p2p": False,
                "address_set": False,
                "p2p_port": 46337,
                "bind_port": None,
                "capacity": 4,
            },
        }
