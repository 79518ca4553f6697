"""What to do about a finding of the doctor, and the few things of it that are safe to do from here.

Safe is what a person may repeat without harm: starting the node, registering it, closing
`config.json` to others. Everything else, and whatever needs privileges, is only shown.
"""

import asyncio
import re
import sys
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from infernet_tui import paths
from infernet_tui.checkup import CheckRow
from infernet_tui.errors import InfernetError
from infernet_tui.text import one_line

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

REGISTER_SECONDS = 60.0
PRIVATE_MODE = 0o600
_QUOTED = re.compile(r"`([^`]+)`")


class Kind(Enum):
    """How a fix is carried out."""

    START = "start"
    REGISTER = "register"
    PRIVATE = "private"
    GO = "go"
    """On another screen."""
    SHOW = "show"
    """By the person."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do next."""

    kind: Kind
    command: str
    consequence: str
    verb: str = ""
    screen: str = ""

    @property
    def changes_nothing_here(self) -> bool:
        """Whether it leads elsewhere or is for reading."""
        return self.kind in (Kind.GO, Kind.SHOW)


def fix_of(row: CheckRow) -> Fix | None:
    """The fix of a finding; None if it has none."""
    if not row.hint:
        return None
    quoted = _QUOTED.search(row.hint)
    command = quoted.group(1) if quoted else row.hint
    if command == "infernet start":
        return Fix(Kind.START, command, "The node starts and takes jobs.", "Start it")
    if command == "infernet register":
        words = "Tells the control plane of this node again; repeating it is safe."
        return Fix(Kind.REGISTER, command, words, "Register")
    if command == f"chmod 600 {paths.config_file()}":
        words = "config.json holds the node's key: afterwards only you can read it."
        return Fix(Kind.PRIVATE, command, words, "Close it")
    for start, screen, title in (
        ("infernet logs", "logs", "Logs"),
        ("infernet model", "models", "Models"),
        ("infernet init", "setup", "Setup"),
    ):
        if command.startswith(start) and "--force" not in command:
            return Fix(Kind.GO, command, f"This is done on {title}.", f"Open {title}", screen)
    return Fix(Kind.SHOW, command, "This is for you to run, in another terminal:")


async def carry_out(cockpit: "Cockpit", fix: Fix) -> None:
    """Do it.

    Raises:
        InfernetError: it did not work.
    """
    if fix.kind is Kind.GO:
        await cockpit.go_to(fix.screen)
        return
    if fix.kind is Kind.START:
        await cockpit.node_control.start()
        return
    cockpit.log_command(fix.command)
    if fix.kind is Kind.PRIVATE:
        await asyncio.to_thread(_close_config)
        cockpit.toast("config.json can be read by you alone now.")
    elif fix.kind is Kind.REGISTER:
        cockpit.toast(await _registered())


def _close_config() -> None:
    path = paths.config_file()
    try:
        path.chmod(PRIVATE_MODE)
    except OSError as error:
        raise InfernetError(
            f"Cannot change the mode of {path}: {error.strerror}.", hint=f"chmod 600 {path}"
        ) from None


async def _registered() -> str:
    """What `infernet register` says last."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infernet_tui", "register"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), REGISTER_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise InfernetError(
            f"infernet register did not end within {REGISTER_SECONDS:.0f} s.",
            hint="infernet register",
        ) from None
    lines = [text for text in map(one_line, output.decode("utf-8", "replace").splitlines()) if text]
    said = lines[-1] if lines else ""
    if process.returncode:
        errors = [text for text in lines if text.startswith("error")]
        raise InfernetError(errors[0] if errors else said or "It failed.", hint="infernet register")
    return said or "Registered."
