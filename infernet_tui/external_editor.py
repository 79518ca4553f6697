"""Writing in a person's own editor ($VISUAL, $EDITOR), while the application steps aside.

The event loop goes on meanwhile: a node that runs in this process keeps serving. Only the screen is
not painted.
"""

import asyncio
import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from infernet_tui.errors import InfernetError

if TYPE_CHECKING:
    from textual.app import App


def editor(environ: Mapping[str, str] = os.environ) -> list[str] | None:
    """The program and its arguments; None if none is set, or not in a way a shell understands."""
    try:
        return shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "") or None
    except ValueError:
        return None


async def edit(app: "App[int]", text: str) -> str:
    """The text as the editor left it.

    Raises:
        InfernetError: there is no editor, or it failed; the text is as it was.
    """
    argv = editor()
    if argv is None:
        raise InfernetError("No editor is set.", hint="export EDITOR=nano")
    path = await asyncio.to_thread(_write, text)
    try:
        # Nothing may be raised in here: Textual would not take the terminal back.
        with app.batch_update(), app.suspend(), _interrupts_ignored():
            problem = await asyncio.to_thread(_run, [*argv, str(path)])
        app.refresh(layout=True)
        if problem:
            raise InfernetError(f"{argv[0]} {problem}; the text is as it was.")
        return await asyncio.to_thread(path.read_text, "utf-8", "replace")
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """ctrl+c in the editor reaches the whole terminal, and is meant for the editor alone."""

    def ignore(_number: int, _frame: object) -> None:
        """Unlike SIG_IGN, a handler of ours is not handed on to the editor."""

    before = signal.signal(signal.SIGINT, ignore)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _run(command: list[str]) -> str | None:
    """Wait for the editor; what went wrong."""
    try:
        code = subprocess.call(command)
    except OSError as error:
        return f"did not start: {error.strerror}"
    return f"ended with {code}" if code else None


def _write(text: str) -> Path:
    """A file that only this person can read."""
    handle, name = tempfile.mkstemp(prefix="infernet-", suffix=".md")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(name)
