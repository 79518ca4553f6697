"""The providers of the network, in memory: who is there, what they serve, how they have done.

Every change ends with the node refreshed, so that matching only reads; the candidates for a model
come from an index, not from a scan.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from infernet_server.matching import interconnects, reputation, scoring
from infernet_server.matching.decision import Candidates
from infernet_server.matching.load import reported_load
from infernet_server.matching.node import Node
from infernet_server.matching.pool import NodePool
from infernet_server.matching.reputation import Reputation
from infernet_server.services.specs import MAX_MODELS

LISTED_SECONDS = 600.0
"""How long after its last word a node is shown as a peer, and its models as served."""
MAX_MODEL_CHARS = 256


class NodeDirectory:
    """Every registered provider by id and by model."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._nodes: dict[str, Node] = {}
        self._everyone = NodePool()
        self._by_model: dict[str, NodePool] = {}
        self._reputations_to_store: set[str] = set()
        self._forgiving_until = 0.0

    # --- what nodes say of themselves ---------------------------------------------------------

    def upsert(self, row: Mapping[str, Any]) -> None:
        """Take over a provider's row: at start, and whenever it registers."""
        node = self._nodes.get(row["id"])
        if node is None:
            start = Reputation(row["reputation"])
            node = Node(row["id"], row["node_id"], row["public_key"], reputation=start)
            self._nodes[node.provider_id] = node
            self._everyone.add(node)
        node.node_id = row["node_id"]
        node.name = row["name"]
        node.gpu_model = row["gpu_model"]
        node.address, node.port = row["address"], row["port"]
        node.price = row["price_micros"] / 1e6
        node.is_public = bool(row["is_public"])
        node.is_available = row["status"] == "available"
        node.is_draining = False
        node.seen_at = max(node.seen_at, row["last_seen"] / 1e6)
        self._describe(node, row["specs"] or {})
        node.refresh()

    def _describe(self, node: Node, specs: Mapping[str, Any]) -> None:
        node.specs = specs
        node.continued_models = frozenset(_models(specs.get("prefill_models")))
        node.fabric = interconnects.advertised(specs)
        node.claimed_speed = scoring.claimed_speed(specs)
        models = _models(specs.get("served_models"))
        if models != node.models:
            self._unindex(node)
            node.models = models
            for model in models:
                self._by_model.setdefault(model, NodePool()).add(node)

    def _unindex(self, node: Node) -> None:
        for model in node.models:
            serving = self._by_model[model]
            serving.remove(node)
            if not serving.nodes:
                del self._by_model[model]

    def remove(self, provider_id: str) -> None:
        """Forget a provider."""
        if node := self._nodes.pop(provider_id, None):
            self._everyone.remove(node)
            self._unindex(node)
        self._reputations_to_store.discard(provider_id)

    def heartbeat(
        self,
        provider_id: str,
        status: str,
        specs: Mapping[str, Any] | None,
        now: float,
        *,
        address: str | None = None,
        port: int | None = None,
    ) -> None:
        """Note that a node is there, and how busy it says it is; `specs` replaces what it said."""
        node = self._nodes.get(provider_id)
        if node is None:
            return
        node.seen_at = now
        node.is_disconnected = False
        node.is_available = status == "available"
        node.address, node.port = address or node.address, port or node.port
        if specs is not None:
            self._describe(node, specs)
            node.load = reported_load(specs)
            # Its count includes our jobs: only what is beyond them is added to our own count,
            # which is always newer.
            node.other_jobs = max(0, node.load.active_jobs - node.own_jobs)
        node.refresh()

    def channel_opened(self, provider_id: str) -> None:
        """A node on the channel is there until the channel closes."""
        if node := self._nodes.get(provider_id):
            node.is_connected = node.is_available = True
            node.is_disconnected = node.is_draining = False
            node.seen_at = self._clock()
            node.refresh()

    def channel_closed(self, provider_id: str) -> None:
        """No new jobs for this node until it is heard of again."""
        if node := self._nodes.get(provider_id):
            node.is_connected = False
            node.is_disconnected = True
            node.seen_at = self._clock()
            node.refresh()

    def drain(self, provider_id: str) -> None:
        """No new jobs for this node until it registers or connects again."""
        if node := self._nodes.get(provider_id):
            node.is_draining = True
            node.refresh()

    def set_payout_coins(self, provider_id: str, coins: Iterable[str]) -> None:
        """Note in which coins a node can be paid."""
        if node := self._nodes.get(provider_id):
            node.payout_coins = frozenset(coin.upper() for coin in coins)

    # --- what nodes do ------------------------------------------------------------------------

    def job_started(self, provider_id: str) -> None:
        """A node got a job."""
        if node := self._nodes.get(provider_id):
            node.own_jobs += 1
            node.breaker.started(self._clock())
            node.refresh()

    def job_finished(
        self, provider_id: str, outcome: str, tokens_per_second: float | None = None
    ) -> None:
        """A node's job ended: `completed`, `failed`, `lost`, or `released` (nobody's fault)."""
        node = self._nodes.get(provider_id)
        if node is None:
            return
        node.own_jobs = max(0, node.own_jobs - 1)
        if not node.own_jobs and not node.other_jobs:
            # What kept its GPU busy were our jobs: it has room again before its next heartbeat.
            node.load = node.load.idle()
        if tokens_per_second is not None:
            node.measured_speed = scoring.updated_speed(node.measured_speed, tokens_per_second)
        self._judge(node, outcome, tokens_per_second)
        node.refresh()

    def _judge(self, node: Node, outcome: str, tokens_per_second: float | None) -> None:
        now = self._clock()
        is_completed = outcome == "completed"
        if outcome == "released" or (not is_completed and now < self._forgiving_until):
            node.breaker.released(now)
            return
        node.breaker.finished(completed=is_completed, now=now)
        is_slow = tokens_per_second is not None and tokens_per_second < node.claimed_speed / 2
        completed = reputation.COMPLETED_SLOWLY if is_slow else reputation.COMPLETED
        node.reputation.add(completed if is_completed else reputation.FAILED)
        self._reputations_to_store.add(node.provider_id)

    def forgive_until(self, moment: float) -> None:
        """Failures until then are this control plane's own trouble and count against nobody."""
        self._forgiving_until = max(self._forgiving_until, moment)

    def take_reputation_changes(self) -> list[dict[str, Any]]:
        """Reputations that changed since the last call, for `storage.nodes.set_reputation`."""
        changed, self._reputations_to_store = self._reputations_to_store, set()
        return [
            {"b_id": provider_id, "b_reputation": self._nodes[provider_id].reputation.value}
            for provider_id in sorted(changed)
        ]

    # --- who is there -------------------------------------------------------------------------

    def candidates(self, model: str | None) -> Candidates:
        """The nodes that serve a model (None: all), and all nodes."""
        everyone = self._everyone.nodes
        if model is None:
            return Candidates(everyone, everyone)
        serving = self._by_model.get(model)
        return Candidates(serving.nodes if serving else (), everyone)

    def by_provider_id(self, provider_id: str) -> Node | None:
        """One provider."""
        return self._nodes.get(provider_id)

    def listed(self, now: float) -> list[Node]:
        """Public nodes that are there now, the one heard of last first."""
        everyone = self._everyone.nodes
        live = (node for node in everyone if node.is_public and node.is_live(now, LISTED_SECONDS))
        return sorted(live, key=lambda node: node.seen_at, reverse=True)

    def served_models(self, now: float) -> list[str]:
        """Names of the models that public nodes serve now, sorted."""
        return sorted(self.served_model_counts(now))

    def served_model_counts(self, now: float) -> Counter[str]:
        """How many public nodes serve each model now."""
        return Counter(model for node in self.listed(now) for model in node.models)


def _models(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    names = (name for name in value if isinstance(name, str) and 0 < len(name) <= MAX_MODEL_CHARS)
    return tuple(dict.fromkeys(names))[:MAX_MODELS]
