"""Our two hops as they run for real: a control plane under uvicorn, and the node's own process."""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from processes import body_of, process, uvicorn, wait_until

from infernet_protocol.keys import SecretKey
from infernet_tui.node.options import NodeOptions

CAPACITY = 128
"""Jobs the node runs at once: more than any row has streams."""
QUEUE_SECONDS = 600


@contextlib.contextmanager
def control_plane(folder: Path) -> Iterator[str]:
    """A control plane that stores durably in `folder`, without limits by address; its address."""
    env = {
        "INFERNET_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'infernet.db'}",
        "INFERNET_RATE_LIMITS": "false",
        "INFERNET_QUEUE_SECONDS": str(QUEUE_SECONDS),
    }
    options = ("--factory", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false")
    app = "infernet_server:create_app"
    with uvicorn(app, folder, *options, env=env, ready_path="/api/health") as url:
        yield url


@contextlib.contextmanager
def node(folder: Path, control_plane_url: str, engine_url: str, model: str) -> Iterator[None]:
    """The process that `infernet start` makes, in a home of its own; ready when it is listed."""
    home = folder / "node"
    write_config(home / "infernet", control_plane_url, engine_url, model)
    env = {"XDG_CONFIG_HOME": str(home), "HOME": str(home)}
    options = NodeOptions(no_p2p=True, no_advertise=True, no_healthz=True, capacity=CAPACITY)
    argv = [sys.executable, "-m", "infernet_tui.node"]
    log = folder / "node.log"
    with process(argv, log, env, stdin=options.to_json().encode()) as running:
        models = f"{control_plane_url}/v1/models"
        wait_until(lambda: model.encode() in body_of(models), running, log, "the node")
        yield


def write_config(folder: Path, control_plane_url: str, engine_url: str, model: str) -> None:
    """The `config.json` of a provider with an OpenAI-compatible engine."""
    key = SecretKey.generate()
    config = {
        "controlPlane": {"url": control_plane_url},
        "node": {
            "nodeId": f"provider-{key.public_hex[:8]}",
            "role": "provider",
            "name": "benchmark",
            "publicKey": key.public_hex,
            "privateKey": key.secret_hex,
        },
        "engine": {"backend": "openai", "ollamaHost": engine_url, "model": model},
    }
    folder.mkdir(parents=True, mode=0o700)
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    path.chmod(0o600)
