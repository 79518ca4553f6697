"""Registering this node on the command line, shared by `register` and `update`."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from infernet_protocol import endpoints
from infernet_tui import config
from infernet_tui.cli.account import Account
from infernet_tui.cli.output import Output
from infernet_tui.cli.running import node_snapshot
from infernet_tui.errors import NotFound, RequestFailed
from infernet_tui.registration import Details, register_body

Function = TypeVar("Function", bound=Callable[..., Any])


def detail_flags(function: Function) -> Function:
    """The flags of `Details`."""
    for option in reversed(
        [
            click.option("--name", help="Human-readable node name."),
            click.option("--gpu-model", help="What to call the GPU."),
            click.option(
                "--price", type=click.FloatRange(0, 1e9, max_open=True), help="Price of a job."
            ),
            click.option("--address", help="Public address that peers can reach."),
            click.option("--p2p-port", type=click.IntRange(1, 65535), help="Port of that address."),
            click.option("--no-advertise", is_flag=True, help="Outbound only: send no address."),
            click.option(
                "--no-advertise-interconnects", is_flag=True, help="Leave the fabric out."
            ),
        ]
    ):
        function = option(function)
    return function


def send(output: Output, details: Details, *, must_exist: bool) -> None:
    """Register, remember the row's id, and show the row.

    Raises:
        NotFound: `must_exist`, and it is not registered.
    """
    account = Account.open(output)
    before = account.row()
    if must_exist and before is None:
        raise NotFound("This node is not registered.", hint="infernet register")
    node = account.node
    output.note(f"Registering {node.role} “{details.name or node.name}” ({node.node_id})…")
    body = register_body(node, details, row=before, snapshot=node_snapshot())
    data = account.call(endpoints.REGISTER, **body)
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        raise RequestFailed(f"{account.url} registered the node but did not say its id.")
    remembered: dict[str, Any] = {"id": data["id"]}
    if details.name:
        remembered["name"] = details.name
    config.update({"node": remembered})
    row = account.row()
    document = {"id": data["id"], "node_id": data.get("node_id") or node.node_id, "row": row}
    output.show("register", document, lambda: _lines(output, account, document, row or {}))


def _lines(
    output: Output, account: Account, document: dict[str, Any], row: dict[str, Any]
) -> Iterable[str]:
    return output.pairs(
        {
            "Registered": document["node_id"],
            "Row id": document["id"],
            "Pubkey": account.node.public_key,
            "Control plane": account.url,
            "Status": row.get("status"),
            "GPU": row.get("gpu_model"),
            "Price": row.get("price"),
        }
    )
