"""The answer of `models`: what is on disk, what could be, and whether each fits this machine."""

import asyncio
from typing import TYPE_CHECKING, Any

from infernet_tui.engines.base import Engine, Health, Model
from infernet_tui.errors import InfernetError
from infernet_tui.model_catalogue import CATALOGUE, catalogue_fit, catalogue_model, recommended
from infernet_tui.model_fit import DEFAULT_CONTEXT_LENGTH, KvShape, Memory, fit, memory_of, shape_of

if TYPE_CHECKING:
    from infernet_tui.node.node import Node

LOOK_SECONDS = 8.0
"""How long an engine may take to say what it has."""


async def models_document(node: "Node") -> dict[str, Any]:
    """Everything, now. An engine that does not answer is said so, not raised."""
    health, models = await _ask(node.engine)
    loaded = await node.engine.loaded()
    sample = await node.hardware.sample()
    memory = memory_of(sample.gpus, sample.ram)
    shapes = await asyncio.to_thread(_shapes, node.engine)
    names = {model.name for model in models}
    best = recommended(memory)
    return {
        "engine": {
            "kind": node.engine.kind,
            "ok": health.ok,
            "detail": health.detail,
            "version": health.version,
        },
        "default": node.engine.default_model,
        "models": [
            _installed(model, node.engine.default_model, loaded, memory, shapes)
            for model in sorted(models, key=lambda model: model.name)
        ],
        "available": [
            {
                "name": model.name,
                "size_bytes": model.size_bytes,
                "parameter_size": model.parameter_size,
                "note": model.note,
                "is_installed": bool({model.name, f"{model.name}:latest"} & names),
                "is_recommended": model is best,
                "fit": catalogue_fit(model, memory).to_json(),
            }
            for model in CATALOGUE
        ],
        "recommended": best.name if best else None,
        "pulls": node.pulls.as_json(),
    }


async def _ask(engine: Engine) -> tuple[Health, list[Model]]:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await engine.health(), await engine.models()
    except TimeoutError:
        return Health(False, f"the engine did not answer within {LOOK_SECONDS:g} s"), []
    except (InfernetError, OSError) as error:
        return Health(False, str(error)), []


def _installed(
    model: Model,
    default: str | None,
    loaded: list[str] | None,
    memory: Memory,
    shapes: dict[str, KvShape],
) -> dict[str, Any]:
    known = catalogue_model(model.name.removesuffix(":latest"))
    shape = shapes.get(model.name) or (known.shape if known else None)
    tokens = min(DEFAULT_CONTEXT_LENGTH, model.context_length or DEFAULT_CONTEXT_LENGTH)
    judged = fit(model.size_bytes, memory, shape=shape, context_length=tokens)
    return {
        "name": model.name,
        "size_bytes": model.size_bytes,
        "family": model.family,
        "quantization": model.quantization,
        "parameter_size": model.parameter_size,
        "context_length": model.context_length,
        "modified_at": model.modified_at,
        "digest": model.digest,
        "is_default": default is not None and model.name in (default, f"{default}:latest"),
        "is_loaded": None if loaded is None else model.name in loaded,
        "fit": judged.to_json(),
    }


def _shapes(engine: Engine) -> dict[str, KvShape]:
    """What the model files themselves say, where they are ours to read."""
    from infernet_tui.engines.llamacpp import LlamaCppEngine

    if not isinstance(engine, LlamaCppEngine):
        return {}
    found = ((stored.name, shape_of(stored.header)) for stored in engine.store.all())
    return {name: shape for name, shape in found if shape is not None}
