"""The kernel's and the vendors' words, from files."""

from collections.abc import Callable
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data/hardware"


@pytest.fixture
def data() -> Path:
    """Output of vendors' tools, one file a machine."""
    return DATA


@pytest.fixture
def pci_folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes a driver's folder of `/sys`: `pci_folder({"0000:01:00.0": "suspended"})`."""

    def make(statuses: dict[str, str]) -> Path:
        for address, status in statuses.items():
            power = tmp_path / "nvidia" / address / "power"
            power.mkdir(parents=True, exist_ok=True)
            (power / "runtime_status").write_text(f"{status}\n")
            (power.parent / "class").write_text("0x030000\n")
        return tmp_path / "nvidia"

    return make
