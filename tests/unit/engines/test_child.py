"""Child processes: their last words, and that none is left behind."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from infernet_tui.engines.child import CLOSE_SECONDS, ChildProcess, RestartBackoff
from infernet_tui.errors import EngineError
from tests.support.control_plane import until

OBEDIENT = "import sys; print('ready', flush=True); sys.stdin.read()"
STUBBORN = (
    "import signal, time, subprocess, sys\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print(subprocess.Popen(['sleep', '60']).pid, flush=True)\n"
    "time.sleep(60)"
)


async def spawn(program: str) -> ChildProcess:
    return await ChildProcess.spawn("child", [sys.executable, "-c", program])


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_an_obedient_child_leaves_when_the_leash_is_let_go() -> None:
    child = await spawn(OBEDIENT)
    assert await child.read_line() == b"ready"
    started_at = time.monotonic()
    await child.close()
    assert time.monotonic() - started_at < 1
    assert not child.is_alive


async def test_a_stubborn_child_and_its_own_children_are_gone_within_five_seconds() -> None:
    child = await spawn(STUBBORN)
    grandchild = int(await child.read_line())
    started_at = time.monotonic()
    await child.close()
    assert time.monotonic() - started_at < CLOSE_SECONDS
    await until(lambda: is_gone(grandchild))


async def test_the_epitaph_names_the_status_and_the_last_words() -> None:
    child = await spawn("import sys; sys.exit('no such file\\nout of memory')")
    assert await child.read_line() == b""
    await child.ended()
    assert child.epitaph() == "child ended with status 1: out of memory"
    await child.close()


async def test_the_epitaph_names_the_signal() -> None:
    child = await spawn(OBEDIENT)
    await child.read_line()
    os.kill(child.pid, signal.SIGSEGV)
    await child.ended()
    assert child.epitaph() == "child died of SIGSEGV"
    await child.close()


async def test_a_child_that_says_a_lot_before_it_dies_is_not_kept_in_memory() -> None:
    child = await spawn("import sys; sys.stderr.write('x' * 10_000_000 + '\\nlast'); sys.exit(3)")
    await child.ended()
    assert child.epitaph() == "child ended with status 3: last"
    await child.close()


async def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(EngineError, match="Cannot run child"):
        await ChildProcess.spawn("child", ["/no/such/program"])


async def test_writing_to_a_dead_child_is_harmless() -> None:
    child = await spawn("pass")
    await child.ended()
    for _ in range(3):
        await child.send_line(b"x" * 100_000)
    await child.close()


async def test_llamacpp_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PARENT, os.fspath(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert parent.stdout
    child = int(await parent.stdout.readline())
    assert not is_gone(child)
    parent.kill()
    await parent.communicate()
    await until(lambda: is_gone(child))


_PARENT = """
import asyncio, sys
from pathlib import Path
from infernet_tui.engines.gguf_store import GgufStore
from infernet_tui.engines.llamacpp import LlamaCppEngine
from tests.support.tiny_gguf import write_tiny_gguf

async def main(folder):
    write_tiny_gguf(folder / "tiny.gguf")
    engine = LlamaCppEngine(GgufStore(folder))
    await engine.load("tiny")
    print(engine.child_pid("tiny"), flush=True)
    await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_first_death_costs_no_wait_and_later_ones_ever_more() -> None:
    backoff = RestartBackoff()
    waits = []
    for _ in range(9):
        backoff.started()
        backoff.died()
        waits.append(round(backoff.seconds_left, 1))
    assert waits == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]
