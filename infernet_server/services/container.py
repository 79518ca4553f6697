"""Everything a request may use, built once when the application starts."""

from collections.abc import Callable
from dataclasses import dataclass

from infernet_server.services.authentication import Authenticator
from infernet_server.services.directory import NodeDirectory
from infernet_server.services.dispatch import Dispatcher
from infernet_server.services.jobs import JobService
from infernet_server.services.nodes import NodeService
from infernet_server.services.rate_limits import RateLimits
from infernet_server.settings import Settings
from infernet_server.storage.engine import Database


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases, and what they stand on."""

    settings: Settings
    database: Database
    directory: NodeDirectory
    dispatcher: Dispatcher
    jobs: JobService
    nodes: NodeService
    authenticator: Authenticator
    limits: RateLimits
    clock: Callable[[], float]
    """Unix seconds."""
    started_at: float
