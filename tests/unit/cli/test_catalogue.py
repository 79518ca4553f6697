"""The catalogue is true, and looking at it is cheap."""

import subprocess
import sys

import click
import pytest

from infernet_tui.cli import CATALOGUE, command_names
from infernet_tui.cli.command import CommonFlag
from infernet_tui.cli.run import root_group
from tests.support.cli import Infernet, as_process

LISTED = [(name, text) for section in CATALOGUE.values() for name, text in section.items()]


def command_called(name: str) -> click.Command:
    root = root_group()
    command = root.get_command(click.Context(root), name)
    assert command is not None
    return command


@pytest.mark.parametrize(("name", "text"), LISTED)
def test_the_catalogue_says_what_the_command_says(name: str, text: str) -> None:
    command = command_called(name)
    assert (command.help or "").splitlines()[0] == text
    assert command.name == name


@pytest.mark.parametrize("name", command_names())
def test_every_command_explains_itself_and_has_the_common_flags(
    infernet: Infernet, name: str
) -> None:
    finished = infernet(name, "--help")
    assert finished.code == 0
    assert finished.out.startswith(f"Usage: infernet {name}")
    assert "--json" in finished.out


def commands_below(command: click.Command) -> list[click.Command]:
    inner = command.commands.values() if isinstance(command, click.Group) else []
    return [command, *(deeper for each in inner for deeper in commands_below(each))]


@pytest.mark.parametrize("name", command_names())
def test_every_subcommand_takes_json(name: str) -> None:
    for command in commands_below(command_called(name)):
        common = [param for param in command.params if isinstance(param, CommonFlag)]
        assert any("--json" in param.opts for param in common), command.name


HEAVY = {
    "textual", "rich", "httpx", "aiohttp", "pydantic", "fastapi", "sqlalchemy", "coincurve",
    "asyncio", "json", "psutil", "dataclasses",
}  # fmt: skip


def loaded_by(*arguments: str) -> set[str]:
    program = (
        "import sys; from infernet_tui.cli import main; main(sys.argv[1:]);"
        "print(*sys.modules, file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    return set(result.stderr.split())


def test_help_loads_neither_a_framework_nor_a_command() -> None:
    modules = loaded_by("--help")
    assert not modules & HEAVY
    commands = {f"infernet_tui.cli.{name}" for name in command_names()}
    assert not modules & commands


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["stats"], ["payments"], ["config", "show"], ["jobs"], ["peers"]],
)
def test_small_commands_load_no_framework(arguments: list[str]) -> None:
    heavy = {"textual", "rich", "httpx", "aiohttp", "pydantic", "fastapi", "sqlalchemy", "psutil"}
    assert not loaded_by(*arguments) & heavy


def test_completing_a_name_loads_no_command() -> None:
    finished = as_process(
        _INFERNET_COMPLETE="bash_complete", COMP_WORDS="infernet sta", COMP_CWORD="1"
    )
    names = {line.partition(",")[2] for line in finished.out.splitlines()}
    assert {"start", "status", "stats"} == names


def test_flags_are_completed_from_the_command_itself() -> None:
    finished = as_process(
        _INFERNET_COMPLETE="bash_complete", COMP_WORDS="infernet init --no-a", COMP_CWORD="2"
    )
    assert finished.out.split() == ["plain,--no-advertise"]
