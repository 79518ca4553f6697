"""Running what an administrator must: only what was shown, and only if the rights can be had."""

from collections.abc import Sequence

from infernet_tui.errors import InfernetError
from infernet_tui.setup.context import Context
from infernet_tui.setup.programs import shown
from infernet_tui.setup.step import Progress, Report


class NeedsPassword(InfernetError):
    """This needs an administrator's password."""

    code = "needs_password"


def as_administrator(context: Context, argvs: Sequence[Sequence[str]]) -> list[list[str]]:
    """The commands with `sudo` in front, unless we are the administrator."""
    prefix = [] if context.is_root else ["sudo"]
    return [[*prefix, *argv] for argv in argvs]


async def check_rights(context: Context, command: str) -> None:
    """See that `sudo` will not stop to ask where nobody can answer.

    Raises:
        NeedsPassword: it would, and the screen is not ours to give away.
    """
    if context.is_root or context.may_ask_password:
        return
    if (await context.run(["sudo", "-n", "true"])).code != 0:
        raise NeedsPassword(
            "This needs an administrator's password, which cannot be asked for here.",
            hint=f"in another terminal: {command}",
        )


async def run_as_administrator(
    context: Context, argvs: Sequence[Sequence[str]], report: Report
) -> None:
    """Run commands one after the other, with what they say as progress.

    Raises:
        InfernetError: the rights cannot be had, or one of them failed.
    """
    commands = as_administrator(context, argvs)
    await check_rights(context, shown(commands))
    for argv in commands:
        report(Progress(shown([argv])))
        ran = await context.run(
            argv, timeout_seconds=None, on_line=lambda line: report(Progress(line))
        )
        if ran.code != 0:
            raise InfernetError(f"`{shown([argv])}` failed: {ran.last_line}.", hint=shown(commands))
