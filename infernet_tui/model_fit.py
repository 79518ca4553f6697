"""Whether a model fits this machine, with the arithmetic that says why. Pure functions.

    need = weights + KV cache + overhead        (KV cache = bytes a token × tokens of context)

A GPU is judged by its whole memory (what is used now may be the model itself), main memory by what
is available. Several GPUs count together, since engines split a model's layers over them, but each
pays the overhead. Sizes are written in GB as GPUs are sold: 24 GB is 24 × 2³⁰ bytes.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

GIB = 1024**3
DEFAULT_CONTEXT_LENGTH = 8192
CACHE_VALUE_BYTES = 2
"""Engines keep keys and values as 16-bit floats unless told otherwise."""
GPU_OVERHEAD_BYTES = 600 * 1024**2
"""Of each GPU: the driver's context and the buffers of one step."""
CPU_OVERHEAD_BYTES = 300 * 1024**2
MAX_DIMENSION = 100_000
TIGHT_SHARE = 0.9
"""Above this share of the memory a model fits, but nothing else may grow."""

Verdict = Literal["fits", "tight", "cpu", "no", "unknown"]
Device = Literal["gpu", "cpu"]


@dataclass(frozen=True, slots=True)
class KvShape:
    """What the size of a model's KV cache depends on."""

    layers: int
    kv_heads: int
    head_size: int
    """Values of one head's key; its value has as many."""

    @property
    def bytes_per_token(self) -> int:
        """A key and a value, in every layer."""
        return 2 * self.layers * self.kv_heads * self.head_size * CACHE_VALUE_BYTES


@dataclass(frozen=True, slots=True)
class Memory:
    """What a machine has for models."""

    vram_bytes: int
    """Of all GPUs together; 0 without one."""
    gpu_count: int
    ram_available_bytes: int | None


@dataclass(frozen=True, slots=True)
class Fit:
    """The verdict on one model, and the sum it follows from; None where it is not known."""

    verdict: Verdict
    device: Device
    weights_bytes: int | None
    kv_cache_bytes: int | None
    overhead_bytes: int | None
    need_bytes: int | None
    have_bytes: int | None
    context_length: int | None
    explanation: str

    def to_json(self) -> dict[str, Any]:
        """The wire's `FIT`."""
        return asdict(self)


class _Header(Protocol):
    """The part of `engines.gguf.GgufHeader` that counts here."""

    @property
    def layers(self) -> int | None: ...
    @property
    def kv_heads(self) -> int | None: ...
    @property
    def head_size(self) -> int | None: ...


class _Gpu(Protocol):
    @property
    def vram_total_bytes(self) -> int | None: ...


class _Ram(Protocol):
    @property
    def available_bytes(self) -> int: ...


def shape_of(header: _Header) -> KvShape | None:
    """What a GGUF file says of itself; None when it does not, or says something absurd."""
    layers, heads, size = header.layers, header.kv_heads, header.head_size
    if not (layers and heads and size) or max(layers, heads, size) > MAX_DIMENSION:
        return None
    return KvShape(layers, heads, size)


def memory_of(gpus: Sequence[_Gpu], ram: _Ram) -> Memory:
    """The memory of a `hardware.base.Sample` or `HardwareReading`: `memory_of(s.gpus, s.ram)`."""
    sizes = [gpu.vram_total_bytes for gpu in gpus if gpu.vram_total_bytes]
    return Memory(sum(sizes), len(sizes), ram.available_bytes)


def fit(
    weights_bytes: int | None,
    memory: Memory,
    *,
    shape: KvShape | None = None,
    context_length: int | None = DEFAULT_CONTEXT_LENGTH,
) -> Fit:
    """Judge a model of that size. Without a `shape` its cache is estimated from the size."""
    device: Device = "gpu" if memory.vram_bytes else "cpu"
    if not weights_bytes or weights_bytes < 0:
        have = memory.vram_bytes or memory.ram_available_bytes
        return Fit(
            "unknown", device, None, None, None, None, have, context_length,
            "the size of this model is not known",
        )  # fmt: skip
    tokens = context_length or DEFAULT_CONTEXT_LENGTH
    per_token = shape.bytes_per_token if shape else estimated_bytes_per_token(weights_bytes)
    parts = _Parts(weights_bytes, per_token * tokens, tokens)
    if device == "cpu":
        return parts.on_cpu(memory, "fits")
    on_gpu = parts.on_gpu(memory)
    if on_gpu.verdict != "no":
        return on_gpu
    on_cpu = parts.on_cpu(memory, "cpu")
    return on_cpu if on_cpu.verdict == "cpu" else on_gpu


def estimated_bytes_per_token(weights_bytes: int) -> int:
    """For a four-bit model with grouped heads, on the safe side: 60 KiB at 1 GB, with the root."""
    return round(60 * 1024 * math.sqrt(weights_bytes / 1e9))


@dataclass(frozen=True, slots=True)
class _Parts:
    weights_bytes: int
    kv_cache_bytes: int
    context_length: int

    def on_gpu(self, memory: Memory) -> Fit:
        overhead = GPU_OVERHEAD_BYTES * max(1, memory.gpu_count)
        return self._judge("gpu", overhead, memory.vram_bytes, "VRAM", "fits")

    def on_cpu(self, memory: Memory, good: Verdict) -> Fit:
        """In main memory; `good` is the verdict if it fits, also when it is tight for "cpu"."""
        have = memory.ram_available_bytes
        return self._judge("cpu", CPU_OVERHEAD_BYTES, have, "available memory", good)

    def _judge(
        self, device: Device, overhead: int, have: int | None, place: str, good: Verdict
    ) -> Fit:
        need = self.weights_bytes + self.kv_cache_bytes + overhead
        verdict: Verdict = "unknown"
        if have is not None:
            is_tight = need > TIGHT_SHARE * have and good == "fits"
            verdict = "no" if need > have else "tight" if is_tight else good
        total = "unknown" if have is None else _gigabytes(have)
        explanation = (
            f"{_gigabytes(self.weights_bytes)} weights + {_gigabytes(self.kv_cache_bytes)} KV cache"
            f" ({self.context_length} tokens) + {_gigabytes(overhead)} overhead"
            f" = {_gigabytes(need)} of {total} {place}"
        )
        return Fit(
            verdict, device, self.weights_bytes, self.kv_cache_bytes, overhead, need, have,
            self.context_length, explanation,
        )  # fmt: skip


def _gigabytes(size: int) -> str:
    return f"{size / GIB:.1f} GB"
