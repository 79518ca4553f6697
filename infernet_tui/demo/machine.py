"""The demo machine: four GPUs joined by NVLink, two InfiniBand ports, and what they measure."""

from collections.abc import Sequence
from math import floor
from typing import Any, Literal, get_args

from infernet_tui.demo import series
from infernet_tui.demo.catalogue import INSTALLED
from infernet_tui.demo.noise import between, drift
from infernet_tui.demo.scenarios import GB, GIB
from infernet_tui.demo.series import GPU_COUNT, Measured, Values
from infernet_tui.demo.world import World
from infernet_tui.errors import UsageError
from infernet_tui.node.times import iso_millis

Window = Literal["10m", "24h", "30d"]
STEPS: dict[str, tuple[int, int]] = {"10m": (1, 600), "24h": (60, 1440), "30d": (3600, 720)}
"""Seconds of a step, and how many."""

GPU_MODEL = "NVIDIA A100-SXM4-80GB"
CLOCK_MAX_MHZ = 1410
NVLINKS = 4
DISK_BYTES = 1920 * GB


def history(world: World, payload: dict[str, Any], loaded: frozenset[str]) -> dict[str, Any]:
    """`history`: the values of a window, oldest first.

    Raises:
        UsageError: there is no such window.
    """
    window = payload.get("window", "10m")
    if window not in STEPS:
        raise UsageError(
            f"“{str(window)[:20]}” is not a window.", hint=f"one of: {', '.join(get_args(Window))}"
        )
    step, count = STEPS[window]
    end = floor(world.now() / step) * step
    measured = world.meter.measure(end, step, count, loaded)
    return {"window": window, "step_seconds": step, "end": iso_millis(end)} | _lists(measured)


def latest(world: World, loaded: frozenset[str]) -> dict[str, Any]:
    """`history.latest`: the newest value of each."""
    at, measured = _measure_now(world, loaded)
    lists = _lists(measured)
    gpus = [
        {key: value if key == "index" else value[0] for key, value in gpu.items()}
        for gpu in lists.pop("gpus")
    ]
    return {"at": iso_millis(at)} | {key: value[0] for key, value in lists.items()} | {"gpus": gpus}


def hardware(world: World, loaded: frozenset[str]) -> dict[str, Any]:
    """`hardware`: the machine now."""
    at, measured = _measure_now(world, loaded)
    has_gpus = world.scenario.has_gpus
    return {
        "measured_at": iso_millis(at),
        "backend": "fake" if has_gpus else "none",
        "gpus": [_gpu(world, index, measured, at, loaded) for index in range(len(measured.gpus))],
        "cpu": _cpu(world, measured, at),
        "ram": _ram(world, measured),
        "disk": {
            "path": "~/.config/infernet/models",
            "total_bytes": DISK_BYTES,
            "free_bytes": world.scenario.disk_free_bytes,
        },
        "interconnects": _interconnects(has_gpus),
        "engine_environment": _engine_environment() if has_gpus else {},
        "probes": _probes(has_gpus),
    }


def advertised_interconnects(has_gpus: bool) -> dict[str, bool]:
    """What `/api/peers` says about the fabric."""
    return {
        "nvlink": has_gpus,
        "xgmi": False,
        "infiniband": has_gpus,
        "efa": False,
        "rdma_capable": has_gpus,
    }


def _measure_now(world: World, loaded: frozenset[str]) -> tuple[int, Measured]:
    at = floor(world.now())
    return at, world.meter.measure(at, 1, 1, loaded)


def _lists(measured: Measured) -> dict[str, Any]:
    return {
        "tokens_per_second": measured.tokens_per_second,
        "active_jobs": measured.active_jobs,
        "jobs_completed": measured.jobs_completed,
        "jobs_failed": measured.jobs_failed,
        "cpu_percent": measured.cpu_percent,
        "ram_used_bytes": measured.ram_used_bytes,
        "gpus": [
            {
                "index": index,
                "utilization_percent": gpu.utilization_percent,
                "vram_used_bytes": gpu.vram_used_bytes,
                "power_watts": gpu.power_watts,
                "temperature_c": gpu.temperature_c,
            }
            for index, gpu in enumerate(measured.gpus)
        ],
    }


