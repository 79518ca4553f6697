"""Real programs, run to their end or not."""

import asyncio
import time

import psutil
import pytest

from infernet_tui.errors import InfernetError
from infernet_tui.setup.privileges import NeedsPassword, run_as_administrator
from infernet_tui.setup.programs import Ran, find_program, run_program
from infernet_tui.setup.step import Progress
from tests.support.setup_parts import ScriptedPrograms, context, ignore


async def test_a_program_has_a_code_and_its_lines() -> None:
    lines: list[str] = []
    ran = await run_program(["sh", "-c", "echo one; echo two >&2; exit 3"], on_line=lines.append)
    assert ran == Ran(3, "one\ntwo")
    assert lines == ["one", "two"]
    assert ran.last_line == "two"


async def test_a_line_may_be_longer_than_any_buffer() -> None:
    script = "head -c 200000 /dev/zero | tr '\\0' x; printf '\\n10%%\\r20%%\\r\\ndone'"
    lines: list[str] = []
    ran = await run_program(["sh", "-c", script], on_line=lines.append)
    assert [len(line) for line in ran.output.split("\n")] == [200_000, 3, 3, 4]
    assert (len(lines[0]), lines[1:]) == (4096, ["10%", "20%", "done"])


async def test_what_cannot_even_be_run_is_a_code() -> None:
    assert (await run_program(["echo", "a\0b"])).code == 127


async def test_a_program_gets_no_input() -> None:
    assert await run_program(["cat"]) == Ran(0, "")


async def test_one_that_is_not_there_says_so() -> None:
    ran = await run_program(["no-such-program"])
    assert (ran.code, ran.output) == (127, "no-such-program: No such file or directory")
    assert find_program("no-such-program") is None
    assert find_program("sh")


async def test_one_that_is_too_slow_is_killed() -> None:
    began = time.monotonic()
    ran = await run_program(["sleep", "60"], timeout_seconds=0.05)
    assert ran.code == 124
    assert time.monotonic() - began < 10


async def test_cancelling_kills_the_program() -> None:
    started = asyncio.Event()
    pid: list[int] = []

    def line(text: str) -> None:
        pid.append(int(text))
        started.set()

    task = asyncio.create_task(
        run_program(["sh", "-c", "echo $$; exec sleep 60"], timeout_seconds=None, on_line=line)
    )
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not psutil.pid_exists(pid[0])


async def test_the_administrator_needs_no_sudo() -> None:
    programs = ScriptedPrograms({"ufw": Ran(0, "Rule added")})
    said: list[Progress] = []
    await run_as_administrator(context(programs=programs), [("ufw", "allow", "1/tcp")], said.append)
    assert programs.ran == ["ufw allow 1/tcp"]
    assert said[0].text == "ufw allow 1/tcp"


async def test_sudo_is_not_run_where_it_could_not_ask() -> None:
    programs = ScriptedPrograms({"sudo -n true": Ran(1, "a password is required")})
    with pytest.raises(NeedsPassword) as caught:
        await run_as_administrator(
            context(programs=programs, is_root=False), [("ufw", "allow", "1/tcp")], ignore
        )
    assert caught.value.hint == "in another terminal: sudo ufw allow 1/tcp"
    assert programs.ran == ["sudo -n true"]


async def test_a_command_that_fails_ends_the_row() -> None:
    programs = ScriptedPrograms({"sudo": Ran(1, "no\nnot allowed")})
    with pytest.raises(InfernetError, match="not allowed") as caught:
        await run_as_administrator(
            context(programs=programs, is_root=False, may_ask_password=True),
            [("a", "b c"), ("d",)],
            ignore,
        )
    assert caught.value.hint == "sudo a 'b c' && sudo d"
    assert len(programs.ran) == 1
