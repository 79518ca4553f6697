"""One file on its way to the disk: resumed where it broke off, whole or not there at all.

The bytes go to `<target>.part`, with the server's ETag beside it, so that a resumed download never
joins two versions of a file. Only a file whose length and SHA-256 are right takes the target's
name. One process downloads a file at a time.
"""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import BinaryIO

import aiohttp

from infernet_tui.engines.gguf import MAGIC
from infernet_tui.engines.sources import Source
from infernet_tui.errors import EngineError

BLOCK_BYTES = 1024 * 1024
SPARE_BYTES = 64 * 1024 * 1024
"""What a download leaves free on the disk."""
ATTEMPTS = 4
"""In a row, without one new byte."""
FIRST_PAUSE_SECONDS = 0.5


class PartFile:
    """`<target>.part`: what has arrived so far, and its running SHA-256."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._etag_path = target.with_name(f"{target.name}.part.etag")
        self._hash = hashlib.sha256()
        self._file: BinaryIO | None = None
        self.size = 0

    def open(self) -> None:
        """Take the file for us alone, and hash what is there.

        Raises:
            EngineError: another process downloads it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "a+b")  # noqa: SIM115 - closed by `close`
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise EngineError(
                f"{self.target.stem} is being downloaded already.", hint="infernet model list"
            ) from None
        self._file.seek(0)
        while block := self._file.read(BLOCK_BYTES):
            self._hash.update(block)
            self.size += len(block)

    def close(self) -> None:
        """Leave what has arrived for the next time."""
        if self._file:
            self._file.close()
            self._file = None

    def append(self, block: bytes) -> None:
        """Add what came next."""
        assert self._file
        self._file.write(block)
        self._hash.update(block)
        self.size += len(block)

    def restart(self) -> None:
        """Forget what has arrived."""
        assert self._file
        self._file.truncate(0)
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def etag(self) -> str | None:
        """Which version of the file the bytes belong to."""
        try:
            return self._etag_path.read_text("ascii") or None
        except (OSError, ValueError):
            return None

    @etag.setter
    def etag(self, value: str | None) -> None:
        # A weak ETag does not promise the same bytes.
        strong = value if value and not value.startswith("W/") and value.isascii() else ""
        self._etag_path.write_text(strong, "ascii")

    @property
    def sha256(self) -> str:
        """Of what has arrived, 64 hex digits."""
        return self._hash.hexdigest()

    def discard(self) -> None:
        """Delete it: it is not what was wanted."""
        self.path.unlink(missing_ok=True)
        self._etag_path.unlink(missing_ok=True)

    def flush(self) -> None:
        """Let other readers of the file see all of it."""
        assert self._file
        self._file.flush()

    def finish(self) -> None:
        """Give it the target's name, safely on the disk."""
        self.flush()
        assert self._file
        os.fsync(self._file.fileno())
        os.replace(self.path, self.target)
        self._etag_path.unlink(missing_ok=True)


async def fetch(
    session: aiohttp.ClientSession, source: Source, part: PartFile
) -> AsyncGenerator[tuple[int, int | None]]:
    """Bring `part` to its full length; yields (bytes so far, bytes in all if known).

    Raises:
        EngineError: the server refuses, the disk is too small, or the network fails too often.
    """
    failures = 0
    while source.size_bytes is None or part.size < source.size_bytes:
        before = part.size
        try:
            async for progress in _fetch_once(session, source, part):
                yield progress
            return
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            failures = 1 if part.size > before else failures + 1
            if failures >= ATTEMPTS:
                raise EngineError(
                    f"The download of {source.name} broke off: {error or 'timed out'}. "
                    f"{part.size} bytes are kept.",
                    hint="run the same command again to go on from there",
                ) from None
            await asyncio.sleep(FIRST_PAUSE_SECONDS * 2 ** (failures - 1))


async def _fetch_once(
    session: aiohttp.ClientSession, source: Source, part: PartFile
) -> AsyncGenerator[tuple[int, int | None]]:
    assert source.url
    headers = {"accept-encoding": "identity"}
    if part.size and (source.sha256 or part.etag):
        headers["range"] = f"bytes={part.size}-"
        if part.etag:
            headers["if-range"] = part.etag
    async with session.get(source.url, headers=headers) as response:
        _check_status(response, source)
        if response.status == 416 and part.size == _complete_length(response):
            return
        if response.status == 416 or not _continues(response, part.size):
            part.restart()
        if response.status == 416:
            raise aiohttp.ClientPayloadError("the server has another version of the file")
        part.etag = response.headers.get("etag")
        length = response.content_length
        total = source.size_bytes or (part.size + length if length is not None else None)
        check_space(part.path.parent, (total or 0) - part.size)
        async for block in response.content.iter_chunked(BLOCK_BYTES):
            _check_beginning(block, part, source)
            with disk_errors(part.path):
                await asyncio.to_thread(part.append, block)
            if total is not None and part.size > total:
                part.discard()
                raise EngineError(f"{source.name} is longer than its source said.")
            yield part.size, total


def _check_status(response: aiohttp.ClientResponse, source: Source) -> None:
    if response.status in (200, 206, 416):
        return
    host = response.url.host
    if response.status in (401, 403, 404, 410):
        raise EngineError(
            f"{host} does not give {source.name} to us: status {response.status}.",
            hint="check the name; a gated model must be downloaded by hand and pulled by its path",
            retryable=False,
        )
    raise aiohttp.ClientPayloadError(f"{host} answered with status {response.status}")


def _continues(response: aiohttp.ClientResponse, offset: int) -> bool:
    """Whether the body goes on from `offset`; a server may send the whole file instead."""
    sent_range = response.headers.get("content-range", "")
    return response.status == 206 and sent_range.startswith(f"bytes {offset}-")


def _complete_length(response: aiohttp.ClientResponse) -> int | None:
    """The file's length as a 416 tells it: `bytes */1234`."""
    _, _, length = response.headers.get("content-range", "").partition("*/")
    return int(length) if length.isdecimal() else None


def _check_beginning(block: bytes, part: PartFile, source: Source) -> None:
    if part.size == 0 and block[: len(MAGIC)] != MAGIC[: len(block)]:
        raise EngineError(
            f"What {source.url} sends is no GGUF model.",
            hint="give the address of the file itself, not of the page that shows it",
            retryable=False,
        )


def check_space(folder: Path, needed_bytes: int) -> None:
    """See that the disk has room.

    Raises:
        EngineError: it does not.
    """
    free = shutil.disk_usage(folder).free
    if needed_bytes + SPARE_BYTES > free:
        raise EngineError(
            f"The disk of {folder} is too small: {needed_bytes / 1e9:.1f} GB are needed, "
            f"{free / 1e9:.1f} GB are free.",
            hint="infernet model remove <name>, or set INFERNET_MODELS_DIR to another disk",
            retryable=False,
        )


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise EngineError(
            f"Cannot write {path}: {error.strerror}. What has arrived is kept.",
            hint="free some space, then run the same command again"
            if is_full
            else f"check the permissions of {path.parent}",
            retryable=False,
        ) from None
