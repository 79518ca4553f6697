"""Who may have a job, and the one reason why somebody may not.

Reasons that last come first: a node is called busy only when being busy is all that is in its way.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from infernet_server.matching import interconnects
from infernet_server.matching.interconnects import NO_FABRIC, Fabric
from infernet_server.matching.needs import JobNeeds
from infernet_server.matching.node import Node

RECONNECT_SECONDS = 10.0
"""How long a node whose channel broke is worth waiting for."""
COOLDOWN_WORTH_WAITING_SECONDS = 30.0


class Reason(StrEnum):
    """Why a node does not get a job."""

    OFFLINE = "offline or draining"
    NOT_SEEN = "not seen for 2 minutes"
    OTHER_MODELS = "does not serve the model"
    EXCLUDED = "failed or lost this job before"
    INTERCONNECTS = "lacks the interconnects that the job requires"
    CANNOT_CONTINUE = "cannot go on in the middle of an answer"
    PRICE = "costs more than the job pays"
    PAYOUT_COIN = "takes no payment in the job's coin"
    DISCONNECTED = "its connection broke"
    FAILING = "out after repeated failures"
    BUSY = "busy"


Demand = tuple[Reason, Callable[[Iterable[Node]], list[Node]]]
"""Something this job asks for, with the filter that keeps the nodes which have it. Filters take
many nodes at a time: one call for each of ten thousand would cost more than the rest of the match.
"""


def demands(needs: JobNeeds) -> list[Demand]:
    """What this job asks for beyond its model; for most jobs, nothing."""
    found: list[Demand] = []
    if excluded := needs.excluded:
        found.append((Reason.EXCLUDED, lambda ns: [n for n in ns if n.provider_id not in excluded]))
    if needs.continues:
        model = needs.model
        found.append((Reason.CANNOT_CONTINUE, lambda ns: _continuing(ns, model)))
    if (fabric := interconnects.required(needs.interconnects)) is not NO_FABRIC:
        found.append((Reason.INTERCONNECTS, lambda ns: _with_fabric(ns, fabric)))
    if (cap := needs.price_cap) is not None:
        found.append((Reason.PRICE, lambda ns: [n for n in ns if n.price <= cap]))
        if coin := (needs.payment_coin or "").upper():
            found.append((Reason.PAYOUT_COIN, lambda ns: _paid_in(ns, coin)))
    return found


def _continuing(nodes: Iterable[Node], model: str | None) -> list[Node]:
    # Only the channel carries the beginning of the answer.
    return [n for n in nodes if n.is_connected and model in n.continued_models]


def _with_fabric(nodes: Iterable[Node], fabric: Fabric) -> list[Node]:
    return [n for n in nodes if n.fabric is not NO_FABRIC and fabric.is_met_by(n.fabric)]


def _paid_in(nodes: Iterable[Node], coin: str) -> list[Node]:
    return [n for n in nodes if not n.payout_coins or coin in n.payout_coins]


def is_anybody_there(nodes: Iterable[Node], now: float) -> bool:
    """Whether any node is available and heard of, whatever it serves."""
    return any(n.is_available and now < n.open_until for n in nodes)


def suited(nodes: Iterable[Node], demanded: Sequence[Demand], now: float) -> list[Node]:
    """The nodes that are there and have all that the job asks for; some may be busy just now."""
    found = [n for n in nodes if n.is_taking and now < n.open_until]
    for _, keep in demanded:
        found = keep(found)
    return found


def free(nodes: Iterable[Node], now: float) -> list[Node]:
    """Those of the suited nodes that can have the job at once."""
    return [node for node in nodes if node.open_from <= now]


def rejection(node: Node, demanded: Sequence[Demand], now: float) -> Reason | None:
    """Why a node that serves the model may not have the job now; None when it may."""
    if not node.is_taking:
        return Reason.OFFLINE
    if now >= node.open_until:
        return Reason.NOT_SEEN
    for reason, keep in demanded:
        if not keep((node,)):
            return reason
    if node.is_disconnected:
        return Reason.DISCONNECTED
    if now < node.breaker.opens_at:
        return Reason.FAILING
    if node.is_saturated:
        return Reason.BUSY
    return None


def is_soon_free(node: Node, now: float) -> bool:
    """Whether what is in a suited node's way may be over soon."""
    is_back = not node.is_disconnected or now - node.seen_at <= RECONNECT_SECONDS
    opens_at = node.breaker.opens_at
    is_trusted = node.breaker.is_probing or opens_at <= now + COOLDOWN_WORTH_WAITING_SECONDS
    return is_back and is_trusted
