"""Who answers at an address: asked by what only that program says, never by a status code alone.

A control plane also has a `/v1/models`; taking it for an engine would make a node serve itself.
Every probe takes at most `PROBE_SECONDS`, and what goes wrong means "not there".
"""

import asyncio
from typing import Any

import aiohttp
import orjson

from infernet_tui.config import Secret

PROBE_SECONDS = 0.5
MAX_BODY_BYTES = 4 * 1024 * 1024


async def is_vllm(base_url: str, key: Secret) -> bool:
    """vLLM signs the models it lists."""
    return "vllm" in _owners(await _get(base_url, "/v1/models", key))


async def is_llamacpp(base_url: str, key: Secret) -> bool:
    """llama.cpp's server tells its slots, or signs the models it lists."""
    props, models = await asyncio.gather(
        _get(base_url, "/props", key), _get(base_url, "/v1/models", key)
    )
    is_server = isinstance(props, dict) and "total_slots" in props
    return "infernet" not in _owners(models) and (is_server or "llamacpp" in _owners(models))


async def is_ollama(base_url: str) -> bool:
    """Ollama has a version and a list of tags."""
    nobody = Secret("")
    version, tags = await asyncio.gather(
        _get(base_url, "/api/version", nobody), _get(base_url, "/api/tags", nobody)
    )
    has_version = isinstance(version, dict) and isinstance(version.get("version"), str)
    return has_version and isinstance(tags, dict) and isinstance(tags.get("models"), list | None)


async def is_infernet(base_url: str, key: Secret) -> bool:
    """Whether a control plane of this network answers there."""
    health, models = await asyncio.gather(
        _get(base_url, "/api/health", Secret("")), _get(base_url, "/v1/models", key)
    )
    is_ours = isinstance(health, dict) and "uptime_s" in health and "ok" in health
    return is_ours or "infernet" in _owners(models)


def _owners(listing: Any) -> set[str]:
    entries = listing.get("data") if isinstance(listing, dict) else None
    if not isinstance(entries, list):
        return set()
    return {str(entry.get("owned_by")) for entry in entries if isinstance(entry, dict)}


async def _get(base_url: str, path: str, key: Secret) -> Any:
    timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)
    headers = {"authorization": f"Bearer {key}"} if key else None
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.get(f"{base_url}{path}") as response,
        ):
            if response.status != 200:
                return None
            return orjson.loads(await response.content.read(MAX_BODY_BYTES))
    except (aiohttp.ClientError, OSError, ValueError):
        return None
