"""Fetching a model into the store: found, downloaded or copied, checked, and only then there.

The last progress has the status "success" and the file's SHA-256, so that a person can compare it.
Nothing is ever at the model's own name that is not a whole GGUF file.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import aiohttp

from infernet_tui.engines.base import PullProgress
from infernet_tui.engines.download import BLOCK_BYTES, PartFile, check_space, disk_errors, fetch
from infernet_tui.engines.gguf import NotGguf, read_header
from infernet_tui.engines.gguf_store import GgufStore
from infernet_tui.engines.sources import Source, resolve
from infernet_tui.errors import EngineError

PROGRESS_SECONDS = 0.1
"""Between two reports: enough for an eye."""
CONNECT_SECONDS = 15.0
SILENCE_SECONDS = 60.0


async def pull_into(
    store: GgufStore, name: str, *, environ: Mapping[str, str] = os.environ
) -> AsyncGenerator[PullProgress]:
    """Fetch `name` into our folder, going on where an earlier attempt broke off.

    Raises:
        EngineError: it does not exist, does not fit, or is not what it says it is.
    """
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS
    )
    async with aiohttp.ClientSession(
        timeout=timeout, read_bufsize=BLOCK_BYTES, trust_env=True
    ) as session:
        yield PullProgress(f"looking for {name}")
        source = await resolve(name, session, environ)
        target = store.path_for(source.name)
        part = PartFile(target)
        with disk_errors(part.path):
            await asyncio.to_thread(part.open)
        try:
            if source.path:
                await asyncio.to_thread(_copy, source.path, part)
            else:
                async with contextlib.aclosing(_download(session, source, part)) as steps:
                    async for step in steps:
                        yield step
            yield PullProgress("checking", part.size, part.size)
            await asyncio.to_thread(_accept, source, part)
        finally:
            part.close()
        yield PullProgress("success", part.size, part.size, f"sha256:{part.sha256}")


async def _download(
    session: aiohttp.ClientSession, source: Source, part: PartFile
) -> AsyncGenerator[PullProgress]:
    digest = f"sha256:{source.sha256}" if source.sha256 else None
    status = f"pulling {source.name}"
    yield PullProgress(status, part.size, source.size_bytes, digest)
    shown_at = time.monotonic()
    async with contextlib.aclosing(fetch(session, source, part)) as steps:
        async for completed, total in steps:
            if time.monotonic() - shown_at >= PROGRESS_SECONDS:
                shown_at = time.monotonic()
                yield PullProgress(status, completed, total, digest)


def _copy(path: Path, part: PartFile) -> None:
    part.restart()
    check_space(part.path.parent, path.stat().st_size)
    with disk_errors(part.path), path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            part.append(block)


def _accept(source: Source, part: PartFile) -> None:
    problem = None
    if source.size_bytes is not None and part.size != source.size_bytes:
        problem = f"it has {part.size} bytes instead of {source.size_bytes}"
    elif source.sha256 and part.sha256 != source.sha256:
        problem = f"its SHA-256 is {part.sha256} instead of {source.sha256}"
    else:
        part.flush()
        try:
            read_header(part.path)
        except NotGguf as error:
            problem = f"it is no GGUF model: {error}"
    if problem:
        part.discard()
        raise EngineError(
            f"{source.name} was downloaded, but {problem}. The file was deleted.",
            hint="run the same command again",
        )
    with disk_errors(part.path):
        part.finish()
