"""The demo node's configuration: never the one of the person who looks at the demo."""

from collections.abc import Mapping
from typing import Any

from infernet_tui.config import Config


def demo_config(
    info: Mapping[str, Any], engine: Mapping[str, Any], tui: Mapping[str, Any]
) -> Config:
    """What `config.json` of the node behind `node.info` would hold; the key is made up too."""
    raw = {
        "controlPlane": {"url": info.get("control_plane_url")},
        "node": {
            "nodeId": info.get("node_id"),
            "role": info.get("role"),
            "name": info.get("name"),
            "publicKey": info.get("public_key"),
            "privateKey": "0" * 64,
            "port": info.get("p2p_port"),
        },
        "engine": dict(engine),
        "tui": dict(tui),
    }
    return Config(raw=raw)
