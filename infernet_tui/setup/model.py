"""Step 3: the model this node serves, fetched if it is not here."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import cast

from infernet_tui.engines.base import Engine, Model, PullProgress
from infernet_tui.errors import EngineError, InfernetError, UsageError
from infernet_tui.setup import model_offers
from infernet_tui.setup.context import Context
from infernet_tui.setup.engine import LABELS
from infernet_tui.setup.step import Answer, Finding, Progress, Report, State, done, unknown

PULLING_ENGINES = ("llamacpp", "ollama")
"""Whose models are fetched; the others serve what they were started with."""
OFFLINE_HINT = "infernet setup --model infernet-nano, which is built in"


class ModelStep:
    """Looks at the engine's models, and writes which one is the default (`engine.model`)."""

    number = 3
    key = "model"
    title = "Model"

    async def detect(self, context: Context) -> Finding:
        """Whether the chosen model is here; else what there is to choose from."""
        settings = (await context.config()).engine
        chosen = settings.model or context.environ.get("INFERNET_ENGINE_MODEL")
        wanted = context.wishes.model or chosen
        try:
            async with context.engine(replace(settings, model=None)) as engine:
                kind, installed = engine.kind, await engine.models()
        except InfernetError as error:
            return unknown("no engine answers yet", error.hint, error.message)
        memory = await asyncio.to_thread(context.measure_memory)
        found = model_offers.find(wanted, installed) if wanted else None
        if found or (kind == "stub" and wanted):
            name = found.name if found else str(wanted)
            if chosen in (name, wanted):
                return _served(name, found)
            return Finding(State.TODO, f"{name} was asked for")
        if kind == "stub":
            return done("the stub answers to any name")
        if kind not in PULLING_ENGINES and len(installed) < 2:
            served = installed[0].name if installed else "what it was started with"
            return done(f"{LABELS.get(kind, kind)} serves {served}")
        if context.wishes.model and kind in PULLING_ENGINES:
            fit = model_offers.fit_of(context.wishes.model, None, memory)
            return Finding(State.TODO, f"{wanted} was asked for", fit.explanation)
        can_pull = kind in PULLING_ENGINES
        return Finding(
            State.TODO,
            f"{wanted} is not on this machine" if wanted else "no model chosen yet",
            "Only what fits this machine is offered. A download can be interrupted; "
            "it goes on where it ended.",
            question=model_offers.choice(installed, memory, wanted=wanted, can_pull=can_pull),
        )

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        """Fetch it if need be, see that the engine has it, and write it."""
        settings = (await context.config()).engine
        name = answer if isinstance(answer, str) else context.wishes.model or settings.model
        if not name:
            raise UsageError("There is no model to choose.", hint="infernet model pull qwen2.5:7b")
        async with context.engine(replace(settings, model=None)) as engine:
            kind, model = engine.kind, await _obtained(engine, name, report)
        if settings.model != model.name:
            await context.save({"engine": {"model": model.name}})
        await context.node.use_model(model.name)
        return done(f"verified: {LABELS.get(kind, kind)} can serve {model.name}")


def _served(name: str, model: Model | None) -> Finding:
    size = model_offers.size(model.size_bytes) if model else ""
    return done(f"{name} {size}".strip())


async def _obtained(engine: Engine, name: str, report: Report) -> Model:
    """The model of that name, pulled if it is not there.

    Raises:
        EngineError: it cannot be had.
    """
    before = await engine.models()
    if found := model_offers.find(name, before):
        return found
    if engine.kind == "stub":
        return Model(name)
    if engine.kind not in PULLING_ENGINES:
        raise EngineError(
            f"{LABELS.get(engine.kind, engine.kind)} does not serve {name!r}.",
            hint="start it with that model, then run infernet setup again",
            retryable=False,
        )
    try:
        await _pull(engine, name, report)
    except EngineError as error:
        raise EngineError(error.message, hint=error.hint or OFFLINE_HINT) from None
    after = await engine.models()
    # A file or URL is called by the name of its file from here on.
    new = [model for model in after if model.name not in {old.name for old in before}]
    model = model_offers.find(name, after) or (new[0] if len(new) == 1 else None)
    if model is None:
        raise EngineError(
            f"{name} was fetched, but the engine does not list it.", hint="infernet model list"
        )
    return model


async def _pull(engine: Engine, name: str, report: Report) -> None:
    steps = cast(AsyncGenerator[PullProgress, None], engine.pull(name))
    async with contextlib.aclosing(steps):
        async for step in steps:
            if step.status != "success":
                report(Progress(step.status, step.completed_bytes, step.total_bytes))
