"""Reading a log that somebody else writes: its end, and what is added to it.

Reading blocks; where that matters it is done in a thread. A log that is emptied, replaced or
deleted while it is read is not an error.
"""

import os
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

_BLOCK_BYTES = 64 * 1024
_LOOK_SECONDS = 0.2
MAX_START_BYTES = 16 * 1024 * 1024
"""What is read of a log that was long before anyone looked: its last so many bytes."""


def last_lines(file: BinaryIO, count: int) -> list[bytes]:
    """The last `count` lines, read from the end; the file is left at its end."""
    start = file.seek(0, os.SEEK_END)
    tail = b""
    while start > 0 and tail.count(b"\n") <= count:
        step = min(_BLOCK_BYTES, start)
        start -= step
        file.seek(start)
        tail = file.read(step) + tail
    file.seek(0, os.SEEK_END)
    return tail.splitlines()[-count:] if count else []


def added_lines(path: Path, file: BinaryIO) -> Generator[bytes, None, None]:
    """Complete lines as they are written, also after the file was emptied or replaced."""
    pending = b""
    while True:
        if part := file.read(_BLOCK_BYTES):
            *complete, pending = (pending + part).split(b"\n")
            yield from complete
            continue
        replacement = _replacement(path, file)
        if replacement is not None:
            with replacement:
                yield from added_lines(path, replacement)
        time.sleep(_LOOK_SECONDS)


def _replacement(path: Path, file: BinaryIO) -> BinaryIO | None:
    """The file that now has the name, if it is another one; an emptied file is read anew."""
    ours = os.fstat(file.fileno())
    if file.tell() > ours.st_size:
        file.seek(0)
        return None
    try:
        named = path.stat()
    except FileNotFoundError:  # between two files
        return None
    return None if os.path.samestat(ours, named) else path.open("rb")


State = Literal["missing", "open", "deleted"]
"""No such file yet; there it is; it was there, and what was read of it stays."""


@dataclass(frozen=True, slots=True)
class LogNews:
    """What one look at the file brought."""

    state: State
    data: bytes | bytearray = b""
    """What was added."""
    is_anew: bool = False
    """Whether `data` takes the place of everything before: the first look, or an emptied file."""
    is_replaced: bool = False
    """Whether `data` is from another file that has the name now."""
    is_cut: bool = False
    """Whether the file holds older lines than `data`."""


class LogReader:
    """Looks at one log file again and again; one look at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._has_read = False
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give the file back, after a look that is going on; another look opens it anew."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def look(self) -> LogNews:
        """What is new since the last look. Blocks.

        Raises:
            OSError: it cannot be read.
        """
        with self._lock:
            return self._look()

    def _look(self) -> LogNews:
        if self._file is None:
            return self._open()
        status = os.fstat(self._file.fileno())
        if self._file.tell() > status.st_size:
            self._file.seek(0)
            return LogNews("open", self._file.read(MAX_START_BYTES), is_anew=True)
        if self._file.tell() < status.st_size:
            return LogNews("open", self._file.read(MAX_START_BYTES))
        try:
            is_same = os.path.samestat(status, self.path.stat())
        except FileNotFoundError:
            return LogNews("deleted")
        if is_same:
            return LogNews("open")
        self._close()
        return self._open()

    def _open(self) -> LogNews:
        try:
            self._file = self.path.open("rb", buffering=0)
        except FileNotFoundError:
            return LogNews("deleted" if self._has_read else "missing")
        is_anew, self._has_read = not self._has_read, True
        size = self._file.seek(0, os.SEEK_END)
        start = self._file.seek(max(0, size - MAX_START_BYTES))
        data = bytearray(size - start)
        del data[self._file.readinto(data) or 0 :]
        if start:
            del data[: data.find(b"\n") + 1]
        return LogNews("open", data, is_anew=is_anew, is_replaced=not is_anew, is_cut=start > 0)
