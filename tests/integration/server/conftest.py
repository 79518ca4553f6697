"""A control plane, an anonymous client and a registered provider for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.control_plane import RunningControlPlane, control_plane
from tests.support.signed_client import SignedClient, signed_client


@pytest.fixture
async def plane(tmp_path: Path) -> AsyncIterator[RunningControlPlane]:
    """A control plane with an empty database."""
    async with control_plane(tmp_path / "server") as running:
        yield running


@pytest.fixture
async def http(plane: RunningControlPlane) -> AsyncIterator[httpx.AsyncClient]:
    """A client nobody knows."""
    async with httpx.AsyncClient(base_url=plane.url, timeout=15) as client:
        yield client


@pytest.fixture
async def provider(plane: RunningControlPlane) -> AsyncIterator[SignedClient]:
    """A registered provider that is there now."""
    async with signed_client(plane.url) as client:
        await client.register("provider-00000001")
        yield client
