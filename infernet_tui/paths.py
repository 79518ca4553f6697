"""Where Infernet keeps its files. Nothing here creates a directory; writers do."""

import os
from pathlib import Path


def config_dir() -> Path:
    """`$XDG_CONFIG_HOME/infernet`, or `~/.config/infernet`: 0700, the existing network's place."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "infernet"


def config_file() -> Path:
    """`config.json`, 0600."""
    return config_dir() / "config.json"


def pid_file() -> Path:
    """The running node's process id in decimal, 0600."""
    return config_dir() / "daemon.pid"


def lock_file() -> Path:
    """Locked by the running node, 0600; there only while one runs."""
    return config_dir() / "daemon.lock"


def socket_file() -> Path:
    """The running node's Unix socket, 0600."""
    return config_dir() / "daemon.sock"


def log_file() -> Path:
    """The detached node's log, 0644."""
    return config_dir() / "daemon.log"


def models_dir() -> Path:
    """GGUF files that `infernet model pull` fetched; `INFERNET_MODELS_DIR` moves them."""
    override = os.environ.get("INFERNET_MODELS_DIR")
    return Path(override) if override else config_dir() / "models"


def server_dir() -> Path:
    """The control plane's data when `infernet up` runs one."""
    return config_dir() / "server"
