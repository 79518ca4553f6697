"""Isolation of every test, and where the shared vectors are."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with official vectors and captured traffic; not part of this repository."""
    if not SHARED.is_dir():
        pytest.skip("the shared folder with official vectors is not beside this checkout")
    return SHARED


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the developer's own configuration."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
