"""A home for each test, and a network that several may share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import Home, Running


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home; the built-in engine."""
    return Home(tmp_path, {"INFERNET_ENGINE_BACKEND": "llamacpp"})


@pytest.fixture
def stub_home(tmp_path: Path) -> Home:
    """An empty home whose engine is the stub."""
    extra = {"INFERNET_ENGINE_BACKEND": "stub", "INFERNET_STUB_DELAY_MS": "20"}
    return Home(tmp_path, extra)


@pytest.fixture
def up(stub_home: Home) -> Iterator[Running]:
    """`infernet up` with the stub engine, on a free port that the config then names."""
    from tests.support.ports import free_port

    port = str(free_port())
    with stub_home.start("up", "--no-p2p", "--port", port) as running:
        running.wait_for("SERVING")
        yield running
