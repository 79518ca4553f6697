"""`models` and `model.…`: what this machine can serve, how it fits, and changing that at once."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import event, success
from infernet_tui import config
from infernet_tui.errors import EngineError, InfernetError
from infernet_tui.exit_codes import ExitCode
from infernet_tui.node.model_list import models_document
from infernet_tui.node.pulls import ticking
from infernet_tui.node.verbs.payload import Payload

if TYPE_CHECKING:
    from infernet_tui.node.node import Node

PROGRESS_SECONDS = 0.2
LOAD_SECONDS = 600.0


class UnknownModel(InfernetError):
    """There is no such model on this machine."""

    exit_code = ExitCode.NOT_FOUND
    code = "model_not_found"


async def models(node: "Node", _payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """The engine, the models on disk, the ones worth pulling, and the pulls that run."""
    yield success(await models_document(node))


async def pull(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Download a model; hanging up stops it, and the next try goes on from there."""
    name = Payload(payload).text("name")
    digest: str | None = None
    steps = ticking(node.pulls.pull(name), PROGRESS_SECONDS)
    async with contextlib.aclosing(steps):
        yield success({"name": name})
        async for running in steps:
            if running.step.status == "success":
                digest = running.step.digest
            yield event("progress", running.as_json())
    await _look_again(node)
    yield event("done", {"name": name, "digest": digest})


async def use(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Make a model the default, in `config.json` and in the running node."""
    name = await _found(node, Payload(payload).text("name"))
    await asyncio.to_thread(config.update, {"engine": {"model": name}})
    node.engine.default_model = name
    node.continuation.consider(name)
    node.changes.touch()
    yield success({"model": name})


async def remove(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Delete a model from disk; if it was the default, another one takes its place."""
    name = await _found(node, Payload(payload).text("name"))
    await node.engine.remove(name)
    await _look_again(node)
    was_default = await asyncio.to_thread(_no_longer_configured, name)
    if node.engine.default_model == name:
        was_default = True
        node.engine.default_model = next(iter(node.heartbeat.models), None)
    node.changes.touch()
    yield success({"model": name, "was_default": was_default})


async def load(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Bring a model into memory."""
    name = await _found(node, Payload(payload).text("name"))
    try:
        async with asyncio.timeout(LOAD_SECONDS):
            await node.engine.load(name)
    except TimeoutError:
        raise EngineError(f"{name} was not in memory after {LOAD_SECONDS:g} s.") from None
    await _look_again(node)
    yield success({"model": name})


async def unload(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Free a model's memory."""
    name = await _found(node, Payload(payload).text("name"))
    await node.engine.unload(name)
    await _look_again(node)
    yield success({"model": name})


async def _found(node: "Node", name: str) -> str:
    """The full name of a model on disk; `qwen2.5` also means `qwen2.5:latest`."""
    names = {model.name for model in await node.engine.models()}
    for candidate in (name, f"{name}:latest"):
        if candidate in names:
            return candidate
    raise UnknownModel(
        f"There is no model {name[:64]!r} on this machine.", hint=f"infernet model pull {name[:64]}"
    )


def _no_longer_configured(name: str) -> bool:
    """Take the model out of `config.json`, if it is the one there."""
    if config.load().engine.model != name:
        return False
    config.update({"engine": {"model": None}})
    return True


async def _look_again(node: "Node") -> None:
    await node.heartbeat.look_at_models()
    node.changes.touch()
