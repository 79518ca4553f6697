"""Models worth offering to someone who has none: names of Ollama's library, sizes as published.

A list in the source, not a download: it must be there before the network is. It only suggests; any
other name can be pulled too.
"""

import math
from dataclasses import dataclass, replace

from infernet_tui.model_fit import DEFAULT_CONTEXT_LENGTH, Fit, KvShape, Memory, fit

MAX_CPU_WEIGHTS_BYTES = 2_500_000_000
"""Of a recommendation: on a processor a larger one answers slower than people read."""


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model that can be pulled."""

    name: str
    size_bytes: int
    """Of the build the name stands for: four-bit, unless the note says otherwise."""
    parameter_size: str
    shape: KvShape
    context_length: int
    """Tokens it was trained for."""
    note: str
    is_general: bool = False
    """Whether it is one of the family that is recommended, one for each size of machine."""


CATALOGUE: tuple[CatalogueModel, ...] = (
    CatalogueModel(
        "qwen2.5:0.5b", 397_821_319, "494M", KvShape(24, 2, 64), 32_768,
        "smoke test, runs on CPU", True,
    ),
    CatalogueModel(
        "qwen2.5:1.5b", 986_061_892, "1.5B", KvShape(28, 2, 128), 32_768,
        "quick answers on CPU", True,
    ),
    CatalogueModel(
        "qwen2.5:3b", 1_929_912_432, "3.1B", KvShape(36, 2, 128), 32_768,
        "CPU, or a 4 GB GPU", True,
    ),
    CatalogueModel(
        "qwen2.5:7b", 4_683_087_332, "7.6B", KvShape(28, 4, 128), 32_768,
        "fits 8 GB+ GPU", True,
    ),
    CatalogueModel(
        "qwen2.5:14b", 8_988_124_069, "14.8B", KvShape(48, 8, 128), 32_768,
        "fits 12 GB+ GPU", True,
    ),
    CatalogueModel(
        "qwen2.5:32b", 19_851_349_856, "32.8B", KvShape(64, 8, 128), 32_768,
        "fits 24 GB+ GPU", True,
    ),
    CatalogueModel(
        "qwen2.5:72b", 47_415_724_625, "72.7B", KvShape(80, 8, 128), 32_768,
        "fits 80 GB GPU, or several", True,
    ),
    CatalogueModel(
        "llama3.2:1b", 1_321_098_329, "1.2B", KvShape(16, 8, 64), 131_072,
        "small, eight-bit, long context",
    ),
    CatalogueModel(
        "llama3.2:3b", 2_019_393_189, "3.2B", KvShape(28, 8, 128), 131_072,
        "CPU, or a 4 GB GPU",
    ),
    CatalogueModel(
        "llama3.1:8b", 4_920_753_328, "8.0B", KvShape(32, 8, 128), 131_072,
        "fits 8 GB+ GPU, long context",
    ),
    CatalogueModel(
        "llama3.1:70b", 42_520_413_916, "70.6B", KvShape(80, 8, 128), 131_072,
        "fits 48 GB+ GPU, or several",
    ),
    CatalogueModel(
        "mistral:7b", 4_113_301_824, "7.2B", KvShape(32, 8, 128), 32_768,
        "fits 8 GB+ GPU",
    ),
    CatalogueModel(
        "gemma2:2b", 1_629_518_495, "2.6B", KvShape(26, 4, 256), 8_192,
        "CPU, or a 4 GB GPU",
    ),
    CatalogueModel(
        "gemma2:9b", 5_443_152_417, "9.2B", KvShape(42, 8, 256), 8_192,
        "fits 12 GB+ GPU",
    ),
    CatalogueModel(
        "phi3.5", 2_176_178_913, "3.8B", KvShape(32, 32, 96), 131_072,
        "reasons well for its size",
    ),
    CatalogueModel(
        "deepseek-r1:7b", 4_683_075_271, "7.6B", KvShape(28, 4, 128), 131_072,
        "thinks before it answers; 8 GB+ GPU",
    ),
    CatalogueModel(
        "deepseek-r1:14b", 8_988_112_040, "14.8B", KvShape(48, 8, 128), 131_072,
        "thinks before it answers; 12 GB+ GPU",
    ),
)  # fmt: skip


def catalogue_model(name: str) -> CatalogueModel | None:
    """The entry of that name; without a tag, Ollama means `:latest`, which is not listed."""
    return next((model for model in CATALOGUE if model.name == name), None)


def recommended(memory: Memory) -> CatalogueModel | None:
    """The largest of the general family that fits this machine; None if not even the smallest.

    On the GPU if there is one that is large enough for any, else on the processor.
    """
    on_gpu = _largest(memory) if memory.vram_bytes else None
    without_gpu = replace(memory, vram_bytes=0, gpu_count=0)
    return on_gpu or _largest(without_gpu, MAX_CPU_WEIGHTS_BYTES)


def catalogue_fit(model: CatalogueModel, memory: Memory) -> Fit:
    """How an offered model fits, with the context it would usually get."""
    tokens = min(DEFAULT_CONTEXT_LENGTH, model.context_length)
    return fit(model.size_bytes, memory, shape=model.shape, context_length=tokens)


def _largest(memory: Memory, limit_bytes: float = math.inf) -> CatalogueModel | None:
    fitting = [
        model
        for model in CATALOGUE
        if model.is_general
        and model.size_bytes <= limit_bytes
        and catalogue_fit(model, memory).verdict == "fits"
    ]
    return max(fitting, key=lambda model: model.size_bytes, default=None)
