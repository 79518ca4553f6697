"""Nothing holds the application up: screens and widgets do no work outside, and draw fast."""

import ast
import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

import infernet_tui
from infernet_tui.screens.registry import SCREENS
from tests.support.cockpit import app_of, cockpit, settled

PACKAGE = Path(infernet_tui.__file__).parent
NETWORK = frozenset(
    {"aiohttp", "ftplib", "http", "httpx", "multiprocessing", "requests", "select", "selectors",
     "socket", "sqlite3", "ssl", "subprocess", "urllib", "websockets"}
)  # fmt: skip
"""What a screen would reach other processes or the network with."""
FILES = frozenset({"glob", "os", "pathlib", "psutil", "shutil", "tempfile"})
"""What a widget would reach files with. A screen may name a file, and read it in a thread."""
BLOCKING_CALLS = frozenset({"sleep", "read_text", "read_bytes", "write_text", "write_bytes"})
IN_A_THREAD = {"screens/settings.py": {"read_text"}}
"""Blocking calls in functions that run in `asyncio.to_thread`."""
SLOW_SECONDS = 0.1


MODULES = sorted(
    path for folder in ("screens", "widgets", "views") for path in (PACKAGE / folder).glob("*.py")
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_paints_has_no_way_outside(path: Path) -> None:
    tree = ast.parse(path.read_text())
    forbidden = NETWORK if path.parent.name == "screens" else NETWORK | FILES
    assert not imported_by(tree) & forbidden
    called = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
        if not is_awaited(node, tree)
    }
    assert called & BLOCKING_CALLS <= IN_A_THREAD.get(f"{path.parent.name}/{path.name}", set())


def is_awaited(call: ast.Call, tree: ast.AST) -> bool:
    """`await asyncio.sleep(…)` holds nothing up."""
    return any(isinstance(node, ast.Await) and node.value is call for node in ast.walk(tree))


def imported_by(tree: ast.AST) -> set[str]:
    """Top-level names of all imports, also those inside functions."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


async def test_every_screen_is_drawn_without_holding_up_the_loop(
    caplog: pytest.LogCaptureFixture, record_property: Callable[[str, object], None]
) -> None:
    async with cockpit("busy", size=(160, 50)) as pilot:
        for screen in SCREENS:  # imports of a first visit are counted by the benchmark
            await app_of(pilot).go_to(screen)
            await settled(pilot)
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = SLOW_SECONDS
        loop.set_debug(True)
        try:
            with caplog.at_level(logging.WARNING, logger="asyncio"):
                for screen in SCREENS:
                    await app_of(pilot).go_to(screen)
                    await settled(pilot)
        finally:
            loop.set_debug(False)
    slow = [record.getMessage() for record in caplog.records if "took" in record.getMessage()]
    record_property("slow_callbacks", slow)  # reported: how long it takes is the machine's affair
    assert not [message for message in slow if seconds_of(message) > 10 * SLOW_SECONDS]


def seconds_of(message: str) -> float:
    """The duration in `Executing <…> took 0.123 seconds`."""
    return float(message.rpartition("took ")[2].split()[0])
