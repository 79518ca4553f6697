"""`infernet model`: what this machine can serve. Works on whichever engine is selected."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import asdict, replace
from typing import Any, TypeVar, cast

import click

from infernet_protocol.ipc import IpcCommand
from infernet_tui import config
from infernet_tui.cli.command import pass_output, verb_group
from infernet_tui.cli.output import Output
from infernet_tui.cli.pull_progress import PullPrinter, human_bytes
from infernet_tui.engines.base import Engine, Model, PullProgress
from infernet_tui.errors import EngineError, UsageError
from infernet_tui.exit_codes import ExitCode
from infernet_tui.node.client import LOAD_TIMEOUT_SECONDS, request_once
from infernet_tui.text import one_line

Result = TypeVar("Result")
SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
EXAMPLES = """\b
Examples:
  infernet model list
  infernet model pull qwen2.5:7b
  infernet model pull https://example.org/model.gguf --sha256 9f86d0…
  infernet model use qwen2.5:7b
"""


class ModelNotFound(EngineError):
    """There is no such model on this machine."""

    exit_code = ExitCode.NOT_FOUND
    code = "model_not_found"


@verb_group("model", epilog=EXAMPLES)
def command() -> None:
    """Manage the models on this machine and which one is active."""


@command.command("list")
@pass_output
def list_models(output: Output) -> None:
    """Show the models on disk and which one is active."""

    async def look(engine: Engine) -> tuple[list[Model], str | None]:
        return await engine.models(), engine.default_model

    models, by_itself = _with_engine(look)
    active = config.load().engine.model or by_itself
    models.sort(key=lambda model: model.name)
    rows = [asdict(model) | {"active": model.name == active} for model in models]
    output.show("models", {"models": rows, "next": None}, lambda: _table(output, models, active))
    if not models:
        output.note("No models on disk. → infernet model pull qwen2.5:0.5b")


def _table(output: Output, models: list[Model], active: str | None) -> list[str]:
    headers = ("", "NAME", "SIZE", "PARAMETERS", "QUANTIZATION", "MODIFIED")
    return output.table(
        headers,
        [
            (
                "*" if model.name == active else "",
                model.name,
                human_bytes(model.size_bytes) if model.size_bytes is not None else None,
                model.parameter_size,
                model.quantization,
                (model.modified_at or "")[:10],
            )
            for model in models
        ],
    )


@command.command("pull")
@click.argument("name")
@click.option("--sha256", metavar="HEX", help="Refuse the file unless it has this digest.")
@pass_output
def pull(output: Output, name: str, sha256: str | None) -> None:
    """Download a model: a name of Ollama's, hf.co/owner/repo:quant, a URL or a file."""
    wanted = _digest(sha256) if sha256 else None
    printer = PullPrinter(output, name)
    if output.json:
        output.begin_stream()
    try:
        digest = _with_engine(lambda engine: _pulled(engine, name, wanted, printer))
    finally:
        printer.end()
    printer.done(digest)


async def _pulled(
    engine: Engine, name: str, wanted: str | None, printer: PullPrinter
) -> str | None:
    """Pull; the digest of what came, which is the wanted one if one is."""
    before = set(await engine.models()) if wanted else set()
    digest = None
    steps = cast(AsyncGenerator[PullProgress, None], engine.pull(name))
    async with contextlib.aclosing(steps):
        async for step in steps:
            printer.show(step)
            digest = step.digest if step.status == "success" else digest
    if wanted and digest != wanted:
        new = set(await engine.models()) - before
        for model in new:
            await engine.remove(model.name)
        deleted = "; it was deleted" if new else ""
        raise EngineError(
            f"{name} was pulled, but its digest is {digest or 'not told'}, not {wanted}{deleted}.",
            hint="compare the digest with what the publisher says",
            retryable=False,
        )
    return digest


