"""Running other programs: found where an administrator's ones are too, never through the screen."""

import asyncio
import codecs
import contextlib
import os
import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

LOOK_SECONDS = 10.0
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Often not in a user's PATH, and firewalls live there."""
MAX_OUTPUT_CHARS = 1_000_000
MAX_LINE_CHARS = 4096
"""What is shown of a line while a program runs; its output is kept whole."""
_BLOCK_BYTES = 65536
_LINE_END = re.compile(r"\r\n|\r|\n")


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

    It keeps the terminal: sudo asks for its password there. Never raises.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
        return Ran(127, f"{argv[0]}: {getattr(error, 'strerror', None) or error}")
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
    """Read to the end, in blocks: a progress bar ends no line, and a rule set may be one line."""
    assert process.stdout is not None
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    kept = _Kept(lines, on_line)
    while block := await process.stdout.read(_BLOCK_BYTES):
        kept.add(decoder.decode(block))
    kept.add(decoder.decode(b"", final=True))
    kept.end()


class _Kept:
    """Cuts text into lines, at `\\n` and `\\r`, and keeps as much of them as there is room for."""

    def __init__(self, lines: list[str], on_line: Callable[[str], None] | None) -> None:
        self._lines = lines
        self._on_line = on_line
        self._size = 0
        self._begun: list[str] = []
        self._begun_size = 0

    def add(self, text: str) -> None:
        """More text; its last line may go on."""
        *ended, rest = _LINE_END.split(text)
        for part in ended:
            self._begin(part)
            self.end()
        self._begin(rest)

    def end(self) -> None:
        """The line is over."""
        line = "".join(self._begun).rstrip()
        self._begun, self._begun_size = [], 0
        if not line:
            return
        self._size += len(line) + 1
        if self._size <= MAX_OUTPUT_CHARS:
            self._lines.append(line)
        if self._on_line:
            self._on_line(line[:MAX_LINE_CHARS])

    def _begin(self, part: str) -> None:
        part = part[: MAX_OUTPUT_CHARS - 1 - self._begun_size]
        if part:
            self._begun.append(part)
            self._begun_size += len(part)


def find_program(name: str) -> str | None:
    """The path of a program, or None."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return shutil.which(name, path=os.pathsep.join([*folders, *_SYSTEM_FOLDERS]))


def shown(argvs: Sequence[Sequence[str]]) -> str:
    """Commands as one would type them."""
    return " && ".join(shlex.join(argv) for argv in argvs)
