"""What a registration may say of a machine: coarse, bounded, and nothing that names a device."""

from collections.abc import Mapping
from typing import Any

MAX_GPUS = 16
MAX_MODELS = 256
VENDORS = ("nvidia", "amd", "apple", "intel", "unknown")
_TIERS = ((8, "<8gb"), (16, "8-16gb"), (24, "16-24gb"), (48, "24-48gb"))
_TIER_NAMES = (*(name for _, name in _TIERS), ">=48gb", "unknown")


def reduced_specs(specs: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parts of `specs` that are stored at registration (`wire.md` §3, §14).

    Only keys that the request has are returned, so that a registration never wipes what heartbeats
    told before.
    """
    if not specs:
        return {}
    reduced: dict[str, Any] = {}
    gpus = specs.get("gpus")
    if isinstance(gpus, list):
        reduced["gpus"] = [_gpu(gpu) for gpu in gpus[:MAX_GPUS] if isinstance(gpu, dict)]
        reduced["gpu_count"] = len(reduced["gpus"])
    models = specs.get("served_models")
    if isinstance(models, list):
        names = [name for name in models if isinstance(name, str) and 0 < len(name) <= 256]
        reduced["served_models"] = names[:MAX_MODELS]
    if isinstance(specs.get("cpu"), dict):
        reduced["cpu"] = _picked(specs["cpu"], ("vendor", "arch", "cores", "groups", "ram_gb"))
    if isinstance(specs.get("interconnects"), dict):
        reduced["interconnects"] = _interconnects(specs["interconnects"])
    return reduced


def _gpu(gpu: Mapping[str, Any]) -> dict[str, Any]:
    vendor = str(gpu.get("vendor", "unknown")).lower()
    model = gpu.get("model")
    tier = gpu.get("vram_tier")
    return {
        "vendor": vendor if vendor in VENDORS else "unknown",
        "vram_tier": tier if tier in _TIER_NAMES else _tier(gpu.get("vram_mb")),
        "model": model[:64] if isinstance(model, str) else None,
    }


def _tier(vram_mb: object) -> str:
    if not isinstance(vram_mb, int | float) or isinstance(vram_mb, bool):
        return "unknown"
    return next((name for limit, name in _TIERS if vram_mb < limit * 1024), ">=48gb")


def _interconnects(found: Mapping[str, Any]) -> dict[str, Any]:
    links = ("available", "topology", "link_count")
    shape = {
        "nvlink": links,
        "xgmi": links,
        "infiniband": ("available", "active_port_count"),
        "efa": ("available", "adapter_count"),
    }
    reduced: dict[str, Any] = {
        fabric: _picked(found[fabric], keys)
        for fabric, keys in shape.items()
        if isinstance(found.get(fabric), dict)
    }
    if isinstance(found.get("rdma_capable"), bool):
        reduced["rdma_capable"] = found["rdma_capable"]
    return reduced


def _picked(found: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    scalar = (str, int, float, bool)
    return {
        key: value[:32] if isinstance(value, str) else value
        for key in keys
        if isinstance(value := found.get(key), scalar)
    }
