"""`infernet update`."""

from typing import Any

from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.cli.registration import detail_flags, send
from infernet_tui.registration import Details


@verb("update")
@detail_flags
@pass_output
def command(output: Output, /, **flags: Any) -> None:
    """Send this node's current details to the control plane.

    What you do not name keeps its value.
    """
    send(output, Details(**flags), must_exist=True)
