"""How to run this node, apart from what `config.json` says: flags and environment, read once."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from infernet_protocol.ipc import P2P_PORT
from infernet_tui.errors import ConfigError

HEALTHZ_PORT = 8080


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """One run of a node."""

    mode: Literal["background", "embedded", "up"] = "background"
    """Who runs the node: a process of its own, the terminal application, or `infernet up`."""
    no_p2p: bool = False
    """Do not listen for peers."""
    p2p_port: int = P2P_PORT
    """Port that is advertised to peers."""
    bind_port: int | None = None
    """Local port to listen on when it differs (a port mapping); 0 picks a free one."""
    no_advertise: bool = False
    """Outbound-only: never send an address or port."""
    no_advertise_interconnects: bool = False
    """Leave the fabric out of what is advertised."""
    public_address: str | None = None
    """Address to advertise; None takes `node.address` of the configuration."""
    proxy: str | None = None
    """`socks5://host:port`: every connection to the control plane goes through it, or fails."""
    once: bool = False
    """One heartbeat, one job poll, one command poll, then exit."""
    heartbeat_seconds: float = 30.0
    poll_seconds: float = 15.0
    """Pause between job polls on a server that cannot hold one open."""
    capacity: int | None = None
    """Jobs to run at once; None lets the engine's kind decide."""
    healthz_port: int = HEALTHZ_PORT
    """Port of /healthz; 0 picks a free one."""
    no_healthz: bool = False
    drain_seconds: float = 30.0
    """How long running jobs may still take after the node was told to stop."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "NodeOptions":
        """The defaults, with what the environment says (`wire.md` §10).

        Raises:
            ConfigError: a port is not a number from 0 to 65535.
        """
        return cls(
            p2p_port=_port(environ, "INFERNET_PUBLIC_PORT", "INFERNET_P2P_PORT") or P2P_PORT,
            bind_port=_port(environ, "INFERNET_BIND_PORT"),
            public_address=environ.get("INFERNET_PUBLIC_ADDRESS") or None,
            healthz_port=_port(environ, "PORT") or HEALTHZ_PORT,
            proxy=environ.get("INFERNET_PROXY") or None,
        )

    def told(self) -> dict[str, Any]:
        """What front ends may know of them: enough to see that a start without would differ."""
        return {
            "proxy_set": self.proxy is not None,
            "no_advertise": self.no_advertise,
            "no_advertise_interconnects": self.no_advertise_interconnects,
            "no_p2p": self.no_p2p,
            "address_set": self.public_address is not None,
            "p2p_port": self.p2p_port,
            "bind_port": self.bind_port,
            "capacity": self.capacity,
        }

    def to_json(self) -> str:
        """All options as one line, to hand to a child process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "NodeOptions":
        """The inverse of `to_json`; fields this version does not know are ignored."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in json.loads(text).items() if key in known})


def _port(environ: Mapping[str, str], *names: str) -> int | None:
    for name in names:
        if text := environ.get(name):
            if not text.isdecimal() or int(text) > 65535:
                raise ConfigError(f"{name} must be a port number, not {text!r}.")
            return int(text)
    return None
