"""The models of the demo: on disk, and to be had. Sizes are those of the real ones."""

from dataclasses import dataclass

from infernet_tui.demo.scenarios import GB


@dataclass(frozen=True, slots=True)
class DemoModel:
    """One model."""

    name: str
    size_bytes: int
    family: str
    quantization: str
    parameter_size: str
    context_length: int
    kv_bytes_per_token: int
    note: str
    gpus: tuple[int, ...] = (0,)
    """Where it runs once it is loaded."""
    tokens_per_second: float = 60.0


INSTALLED = (
    DemoModel(
        "qwen2.5:14b",
        8_988_124_069,
        "qwen2",
        "Q4_K_M",
        "14.8B",
        32_768,
        196_608,
        "good all-rounder",
        (0,),
        84.0,
    ),
    DemoModel(
        "llama3.1:8b",
        4_920_753_328,
        "llama",
        "Q4_K_M",
        "8.0B",
        131_072,
        131_072,
        "fast, well known",
        (1,),
        128.0,
    ),
    DemoModel(
        "llama3.1:70b",
        42_520_413_916,
        "llama",
        "Q4_K_M",
        "70.6B",
        131_072,
        327_680,
        "needs 48 GB; two GPUs with NVLink",
        (2, 3),
        24.0,
    ),
    DemoModel(
        "mistral-small:24b",
        14_333_908_672,
        "mistral",
        "Q4_K_M",
        "23.6B",
        32_768,
        163_840,
        "strong for its size",
        (1,),
        58.0,
    ),
    DemoModel(
        "deepseek-r1:32b",
        19_851_335_840,
        "qwen2",
        "Q4_K_M",
        "32.8B",
        131_072,
        262_144,
        "thinks before it answers",
        (2, 3),
        44.0,
    ),
    DemoModel(
        "qwen2.5:7b",
        4_683_073_184,
        "qwen2",
        "Q4_K_M",
        "7.6B",
        32_768,
        57_344,
        "fits 8 GB",
        (0,),
        141.0,
    ),
)
"""The default first."""

TO_BE_HAD = (
    DemoModel(
        "qwen2.5:0.5b",
        397_821_319,
        "qwen2",
        "Q4_K_M",
        "0.5B",
        32_768,
        12_288,
        "smoke test, runs on CPU",
    ),
    DemoModel(
        "qwen2.5:3b",
        1_929_912_432,
        "qwen2",
        "Q4_K_M",
        "3.1B",
        32_768,
        36_864,
        "fits 4 GB, usable on CPU",
    ),
    INSTALLED[5],
    INSTALLED[0],
    DemoModel(
        "qwen2.5:72b", 47_415_715_104, "qwen2", "Q4_K_M", "72.7B", 32_768, 327_680, "needs 48 GB"
    ),
    DemoModel(
        "llama3.1:405b", 243_000_000_000, "llama", "Q4_K_M", "406B", 131_072, 516_096, "four 80s"
    ),
    DemoModel(
        "deepseek-r1:671b", 404_430_000_000, "deepseek2", "Q4_K_M", "671B", 163_840, 70_272, "no"
    ),
)

BUILT_IN = DemoModel(
    "infernet-nano",
    2_480_000,
    "llama",
    "Q8_0",
    "2.1M",
    256,
    1_024,
    "built in; adds numbers, greets, proves that the way works",
    tokens_per_second=900.0,
)

OVERHEAD_BYTES = int(0.6 * GB)
SERVED_CONTEXT = 8192
