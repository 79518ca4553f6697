"""Which NVIDIA devices the kernel has, and whether they sleep; reading this wakes none of them."""

from collections.abc import Sequence
from pathlib import Path

NVIDIA_DRIVER = Path("/sys/bus/pci/drivers/nvidia")
_DISPLAY_CLASS = "0x03"


class PciDevices:
    """The devices bound to a driver, as `/sys` shows them; none where there is no such folder."""

    def __init__(self, folder: Path = NVIDIA_DRIVER) -> None:
        self._folder = folder

    def addresses(self) -> Sequence[str]:
        """PCI addresses of the GPUs, like `0000:01:00.0`, in the driver's order."""
        try:
            found = sorted(path.name for path in self._folder.iterdir() if ":" in path.name)
        except OSError:
            return ()
        return [name for name in found if self._text(name, "class").startswith(_DISPLAY_CLASS)]

    def is_asleep(self, address: str) -> bool:
        """Whether the device is powered down, or about to be."""
        return self._text(address, "power/runtime_status") in ("suspended", "suspending")

    def _text(self, address: str, name: str) -> str:
        try:
            return (self._folder / address / name).read_text("ascii", "replace").strip()
        except OSError:
            return ""
