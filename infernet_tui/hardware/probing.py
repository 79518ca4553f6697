"""Running a vendor's tool: with a time limit, and without ever raising.

A driver in trouble leaves its tools in an uninterruptible wait, where even a kill does nothing;
such a process is left behind rather than waited for.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

TIMEOUT_SECONDS = 10.0
KILL_SECONDS = 1.0
MAX_DETAIL_CHARS = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool printed; `text` is None when it did not work, and `detail` says why."""

    text: str | None
    detail: str = ""


def run_tool(argv: Sequence[str], timeout_seconds: float = TIMEOUT_SECONDS) -> Outcome:
    """The standard output of a tool found in the PATH. Blocks."""
    name = argv[0]
    path = shutil.which(name)
    if path is None:
        return Outcome(None, f"{name} is not installed")
    try:
        process = subprocess.Popen(
            [path, *argv[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"LC_ALL": "C"},
        )
    except OSError as error:
        return Outcome(None, f"{name} cannot be run: {error.strerror or error}")
    try:
        out, errors = process.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        _abandon(process)
        return Outcome(None, f"{name} did not answer within {timeout_seconds:g} s")
    text = out.decode("utf-8", "replace")
    if process.returncode:
        words = _first_line(errors.decode("utf-8", "replace")) or _first_line(text)
        return Outcome(None, f"{name} failed: {words or f'status {process.returncode}'}")
    return Outcome(text)


def _abandon(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    try:
        process.communicate(timeout=KILL_SECONDS)
    except subprocess.TimeoutExpired:
        # Nothing more can be done about it; the reader threads of its pipes end with it.
        process.returncode = -9


def _first_line(text: str) -> str:
    return next((line.strip()[:MAX_DETAIL_CHARS] for line in text.splitlines() if line.strip()), "")
