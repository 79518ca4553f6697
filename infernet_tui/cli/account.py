"""This machine's identity on its control plane, for commands that make a few signed calls."""

from dataclasses import dataclass
from typing import Any

from infernet_protocol import endpoints
from infernet_protocol.keys import SecretKey
from infernet_tui import config, identity
from infernet_tui.cli.output import Output
from infernet_tui.config import NodeConfig
from infernet_tui.control_plane import call_once
from infernet_tui.errors import NotFound, Refused

DEFAULT_TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls, and whom."""

    url: str
    node: NodeConfig
    key: SecretKey
    timeout_seconds: float

    @classmethod
    def open(cls, output: Output) -> "Account":
        """Read `config.json`.

        Raises:
            ConfigError: there is no configuration, identity or control plane.
        """
        found = config.load_existing()
        node, url = found.require_node(), found.require_control_plane()
        seconds = output.timeout_seconds or DEFAULT_TIMEOUT_SECONDS
        return cls(url, node, identity.secret_key(found), seconds)

    def call(self, path: str, **fields: Any) -> Any:
        """POST a signed request with this node's role; the answer's `data`.

        Raises:
            ControlPlaneError, TimedOut: it did not work; the hint says what to do.
        """
        body = {"role": self.node.role, **fields}
        try:
            return call_once(self.url, self.key, path, body, timeout_seconds=self.timeout_seconds)
        except NotFound as error:
            raise NotFound(error.message, hint=error.hint or "infernet register") from None
        except Refused as error:
            hint = error.hint or "infernet doctor"
            raise Refused(error.message, hint=hint) from None

    def row(self) -> dict[str, Any] | None:
        """This node's row, or None while it is not registered."""
        data = self.call(endpoints.ME)
        row = data.get("row") if isinstance(data, dict) else None
        return row if isinstance(row, dict) else None
