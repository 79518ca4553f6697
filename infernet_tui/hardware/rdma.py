"""Host-to-host fabric: InfiniBand and RoCE ports from sysfs, AWS EFA from `lspci` (`wire.md` §14).

What cannot be read is left out; nothing here raises.
"""

import re
from dataclasses import dataclass
from pathlib import Path

INFINIBAND_FOLDER = Path("/sys/class/infiniband")
MAX_TEXT_CHARS = 64
MAX_LINE_CHARS = 256

_SLOT = re.compile(r"(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", re.ASCII | re.IGNORECASE)
_EFA = re.compile(r"\bEFA\b|Elastic Fabric", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InfinibandPort:
    """One port of one adapter."""

    name: str
    """The adapter's, like `mlx5_0`."""
    port: int
    state: str | None
    """The word of `4: ACTIVE`."""
    rate: str | None
    """Like `200 Gb/sec (4X HDR)`."""
    link_layer: str | None
    """`InfiniBand`, or `Ethernet` for RoCE."""
    board_id: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether traffic can pass. An EFA shows up here too, as `Unspecified`: it is no port."""
        return self.state == "ACTIVE" and self.link_layer != "Unspecified"


@dataclass(frozen=True, slots=True)
class EfaAdapter:
    """One Elastic Fabric Adapter of AWS."""

    bdf: str
    """Its PCI address."""
    raw: str
    """The line it was found in."""


def read_infiniband(folder: Path = INFINIBAND_FOLDER) -> tuple[InfinibandPort, ...]:
    """Every port of every adapter."""
    return tuple(
        _port(device, port, int(port.name))
        for device in _children(folder)
        for port in _children(device / "ports")
        if port.name.isdecimal() and len(port.name) < 6
    )


def parse_lspci(text: str) -> tuple[EfaAdapter, ...]:
    """The EFA lines of `lspci -d 1d0f: -mm`."""
    adapters: dict[str, EfaAdapter] = {}
    for line in text.splitlines():
        slot, _, rest = line.strip().partition(" ")
        if _SLOT.fullmatch(slot) and _EFA.search(rest):
            adapters.setdefault(slot, EfaAdapter(slot, line.strip()[:MAX_LINE_CHARS]))
    return tuple(adapters.values())


def _port(device: Path, folder: Path, number: int) -> InfinibandPort:
    state = _text(folder / "state")
    return InfinibandPort(
        name=device.name[:MAX_TEXT_CHARS],
        port=number,
        state=state.rpartition(":")[2].strip().upper() if state else None,
        rate=_text(folder / "rate"),
        link_layer=_text(folder / "link_layer"),
        board_id=_text(device / "board_id"),
    )


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return " ".join(file.read(MAX_TEXT_CHARS).split()) or None
    except (OSError, ValueError):
        return None
