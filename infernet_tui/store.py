"""What the terminal application knows, and since when. Fed by the `Feed`; read by the screens.

The store is plain data: nothing here waits, and a screen can be drawn from it at any moment. It is
filled from the node's JSON alone, the same JSON that `infernet --json` prints.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from infernet_tui.views.hardware import HardwareView, HistoryView
from infernet_tui.views.job import JobBook, JobReader, JobView
from infernet_tui.views.model import ModelsView
from infernet_tui.views.money import EarningsView, PaymentView, PayoutView
from infernet_tui.views.node import NodeView
from infernet_tui.views.peer import PeersView
from infernet_tui.views.reader import Reader

Topic = str
NODE, HARDWARE, HISTORY, MODELS, JOBS = "node", "hardware", "history", "models", "jobs"
PEERS, PAYOUTS, PAYMENTS, EARNINGS, INFO = "peers", "payouts", "payments", "earnings", "info"
CONNECTION = "connection"
"""Whether a node answers; `Session.mode` says which one."""


class Store:
    """The newest answer about each topic."""

    def __init__(
        self, clock: Callable[[], float] = time.time, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self.clock = clock
        """Unix time, for ages of what the node said."""
        self.timer = timer
        """Monotonic time, for how old an answer is."""
        self.node: NodeView | None = None
        self.hardware: HardwareView | None = None
        self.history = HistoryView()
        self.models: ModelsView | None = None
        self.jobs = JobBook()
        self._job_reader = JobReader()
        self.peers: PeersView | None = None
        self.payouts: tuple[PayoutView, ...] | None = None
        self.payments: tuple[PaymentView, ...] | None = None
        self.earnings: EarningsView | None = None
        self.info: Mapping[str, Any] = {}
        self.connection_problem: str | None = None
        self.documents: dict[Topic, Any] = {}
        """The newest answers as they came, for copying as JSON."""
        self.problems: dict[Topic, str] = {}
        """Why the newest try of a topic failed."""
        self._fresh_at: dict[Topic, float] = {}

    def apply(self, topic: Topic, data: Any) -> None:
        """Take an answer in."""
        self.documents[topic] = data
        self.problems.pop(topic, None)
        self._fresh_at[topic] = self.timer()
        _APPLY[topic](self, data)

    def failed(self, topic: Topic, problem: str) -> None:
        """The newest try did not work; what is known stays."""
        self.problems[topic] = problem

    def age(self, topic: Topic) -> float | None:
        """Seconds since the last answer about a topic."""
        fresh_at = self._fresh_at.get(topic)
        return None if fresh_at is None else max(0.0, self.timer() - fresh_at)

    def is_stale(self, topic: Topic, interval: float) -> bool:
        """Whether the answer is older than three of its intervals."""
        age = self.age(topic)
        return age is not None and age > 3 * interval

    # --- one method a topic -----------------------------------------------------------------

    def _node(self, data: Any) -> None:
        before, self.node = self.node, NodeView.parse(data, self._job_reader)
        if before is not None and before.started_at != self.node.started_at:
            self.jobs.clear()  # a node numbers its jobs anew when it starts
        self.jobs.total = self.node.job_total
        self.jobs.add(self.node.jobs)

    def _hardware(self, data: Any) -> None:
        self.hardware = HardwareView.parse(data)

    def _history(self, data: Any) -> None:
        if isinstance(data, dict) and "at" in data:
            self.history.append(data)
        else:
            self.history = HistoryView(Reader(data).text("window") or "10m")
            self.history.load(data)

    def _models(self, data: Any) -> None:
        self.models = ModelsView.parse(data)

    def _jobs(self, data: Any) -> None:
        top = Reader(data)
        self.jobs.total = top.integer("total")
        self.jobs.add(JobView.parse(job.raw) for job in top.parts("jobs"))

    def _peers(self, data: Any) -> None:
        self.peers = PeersView.parse(data)

    def _payouts(self, data: Any) -> None:
        self.payouts = tuple(PayoutView.parse(row) for row in Reader(data).parts("payouts"))

    def _payments(self, data: Any) -> None:
        self.payments = tuple(PaymentView.parse(row) for row in Reader(data).parts("payments"))

    def _earnings(self, data: Any) -> None:
        self.earnings = EarningsView.parse(data)

    def _info(self, data: Any) -> None:
        self.info = data if isinstance(data, dict) else {}


_APPLY: Mapping[Topic, Callable[[Store, Any], None]] = {
    NODE: Store._node,
    HARDWARE: Store._hardware,
    HISTORY: Store._history,
    MODELS: Store._models,
    JOBS: Store._jobs,
    PEERS: Store._peers,
    PAYOUTS: Store._payouts,
    PAYMENTS: Store._payments,
    EARNINGS: Store._earnings,
    INFO: Store._info,
}
