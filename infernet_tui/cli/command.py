"""How a command is declared: `verb` and `verb_group` add the flags that every command has.

The flags' values go to the process's one `Output`, which `pass_output` hands to the function, so
a command's own signature holds only its own options.
"""

from collections.abc import Callable, Iterable
from typing import Any

import click

from infernet_tui.cli.fields import FieldPath, parse
from infernet_tui.cli.output import COLOR_CHOICES, Output

pass_output = click.make_pass_decorator(Output, ensure=True)
"""Hand the process's `Output` to the function as its first argument."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Duration(click.ParamType[float]):
    """`30`, `500ms`, `2s`, `1m`: positive seconds as a float."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the text."""
        text = str(value)
        number = text.rstrip("hms")
        try:
            seconds = float(number) * _UNITS[text[len(number) :] or "s"]
        except (KeyError, ValueError):
            self.fail(f"{text!r} is not a duration like 30, 500ms, 2s or 1m", param, ctx)
        if not 0 < seconds < 1e7:
            self.fail(f"{text!r} is out of range", param, ctx)
        return seconds


DURATION = Duration()


class CommonFlag(click.Option):
    """A flag that every command has; its value is set on the `Output`."""

    def __init__(self, *names: str, attribute: str, **settings: Any) -> None:
        super().__init__(
            names, expose_value=False, is_eager=True, callback=self._store, default=None, **settings
        )
        self._attribute = attribute

    def _store(self, ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value is None or value is False or ctx.resilient_parsing:
            return
        output = ctx.ensure_object(Output)
        setattr(output, self._attribute, value)
        if self._attribute == "fields":
            output.json = True


def common_flags() -> list[click.Parameter]:
    """New instances of the common flags."""
    switch: dict[str, Any] = {"is_flag": True}
    return [
        CommonFlag("--json", attribute="json", help="Machine output on stdout.", **switch),
        CommonFlag("--fields", attribute="fields", metavar="A,B", type=FieldList(),
                   help="JSON with only these keys, like row.name,daemon."),
        CommonFlag("--quiet", "-q", attribute="quiet", help="No narration.", **switch),
        CommonFlag("--verbose", "-v", attribute="verbose", help="More narration.", **switch),
        CommonFlag("--plain", attribute="plain", help="Plain lines, also on a terminal.", **switch),
        CommonFlag("--color", attribute="color", type=click.Choice(COLOR_CHOICES),
                   help="Colour the output."),
        CommonFlag("--yes", "-y", attribute="yes", help="Answer every question yes.", **switch),
        CommonFlag("--no-input", attribute="no_input", help="Never ask.", **switch),
        CommonFlag("--timeout", attribute="timeout_seconds", metavar="TIME", type=DURATION,
                   help="Give up after this long, like 5s."),
    ]  # fmt: skip


class FieldList(click.ParamType[tuple[FieldPath, ...]]):
    """`a,b.c` as paths of keys."""

    name = "fields"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[FieldPath, ...]:
        """Read the text."""
        return parse(str(value))


class _WithCommonFlags(click.Command):
    """Adds the common flags, and shows them apart from the command's own."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.params = [*self.params, *common_flags()]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options, its subcommands, and the common flags last."""
        params = self.get_params(ctx)
        _write_options(
            ctx, formatter, "Options", (param for param in params if not _is_common(param))
        )
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)
        _write_options(ctx, formatter, "Common options", filter(_is_common, params))


class VerbCommand(_WithCommonFlags):
    """A command."""


class VerbGroup(_WithCommonFlags, click.Group):
    """A command with subcommands (`infernet model list`)."""

    command_class = VerbCommand


def verb(
    name: str, *, epilog: str | None = None, **settings: Any
) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a command of the catalogue; its docstring is the help."""
    return click.command(name, cls=VerbCommand, epilog=epilog, **settings)


def verb_group(
    name: str, *, epilog: str | None = None, **settings: Any
) -> Callable[[Callable[..., Any]], VerbGroup]:
    """Declare a command with subcommands; add them with `@command.command("list")`."""
    return click.group(name, cls=VerbGroup, epilog=epilog, **settings)


def value_flags(command: click.Command) -> frozenset[str]:
    """Every flag of `command` that takes a value."""
    return frozenset(
        name
        for param in command.params
        if isinstance(param, click.Option) and not param.is_flag and not param.count
        for name in (*param.opts, *param.secondary_opts)
    )


def _is_common(param: click.Parameter) -> bool:
    return isinstance(param, CommonFlag)


def _write_options(
    ctx: click.Context,
    formatter: click.HelpFormatter,
    heading: str,
    params: Iterable[click.Parameter],
) -> None:
    records = [record for param in params if (record := param.get_help_record(ctx))]
    if records:
        with formatter.section(heading):
            formatter.write_dl(records)
