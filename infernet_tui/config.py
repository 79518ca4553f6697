"""`config.json`: the existing network's shape, read once into a frozen model (`wire.md` §8).

The file is written atomically (temporary file, fsync, rename) with mode 0600, two-space JSON and a
final line feed; keys this version does not know are kept. A crash at any moment leaves the old
file or the new one, never a part of one.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infernet_tui import paths
from infernet_tui.errors import ConfigError

ROLES = ("provider", "aggregator", "client")
BACKENDS = ("llamacpp", "ollama", "openai", "vllm", "lmstudio", "sglang", "max", "mojo", "stub")


class Secret(str):
    """Text that must not be shown: its `repr` is redacted."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(…)" if self else "Secret('')"


NO_SECRET = Secret("")


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """`node`: this machine's identity on the network."""

    node_id: str
    """`<role>-<8 hex>`, chosen here, unique on a control plane."""
    role: str = "provider"
    name: str = ""
    public_key: str = ""
    private_key: Secret = NO_SECRET
    id: str | None = None
    """UUID of this node's row on the control plane, once registered."""
    address: str | None = None
    """Public address to advertise; None advertises nothing (outbound-only)."""
    port: int | None = None


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """`engine`: what answers prompts on this machine."""

    backend: str | None = None
    """One of `BACKENDS`; None picks one."""
    host: str | None = None
    """Base URL of the engine (`engine.ollamaHost` in the file, for every backend)."""
    model: str | None = None
    """The default model."""
    num_thread: int | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """Everything in `config.json`."""

    control_plane_url: str | None = None
    node: NodeConfig | None = None
    engine: EngineConfig = EngineConfig()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The file as read, with the keys this version does not know."""

    def require_node(self) -> NodeConfig:
        """The identity.

        Raises:
            ConfigError: there is none yet.
        """
        if self.node is None or not self.node.private_key:
            raise ConfigError(
                f"No infernet identity in {paths.config_file()}.", hint="infernet init"
            )
        return self.node

    def require_control_plane(self) -> str:
        """The control plane's base URL without a trailing slash.

        Raises:
            ConfigError: none is set.
        """
        if not self.control_plane_url:
            raise ConfigError(
                f"No control plane is set in {paths.config_file()}.",
                hint="infernet init --url https://your-control-plane.example",
            )
        return self.control_plane_url


def load(path: Path | None = None) -> Config:
    """Read `config.json`; a missing file is an empty configuration.

    Raises:
        ConfigError: not JSON, or a value of the wrong type (named with its key).
    """
    path = path or paths.config_file()
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read {path}: {error}") from None
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise ConfigError(
            f"{path} is not valid JSON: {error}",
            hint=f"repair the file, or move it away and run `infernet init`: {path}",
        ) from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path} must hold one JSON object.")
    return _parse(_migrated(raw), path)


def load_existing(path: Path | None = None) -> Config:
    """Read `config.json`, which must be there.

    Raises:
        ConfigError: there is no file, or it is wrong.
    """
    path = path or paths.config_file()
    if not path.exists():
        raise ConfigError(f"No infernet config found at {path}.", hint="infernet init")
    return load(path)


def update(changes: Mapping[str, Any], path: Path | None = None) -> Config:
    """Merge `changes` (in the file's own shape) into what is on disk *now*, and write it.

    Nested objects are merged key by key; a value of None for a whole section removes it.

    Raises:
        ConfigError: the file on disk or the result is wrong; nothing is written.
    """
    path = path or paths.config_file()
    merged = _merge(dict(load(path).raw), changes)
    config = _parse(merged, path)
    write_atomically(path, json.dumps(merged, indent=2, ensure_ascii=False) + "\n", mode=0o600)
    return config


def write_atomically(path: Path, text: str, *, mode: int) -> None:
    """Replace `path` by `text`, all of it or nothing.

    Raises:
        ConfigError: the folder cannot be made or written (full disk, no permission).
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _fsync_dir(path.parent)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise ConfigError(
            f"Cannot write {path}: {error.strerror or error}. The old file is untouched.",
            hint=f"free some space or check the permissions of {path.parent}",
        ) from None


def _fsync_dir(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _migrated(raw: dict[str, Any]) -> dict[str, Any]:
    """The reference's legacy `supabase.url` became `controlPlane.url`."""
    legacy = raw.get("supabase")
    if not isinstance(legacy, dict):
        return raw
    rest = {key: value for key, value in raw.items() if key != "supabase"}
    if "controlPlane" not in rest and isinstance(legacy.get("url"), str):
        rest["controlPlane"] = {"url": legacy["url"]}
    return rest


def _merge(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in changes.items():
        if isinstance(value, Mapping):
            old = base.get(key)
            base[key] = _merge(dict(old) if isinstance(old, dict) else {}, value)
        elif value is None and isinstance(base.get(key), dict):
            del base[key]
        else:
            base[key] = value
    return base


def _parse(raw: dict[str, Any], path: Path) -> Config:
    read = _Reader(raw, path)
    url = read.text("controlPlane", "url")
    node = None
    if raw.get("node") is not None:
        node = NodeConfig(
            node_id=read.text("node", "nodeId") or "",
            role=read.choice("node", "role", ROLES) or "provider",
            name=read.text("node", "name") or "",
            public_key=read.text("node", "publicKey") or "",
            private_key=Secret(read.text("node", "privateKey") or ""),
            id=read.text("node", "id"),
            address=read.text("node", "address"),
            port=read.integer("node", "port", 1, 65535),
        )
    engine = EngineConfig(
        backend=read.choice("engine", "backend", BACKENDS),
        host=read.text("engine", "ollamaHost"),
        model=read.text("engine", "model"),
        num_thread=read.integer("engine", "ollama_num_thread", 1, 4096),
    )
    return Config(url.rstrip("/") if url else None, node, engine, raw)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Typed look-ups that name the file and the key when a value is wrong."""

    raw: Mapping[str, Any]
    path: Path

    def text(self, section: str, key: str) -> str | None:
        value = self._value(section, key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(section, key, "text")
        return value

    def integer(self, section: str, key: str, low: int, high: int) -> int | None:
        value = self._value(section, key)
        if value is not None and (type(value) is not int or not low <= value <= high):
            raise self._wrong(section, key, f"a whole number from {low} to {high}")
        return value

    def choice(self, section: str, key: str, allowed: tuple[str, ...]) -> str | None:
        value = self.text(section, key)
        if value is not None and value not in allowed:
            raise self._wrong(section, key, "one of " + ", ".join(allowed))
        return value

    def _value(self, section: str, key: str) -> Any:
        found = self.raw.get(section)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise ConfigError(f"{self.path}: `{section}` must be an object.")
        return found.get(key)

    def _wrong(self, section: str, key: str, expected: str) -> ConfigError:
        return ConfigError(
            f"{self.path}: `{section}.{key}` must be {expected}.",
            hint=f"infernet config set {section}.{key} <value>",
        )
