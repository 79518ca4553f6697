"""The node as a whole: the snapshot of `status` and `subscribe`."""

from dataclasses import dataclass
from typing import Literal

from infernet_tui.views.job import JobReader, JobView
from infernet_tui.views.reader import Reader

StateWord = Literal["SERVING", "CONNECTING", "DRAINING", "OFFLINE"]


@dataclass(frozen=True, slots=True)
class NodeView:
    """One snapshot. Times are Unix seconds."""

    pid: int | None
    started_at: float | None
    name: str
    node_id: str
    role: str
    control_plane_url: str
    connection: str
    """channel, polling or offline."""
    is_draining: bool
    mode: str | None
    """Who runs it: background, embedded or up; None on another implementation's node."""
    version: str | None
    engine: str | None
    model: str | None
    served_models: tuple[str, ...]
    capacity: int | None
    active_jobs: int
    jobs_picked: int
    jobs_completed: int
    jobs_failed: int
    jobs_cancelled: int
    job_total: int | None
    tokens_per_second: float | None
    first_token_p50_ms: int | None
    latency_ms: int | None
    heartbeat_at: float | None
    heartbeat_error: str | None
    p2p_port: int | None
    """None while it does not listen."""
    jobs: tuple[JobView, ...]
    """The newest ones, newest first."""

    @classmethod
    def parse(cls, raw: object, jobs: JobReader | None = None) -> "NodeView":
        """Read a snapshot; with the reader of the last one, only what changed of its jobs."""
        top, node = Reader(raw), Reader(raw).part("node")
        stats, p2p = top.part("stats"), top.part("p2p")
        node_id = node.text("nodeId") or ""
        return cls(
            pid=top.integer("pid"),
            started_at=top.time("startedAt"),
            name=node.text("name") or node_id or "this node",
            node_id=node_id,
            role=node.text("role") or "provider",
            control_plane_url=top.text("controlPlaneUrl") or "",
            connection=top.text("connection") or ("offline" if _failed(stats) else "polling"),
            is_draining=bool(top.flag("isDraining")),
            mode=top.text("mode"),
            version=top.text("version"),
            engine=top.text("engine"),
            model=top.text("model"),
            served_models=top.texts("servedModels"),
            capacity=top.integer("capacity"),
            active_jobs=stats.integer("activeJobs") or 0,
            jobs_picked=stats.integer("jobsPicked") or 0,
            jobs_completed=stats.integer("jobsCompleted") or 0,
            jobs_failed=stats.integer("jobsFailed") or 0,
            jobs_cancelled=top.integer("jobsCancelled") or 0,
            job_total=top.integer("jobTotal"),
            tokens_per_second=top.number("tokensPerSecond"),
            first_token_p50_ms=top.integer("firstTokenP50Ms"),
            latency_ms=top.integer("controlPlaneLatencyMs"),
            heartbeat_at=stats.time("lastHeartbeatAt"),
            heartbeat_error=stats.text("lastHeartbeatError"),
            p2p_port=p2p.integer("port") if p2p.flag("enabled") else None,
            jobs=(jobs or JobReader()).read(top.parts("jobs")),
        )

    @property
    def state(self) -> StateWord:
        """The one word that says how it is."""
        if self.is_draining:
            return "DRAINING"
        if self.connection == "offline":
            return "OFFLINE" if self.heartbeat_error else "CONNECTING"
        return "SERVING"


def _failed(stats: Reader) -> bool:
    return stats.text("lastHeartbeatError") is not None
