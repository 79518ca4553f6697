"""`infernet register`."""

from typing import Any

from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.cli.registration import detail_flags, send
from infernet_tui.registration import Details


@verb("register")
@detail_flags
@pass_output
def command(output: Output, /, **flags: Any) -> None:
    """Register this node with the control plane.

    Repeating it is safe: what you do not name keeps its value.
    """
    send(output, Details(**flags), must_exist=False)
