"""A click group that knows its commands by name and one-line help, and imports one only to run it.

Invariant: neither `--help` nor completing a command's name imports a command module.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Sections = Mapping[str, Mapping[str, str]]
"""Heading → command name → one-line help, in the order they are shown."""


class LazyGroup(click.Group):
    """Commands live in `package.<name>` as `command`; hidden ones run but are not listed."""

    def __init__(
        self,
        name: str,
        *,
        package: str,
        sections: Sections,
        hidden_names: tuple[str, ...] = (),
        help: str | None = None,
        epilog: str | None = None,
    ) -> None:
        super().__init__(
            name,
            help=help,
            epilog=epilog,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        )
        self._package = package
        self._sections = sections
        self._hidden_names = hidden_names

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every listed name, in the order of the help."""
        return [name for section in self._sections.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None when there is no such name."""
        if cmd_name not in self._hidden_names and cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"{self._package}.{module_name(cmd_name)}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each section from the catalogue alone."""
        for heading, section in self._sections.items():
            with formatter.section(heading):
                formatter.write_dl(list(section.items()), col_max=16)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Names and their help from the catalogue."""
        from click.shell_completion import CompletionItem

        return [
            CompletionItem(name, help=text)
            for section in self._sections.values()
            for name, text in section.items()
            if name.startswith(incomplete)
        ] + click.Command.shell_complete(self, ctx, incomplete)


def module_name(command_name: str) -> str:
    """The module of a command: Python's own words get a trailing underscore."""
    return f"{command_name}_" if command_name == "try" else command_name.replace("-", "_")
