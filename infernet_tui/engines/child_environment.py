"""What an engine's child process gets, so that NCCL, RCCL and libfabric use the fabric there is.

Without it they fall back to TCP in silence. What the operator has set always wins.
"""

import asyncio
import functools
import os
from collections.abc import Mapping

from infernet_tui.hardware.fabric import detect_fabric
from infernet_tui.hardware.interconnects import Interconnects, engine_environment


async def child_environment(own: Mapping[str, str] | None) -> dict[str, str]:
    """`own` (None: this process's environment), over the variables of the fabric."""
    base = os.environ if own is None else own
    found = await asyncio.to_thread(_fabric)
    return engine_environment(found) | dict(base)


@functools.cache
def _fabric() -> Interconnects:
    """Looked at once: it takes seconds on a large machine and does not change while it runs."""
    # No GPUs are passed: a child is about to use them, so they may well be woken.
    return detect_fabric(()).interconnects
