"""Whether a model fits, and the sum that says so."""

from pathlib import Path

import pytest

from infernet_tui.engines.gguf import read_header
from infernet_tui.hardware.fake import FakeHardware
from infernet_tui.model_catalogue import CATALOGUE, catalogue_fit, catalogue_model, recommended
from infernet_tui.model_fit import (
    GIB,
    KvShape,
    Memory,
    estimated_bytes_per_token,
    fit,
    memory_of,
    shape_of,
)
from tests.support.tiny_gguf import write_tiny_gguf

SHAPE = KvShape(layers=28, kv_heads=4, head_size=128)
RTX_4090 = Memory(24 * GIB, 1, 64 * GIB)
LAPTOP = Memory(0, 0, 8 * GIB)


def test_the_sum_is_shown() -> None:
    found = fit(4_683_087_332, RTX_4090, shape=SHAPE)
    assert found.verdict == "fits"
    assert found.explanation == (
        "4.4 GB weights + 0.4 GB KV cache (8192 tokens) + 0.6 GB overhead = 5.4 GB of 24.0 GB VRAM"
    )
    assert found.kv_cache_bytes == 2 * 28 * 4 * 128 * 2 * 8192
    parts = (found.weights_bytes, found.kv_cache_bytes, found.overhead_bytes)
    assert found.need_bytes == sum(part or 0 for part in parts)
    assert found.to_json().keys() == {
        "verdict", "device", "weights_bytes", "kv_cache_bytes", "overhead_bytes", "need_bytes",
        "have_bytes", "context_length", "explanation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("weights_gib", "verdict", "device"),
    [(10, "fits", "gpu"), (22, "tight", "gpu"), (30, "cpu", "cpu"), (80, "no", "gpu")],
)
def test_a_gpu_decides_and_main_memory_is_the_way_out(
    weights_gib: int, verdict: str, device: str
) -> None:
    found = fit(weights_gib * GIB, RTX_4090, shape=SHAPE)
    assert (found.verdict, found.device) == (verdict, device)


@pytest.mark.parametrize(("weights_gib", "verdict"), [(4, "fits"), (7, "tight"), (9, "no")])
def test_without_a_gpu_available_memory_decides(weights_gib: int, verdict: str) -> None:
    found = fit(weights_gib * GIB, LAPTOP, shape=SHAPE)
    assert (found.verdict, found.device) == (verdict, "cpu")
    assert "8.0 GB available memory" in found.explanation


@pytest.mark.parametrize(
    ("memory", "weights"), [(RTX_4090, None), (RTX_4090, 0), (Memory(0, 0, None), GIB)]
)
def test_what_is_not_known_is_not_guessed(memory: Memory, weights: int | None) -> None:
    found = fit(weights, memory)
    assert found.verdict == "unknown"
    assert found.explanation


def test_each_gpu_pays_the_overhead() -> None:
    one, four = fit(GIB, RTX_4090), fit(GIB, Memory(96 * GIB, 4, 64 * GIB))
    assert (four.overhead_bytes or 0) == 4 * (one.overhead_bytes or 0)


def test_a_longer_context_needs_more() -> None:
    short = fit(GIB, RTX_4090, shape=SHAPE, context_length=2048)
    long = fit(GIB, RTX_4090, shape=SHAPE, context_length=32_768)
    assert (long.kv_cache_bytes or 0) == 16 * (short.kv_cache_bytes or 0)


def test_the_shape_is_read_from_the_file(tmp_path: Path) -> None:
    header = read_header(write_tiny_gguf(tmp_path / "tiny.gguf"))
    shape = shape_of(header)
    assert shape is not None
    assert shape.layers == header.layers
    assert shape.kv_heads * shape.head_size == 32
    assert shape.bytes_per_token == 2 * shape.layers * 32 * 2


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.name)
def test_an_estimate_is_within_reason_for_every_model_we_know(model: object) -> None:
    """Off by at most five times, and never by more than the memory of a small card."""
    entry = catalogue_model(getattr(model, "name", ""))
    assert entry is not None
    ratio = estimated_bytes_per_token(entry.size_bytes) / entry.shape.bytes_per_token
    assert 0.2 < ratio < 5


@pytest.mark.parametrize(
    ("vram_gib", "ram_gib", "name"),
    [
        (0, 1, "qwen2.5:0.5b"),
        (0, 16, "qwen2.5:3b"),
        (1, 16, "qwen2.5:3b"),
        (8, 16, "qwen2.5:7b"),
        (12, 32, "qwen2.5:14b"),
        (24, 64, "qwen2.5:32b"),
        (80, 512, "qwen2.5:72b"),
        (0, 0, None),
    ],
)
def test_the_largest_that_fits_is_recommended(
    vram_gib: int, ram_gib: int, name: str | None
) -> None:
    chosen = recommended(Memory(vram_gib * GIB, 1 if vram_gib else 0, ram_gib * GIB))
    assert (chosen.name if chosen else None) == name


def test_the_notes_of_the_catalogue_are_true() -> None:
    """Who says "fits 8 GB+ GPU" fits 8 GB."""
    for model in CATALOGUE:
        if "fits " in model.note:
            size = int(model.note.partition("fits ")[2].partition(" GB")[0])
            memory = Memory(size * GIB, 1, 0)
            assert catalogue_fit(model, memory).verdict == "fits", model.name


def test_the_memory_of_a_machine_is_that_of_all_its_gpus() -> None:
    sample = FakeHardware().sample()
    memory = memory_of(sample.gpus, sample.ram)
    assert memory.gpu_count == 4
    assert memory.vram_bytes == 4 * (sample.gpus[0].vram_total_bytes or 0)
