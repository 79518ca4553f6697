"""GPUs of other vendors: said honestly, not read yet."""

import platform
import shutil

from infernet_tui.hardware.base import Probe

_TOOLS = ("amd-smi", "rocm-smi")


def amd_probe() -> Probe:
    """Whether AMD's tools are here; they are not asked."""
    tool = next((name for name in _TOOLS if shutil.which(name)), None)
    if tool is None:
        return Probe("AMD", False, "neither amd-smi nor rocm-smi is installed")
    return Probe("AMD", False, f"{tool} is installed; this version does not read AMD GPUs")


def apple_probe() -> Probe:
    """Whether this is a Mac."""
    if platform.system() != "Darwin":
        return Probe("Apple", False, "this is not a Mac")
    return Probe("Apple", False, "this version does not read Apple GPUs")