def _gpu(
    world: World, index: int, measured: Measured, at: int, loaded: frozenset[str]
) -> dict[str, Any]:
    values = measured.gpus[index]
    percent = values.utilization_percent[0] or 0
    traffic = percent * between(0.9, 1.1, at, index, world.seed, 81)
    is_hot = index == world.scenario.hot_gpu
    busy_clock = 1095 if is_hot else CLOCK_MAX_MHZ  # it is slowed down at 92 °C
    return {
        "index": index,
        "vendor": "nvidia",
        "model": GPU_MODEL,
        "utilization_percent": values.utilization_percent[0],
        "vram_used_bytes": values.vram_used_bytes[0],
        "vram_total_bytes": series.VRAM_TOTAL_BYTES,
        "power_watts": values.power_watts[0],
        "power_limit_watts": series.POWER_LIMIT_WATTS,
        "temperature_c": values.temperature_c[0],
        "clock_mhz": busy_clock if percent else 210,
        "clock_max_mhz": CLOCK_MAX_MHZ,
        "fan_percent": None,  # SXM modules are cooled by the case
        "pcie_generation": 4,
        "pcie_lanes": 16,
        "pcie_rx_bytes_per_second": int(1.9e6 * traffic),
        "pcie_tx_bytes_per_second": int(0.6e6 * traffic),
        "is_asleep": False,
        "processes": _processes(world, index, loaded),
    }


def _processes(world: World, index: int, loaded: frozenset[str]) -> list[dict[str, Any]]:
    say = world.strangers.say
    here = [model for model in INSTALLED if model.name in loaded and index in model.gpus]
    found = [
        {
            "pid": 4180 + 7 * INSTALLED.index(model) + index,
            "name": say("ollama runner", index),
            "vram_bytes": model.size_bytes // len(model.gpus) + series.RUNTIME_BYTES // len(here),
        }
        for model in here
    ]
    if index == world.scenario.hot_gpu:
        foreign = {"pid": 9917, "name": "python3", "vram_bytes": series.FOREIGN_VRAM_BYTES}
        found.append(foreign)
    return found


def _cpu(world: World, measured: Measured, at: int) -> dict[str, Any]:
    percent = _newest(measured.cpu_percent)
    has_gpus = world.scenario.has_gpus
    cores = 64 if has_gpus else 8
    return {
        "vendor": "amd" if has_gpus else "intel",
        "model": "AMD EPYC 7543 32-Core Processor" if has_gpus else "Intel(R) Core(TM) i7-8565U",
        "arch": "x64",
        "cores": cores,
        "groups": 1,
        "percent": percent,
        "load_1m": round(cores * percent / 100 + drift(at, 60, world.seed, 82), 2),
    }


def _ram(world: World, measured: Measured) -> dict[str, int]:
    total = series.RAM_TOTAL_BYTES if world.scenario.has_gpus else 16 * GIB
    used = int(_newest(measured.ram_used_bytes))
    return {"total_bytes": total, "used_bytes": used, "available_bytes": total - used}


def _newest(values: Values) -> float:
    return values[-1] or 0.0


def _interconnects(has_gpus: bool) -> dict[str, Any]:
    """The full detected shape of wire.md §14, with the matrix that `nvidia-smi topo -m` prints."""
    gpus = range(GPU_COUNT) if has_gpus else range(0)
    pairs = [(one, other) for one in gpus for other in gpus if one < other]
    devices = [_port("mlx5_0", 4), _port("mlx5_1", 4)] if has_gpus else []
    return {
        "nvlink": {
            "available": has_gpus,
            "topology": "all-to-all" if has_gpus else "none",
            "links": [{"from": a, "to": b, "kind": f"NV{NVLINKS}"} for a, b in pairs],
            "matrix": [["X" if a == b else f"NV{NVLINKS}" for b in gpus] for a in gpus],
        },
        "xgmi": {"available": False, "topology": "none", "links": [], "matrix": []},
        "infiniband": {"available": has_gpus, "devices": devices},
        "efa": {"available": False, "devices": []},
        "rdma_capable": has_gpus,
    }


def _port(name: str, lanes: int) -> dict[str, Any]:
    return {
        "name": name,
        "board_id": "MT_0000000223",
        "port": 1,
        "state": "ACTIVE",
        "rate": f"200 Gb/sec ({lanes}X HDR)",
        "link_layer": "InfiniBand",
    }


def _engine_environment() -> dict[str, str]:
    return {
        "INFERNET_NVLINK": "1",
        "INFERNET_NVLINK_TOPOLOGY": "all-to-all",
        "INFERNET_RDMA": "1",
        "NCCL_IB_DISABLE": "0",
        "NCCL_IB_HCA": "mlx5_0:1,mlx5_1:1",
    }


def _probes(has_gpus: bool) -> Sequence[dict[str, Any]]:
    nvml = "4 GPUs, driver 560.35.03" if has_gpus else "libnvidia-ml.so.1 is not installed"
    ports = "2 of 2 ports active" if has_gpus else "/sys/class/infiniband is not there"
    return [
        {"name": "NVML", "found": has_gpus, "detail": nvml},
        {"name": "NVLink", "found": has_gpus, "detail": "all-to-all" if has_gpus else "no GPU"},
        {"name": "ROCm", "found": False, "detail": "rocm-smi is not installed"},
        {"name": "InfiniBand", "found": has_gpus, "detail": ports},
        {"name": "EFA", "found": False, "detail": "no Amazon device on the PCI bus"},
    ]
