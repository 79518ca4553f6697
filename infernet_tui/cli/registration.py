"""Registering this node, shared by `register` and `update`.

Invariant: what the caller does not name keeps its value on the control plane. A node that is not
running is registered as offline, so that no job is given to nobody.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from infernet_protocol import endpoints
from infernet_protocol.ipc import P2P_PORT
from infernet_tui import config
from infernet_tui.cli.account import Account
from infernet_tui.cli.output import Output
from infernet_tui.cli.running import node_snapshot
from infernet_tui.errors import NotFound, RequestFailed

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Details:
    """What the flags say; None leaves it as it is."""

    name: str | None = None
    gpu_model: str | None = None
    price: float | None = None
    address: str | None = None
    p2p_port: int | None = None
    no_advertise: bool = False
    no_advertise_interconnects: bool = False


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
    data = account.call(endpoints.REGISTER, **_body(account, details, before or {}))
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        raise RequestFailed(f"{account.url} registered the node but did not say its id.")
    remembered: dict[str, Any] = {"id": data["id"]}
    if details.name:
        remembered["name"] = details.name
    config.update({"node": remembered})
    row = account.row()
    document = {"id": data["id"], "node_id": data.get("node_id") or node.node_id, "row": row}
    output.show("register", document, lambda: _lines(output, account, document, row or {}))


def _body(account: Account, details: Details, before: dict[str, Any]) -> dict[str, Any]:
    node, snapshot = account.node, node_snapshot()
    body: dict[str, Any] = {
        "node_id": node.node_id,
        "name": details.name or node.name or node.node_id,
    }
    if node.role != "client":
        body |= _endpoint(account, details)
        if snapshot is None:
            body["status"] = "offline"
    if node.role == "provider":
        given = {"gpu_model": details.gpu_model, "price": details.price}
        kept = {key: before.get(key) for key, value in given.items() if value is None}
        body |= {key: value for key, value in (given | kept).items() if value is not None}
        body["specs"] = _specs(details, snapshot or {})
    return body


def _endpoint(account: Account, details: Details) -> dict[str, Any]:
    address = details.address or account.node.address
    if details.no_advertise or not address:
        return {}
    return {"address": address, "port": details.p2p_port or account.node.port or P2P_PORT}


def _specs(details: Details, snapshot: dict[str, Any]) -> dict[str, Any]:
    from infernet_tui.hardware.specs import collect_specs

    specs = collect_specs()
    if details.no_advertise_interconnects:
        specs.pop("interconnects", None)
    if models := snapshot.get("servedModels"):
        specs["served_models"] = models
    return specs


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
