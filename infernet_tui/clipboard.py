"""Copying: OSC 52 through the terminal always, and the desktop's own clipboard if there is one."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping

PROGRAMS = (("pbcopy",), ("wl-copy",), ("xclip", "-selection", "clipboard"))
_NEEDS = {"wl-copy": "WAYLAND_DISPLAY", "xclip": "DISPLAY"}
TIMEOUT_SECONDS = 2.0


def program(environ: Mapping[str, str] = os.environ) -> tuple[str, ...] | None:
    """The clipboard program of this desktop; None over SSH, where it would be another one's."""
    if environ.get("SSH_CONNECTION"):
        return None
    for argv in PROGRAMS:
        needs = _NEEDS.get(argv[0])
        if shutil.which(argv[0]) and (needs is None or environ.get(needs)):
            return argv
    return None


async def hand_to_desktop(text: str) -> str | None:
    """Give `text` to the desktop's clipboard; the program's name, or None if there is none."""
    argv = program()
    if argv is None:
        return None
    try:
        await asyncio.to_thread(
            subprocess.run,
            argv,
            input=text.encode("utf-8", "replace"),
            timeout=TIMEOUT_SECONDS,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return argv[0]
