"""Running other programs: found where an administrator's ones are too, never through the screen."""

import asyncio
import contextlib
import os
import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

LOOK_SECONDS = 10.0
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Often not in a user's PATH, and firewalls live there."""
MAX_OUTPUT_CHARS = 1_000_000


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended. Its output is stdout and stderr together."""

    code: int
    output: str

    @property
    def last_line(self) -> str:
        """What a program that fails mostly says why on."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.code}"


class Runner(Protocol):
    """Runs one program to its end."""

    async def __call__(
        self,
        argv: Sequence[str],
        *,
        timeout_seconds: float | None = LOOK_SECONDS,
        on_line: Callable[[str], None] | None = None,
    ) -> Ran:
        """Never raises: a program that is not there or too slow has a code and says so."""
        ...


async def run_program(
    argv: Sequence[str],
    *,
    timeout_seconds: float | None = LOOK_SECONDS,
    on_line: Callable[[str], None] | None = None,
) -> Ran:
    """Run a program without a shell and without input; it is killed when the caller is cancelled.

    It keeps the terminal: sudo asks for its password there.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError as error:
        return Ran(127, f"{argv[0]}: {error.strerror}")
    lines: list[str] = []
    try:
        async with asyncio.timeout(timeout_seconds):
            await _read(process, lines, on_line)
            return Ran(await process.wait(), "\n".join(lines))
    except TimeoutError:
        return Ran(124, f"{argv[0]} did not end within {timeout_seconds:g} s")
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _read(
    process: asyncio.subprocess.Process, lines: list[str], on_line: Callable[[str], None] | None
) -> None:
    assert process.stdout is not None
    size = 0
    while block := await process.stdout.readline():
        line = block.decode("utf-8", "replace").rstrip()
        size += len(line)
        if size <= MAX_OUTPUT_CHARS:
            lines.append(line)
        if on_line and line:
            on_line(line)


def find_program(name: str) -> str | None:
    """The path of a program, or None."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return shutil.which(name, path=os.pathsep.join([*folders, *_SYSTEM_FOLDERS]))


def shown(argvs: Sequence[Sequence[str]]) -> str:
    """Commands as one would type them."""
    return " && ".join(shlex.join(argv) for argv in argvs)