@command.command("use")
@click.argument("name")
@pass_output
def use(output: Output, name: str) -> None:
    """Make a model on disk the active one (engine.model in the config)."""
    chosen = _with_engine(lambda engine: _found(engine, name))
    config.update({"engine": {"model": chosen}})
    output.show("model_use", {"model": chosen}, lambda: [f"✓ active model: {chosen}"])
    output.note("  a running node takes it up at its next start")


@command.command("show")
@pass_output
def show(output: Output) -> None:
    """Show the engine in use, where it is, and the active model."""

    async def look(engine: Engine) -> dict[str, Any]:
        health = await engine.health()
        found = {"backend": engine.kind, "model": engine.default_model}
        return found | {"ok": health.ok, "state": health.detail, "version": health.version}

    settings = config.load().engine
    found = _with_engine(look)
    found |= {"host": settings.host, "model": settings.model or found["model"]}
    chosen = "" if settings.backend else " (chosen automatically)"
    output.show(
        "model_show",
        {"engine": found},
        lambda: output.pairs(
            {
                "Backend": found["backend"] + chosen,
                "Host": settings.host,
                "Active model": found["model"] or "none → infernet model use NAME",
                "State": found["state"],
                "Version": found["version"],
            }
        ),
    )


@command.command("remove")
@click.argument("name")
@pass_output
def remove(output: Output, name: str) -> None:
    """Delete a model from disk; clears the active one if it was that."""
    chosen = _with_engine(lambda engine: _found(engine, name))
    output.confirm(f"Delete {chosen} from disk?")
    _with_engine(lambda engine: engine.remove(chosen))
    was_active = config.load().engine.model == chosen
    if was_active:
        config.update({"engine": {"model": None}})
    document = {"model": chosen, "was_active": was_active}
    output.show("model_remove", document, lambda: [f"✓ removed {chosen}"])
    if was_active:
        output.note("  it was the active model → infernet model use NAME")


@command.command("load")
@click.argument("name")
@pass_output
def load(output: Output, name: str) -> None:
    """Have the running node bring a model into memory."""
    _in_memory(output, IpcCommand.MODEL_LOAD, name)


@command.command("unload")
@click.argument("name")
@pass_output
def unload(output: Output, name: str) -> None:
    """Have the running node free a model's memory."""
    _in_memory(output, IpcCommand.MODEL_UNLOAD, name)


def _in_memory(output: Output, verb: IpcCommand, name: str) -> None:
    """Which models are in memory is the node's: another process could not tell its engine."""
    seconds = output.timeout_seconds or LOAD_TIMEOUT_SECONDS
    model = request_once(verb, {"name": name}, timeout_seconds=seconds)["model"]
    is_loaded = verb is IpcCommand.MODEL_LOAD
    done = f"✓ {'loaded' if is_loaded else 'unloaded'} {one_line(model)}"
    output.show("model_memory", {"model": model, "is_loaded": is_loaded}, lambda: [done])


async def _found(engine: Engine, name: str) -> str:
    """The full name of a model on disk; `qwen2.5` also means `qwen2.5:latest`."""
    names = {model.name for model in await engine.models()}
    for candidate in (name, f"{name}:latest"):
        if candidate in names:
            return candidate
    raise ModelNotFound(
        f"There is no model {name!r} on this machine.", hint=f"infernet model pull {name}"
    )


def _with_engine(work: Callable[[Engine], Coroutine[Any, Any, Result]]) -> Result:
    """Do `work` with the selected engine.

    It is opened without the configured model: one that is gone must not stand in the way of
    choosing another.
    """
    from infernet_tui.engines.registry import open_engine

    async def run() -> Result:
        engine = await open_engine(replace(config.load().engine, model=None))
        try:
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(run())


def _digest(text: str) -> str:
    match = SHA256.fullmatch(text)
    if not match:
        raise UsageError("--sha256 takes 64 hex digits.")
    return f"sha256:{match[1].lower()}"
