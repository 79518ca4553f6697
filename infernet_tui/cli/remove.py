"""`infernet remove`: takes this node off the control plane; the identity here stays."""

from infernet_protocol import endpoints
from infernet_tui import config
from infernet_tui.cli.account import Account
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.output import Output
from infernet_tui.cli.running import node_snapshot
from infernet_tui.errors import AlreadyRunning
from infernet_tui.text import one_line


@verb("remove")
@pass_output
def command(output: Output) -> None:
    """Delete this node's row on the control plane.

    config.json and the key stay: `infernet register` brings the node back. Payout addresses that
    are stored with the row are deleted with it.
    """
    account = Account.open(output)
    if daemon := node_snapshot():
        raise AlreadyRunning(
            f"The node is running (pid {daemon.get('pid')}) and would register again.",
            hint="infernet stop && infernet remove",
        )
    node = account.node
    output.confirm(f"Delete {node.role} “{one_line(node.name)}” ({node.node_id}) at {account.url}?")
    data = account.call(endpoints.REMOVE) or {}
    deleted = bool(data.get("deleted"))
    config.update({"node": {"id": None}})
    document = {"deleted": deleted, "id": data.get("id"), "node_id": node.node_id}
    done = f"Removed {node.node_id} from {account.url}." if deleted else "There was no such row."
    output.show("remove", document, lambda: [done])
