"""Runs one command line: route, parse, call, and turn whatever happens into an exit code.

Invariant: nothing escapes as a traceback, and the exit code does not depend on the format.
"""

import os
import stat
import sys
from collections.abc import Collection, Sequence

import click

from infernet_tui.cli import CATALOGUE, HIDDEN, command_names
from infernet_tui.cli.lazy import LazyGroup
from infernet_tui.cli.output import Output
from infernet_tui.cli.routing import asks_for_state, route
from infernet_tui.errors import InfernetError, UsageError
from infernet_tui.exit_codes import ExitCode

COMPLETION_VARIABLE = "_INFERNET_COMPLETE"


def root_group() -> LazyGroup:
    """The command `infernet`; its commands are imported when they run."""
    return LazyGroup(
        "infernet",
        package=__package__,
        sections=CATALOGUE,
        hidden_names=HIDDEN,
        help="Lend a GPU for inference, or use one.\n\n"
        'infernet "what is 2+2?" is short for infernet chat "what is 2+2?".',
        epilog="Every command accepts --help, and --json before or after it.",
    )


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    output = Output()
    output.json = "--json" in given[: given.index("--") if "--" in given else None]
    _tolerate_odd_characters()
    try:
        code = _call(given, output)
        sys.stdout.flush()
    except InfernetError as error:
        code = _report(output, error)
    except BrokenPipeError:
        code = _reader_left()
    except (KeyboardInterrupt, click.Abort):
        code = ExitCode.INTERRUPTED
    except OSError as error:
        code = _report(output, InfernetError(f"The system refused: {error}.", hint=None))
    except Exception as error:  # noqa: BLE001  the boundary: a bug becomes a crash file
        code = _crash(output, error, given)
    return int(code)


def _call(given: Sequence[str], output: Output) -> int:
    root = root_group()
    if instruction := os.environ.get(COMPLETION_VARIABLE):
        from click.shell_completion import shell_complete

        return shell_complete(root, {}, "infernet", COMPLETION_VARIABLE, instruction)
    try:
        if asks_for_state(given, prompt_is_piped=_prompt_is_piped()):
            return _whole_state(given, output)
        routed = _routed(root, given)
        if not routed:
            return _nothing_asked(root, output)
        with root.make_context("infernet", routed, obj=output) as context:
            return int(root.invoke(context) or ExitCode.OK)
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(error.format_message() + "\n")
        raise UsageError("This command needs a subcommand.", hint=_help_of(error)) from None
    except click.exceptions.Exit as finished:
        return finished.exit_code
    except click.UsageError as error:
        raise UsageError(error.format_message(), hint=_help_of(error)) from None
    except click.ClickException as error:
        raise InfernetError(error.format_message()) from None


def _routed(root: LazyGroup, given: Sequence[str]) -> list[str]:
    return route(
        given,
        command_names(),
        prompt_is_piped=_prompt_is_piped(),
        chat_value_flags=lambda: _value_flags_of(root, "chat"),
    )


def _value_flags_of(root: LazyGroup, name: str) -> Collection[str]:
    from infernet_tui.cli.command import value_flags

    command = root.get_command(click.Context(root), name)
    return value_flags(command) if command else frozenset()


def _prompt_is_piped() -> bool:
    """Whether stdin is a pipe, file or socket: not a terminal, and not /dev/null."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):  # closed, or not a file at all
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _whole_state(given: Sequence[str], output: Output) -> int:
    from infernet_tui.cli.state import command

    with command.make_context("infernet", list(given), obj=output) as context:
        return int(command.invoke(context) or ExitCode.OK)


def _nothing_asked(root: LazyGroup, output: Output) -> int:
    """`infernet` alone: the screen on a terminal; elsewhere the help, as narration."""
    if output.interactive:
        with root.make_context("infernet", ["tui"], obj=output) as context:
            return int(root.invoke(context) or ExitCode.OK)
    with root.make_context("infernet", ["help"], obj=output) as context:
        output.note(root.get_help(context))
    raise UsageError(
        "No command and no prompt, and no terminal to open the screen on.",
        hint='infernet "what is 2+2?"',
    )


def _help_of(error: click.UsageError) -> str:
    return f"{error.ctx.command_path if error.ctx else 'infernet'} --help"


def _tolerate_odd_characters() -> None:
    """A terminal that cannot show a character gets an escape instead of an exception."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _report(output: Output, error: InfernetError) -> int:
    try:
        output.fail(error)
    except BrokenPipeError:
        return _reader_left()
    except OSError:  # stdout cannot be written: stderr has the line, and the code stays
        pass
    return int(error.exit_code)


def _reader_left() -> int:
    """Whoever read our stdout is gone (`| head`): no words, and no complaint at exit."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
    return ExitCode.BROKEN_PIPE


def _crash(output: Output, error: Exception, given: Sequence[str]) -> int:
    from infernet_tui.cli.crash import Bug

    return _report(output, Bug.record(error, given))
