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
from infernet_tui.config_reader import ConfigReader
from infernet_tui.errors import ConfigError

DEFAULT_CONTROL_PLANE_URL = "https://infernetprotocol.com"
"""What is suggested; nothing is contacted before it was agreed to."""
ROLES = ("provider", "aggregator", "client")
BACKENDS = ("llamacpp", "ollama", "openai", "vllm", "lmstudio", "sglang", "max", "mojo", "stub")
GLYPHS = ("auto", "block", "braille", "ascii")
MOUSE = ("auto", "off")
ON_QUIT = ("ask", "drain", "handover", "stop")
BELL = ("off", "on")
REDUCE_MOTION = ("auto", "on", "off")


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

    def to_section(self) -> dict[str, Any]:
        """The `node` section of `config.json`, its key in the clear."""
        return {
            "id": self.id,
            "nodeId": self.node_id,
            "role": self.role,
            "name": self.name,
            "publicKey": self.public_key,
            "privateKey": str(self.private_key),
            "address": self.address,
            "port": self.port,
        }


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
class TuiConfig:
    """`tui`: how the full-screen application looks and behaves."""

    theme: str = "dark"
    """Name of a theme file; whether there is such a file is for the application to say."""
    glyphs: str = "auto"
    """One of `GLYPHS`; `auto` goes by the terminal's encoding."""
    mouse: str = "auto"
    refresh_ms: int = 2000
    on_quit: str = "ask"
    """One of `ON_QUIT`: what becomes of a node that runs in the application and serves."""
    bell: str = "off"
    reduce_motion: str = "auto"
    """One of `REDUCE_MOTION`; `auto` is on over SSH."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Action id → the key that replaces its own."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything in `config.json`."""

    control_plane_url: str | None = None
    node: NodeConfig | None = None
    engine: EngineConfig = EngineConfig()
    tui: TuiConfig = TuiConfig()
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
    return _parse(_read(path), path)


def _read(path: Path) -> dict[str, Any]:
    """The file's keys, of whatever type they are; none if there is no file."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
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
    return _migrated(raw)


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

    Nested objects are merged key by key; a value of None for a whole section removes it. A wrong
    value on disk is no obstacle if `changes` put it right.

    Raises:
        ConfigError: the file is not JSON, or the result is wrong; nothing is written.
    """
    path = path or paths.config_file()
    merged = _merge(_read(path), changes)
    config = _parse(merged, path)
    write_atomically(path, json.dumps(merged, indent=2, ensure_ascii=False) + "\n", mode=0o600)
    return config


def checked(changes: Mapping[str, Any], raw: Mapping[str, Any]) -> Config:
    """What `update` would make of a file that holds `raw`; nothing is read or written.

    Raises:
        ConfigError: the result is wrong.
    """
    return _parse(_merge(dict(raw), changes), paths.config_file())


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
    read = ConfigReader(raw, path)
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
    return Config(url.rstrip("/") if url else None, node, engine, _parse_tui(read), raw)


def _parse_tui(read: ConfigReader) -> TuiConfig:
    default = TuiConfig()
    return TuiConfig(
        theme=read.text("tui", "theme") or default.theme,
        glyphs=read.choice("tui", "glyphs", GLYPHS) or default.glyphs,
        mouse=read.choice("tui", "mouse", MOUSE) or default.mouse,
        refresh_ms=read.integer("tui", "refresh_ms", 100, 60_000) or default.refresh_ms,
        on_quit=read.choice("tui", "on_quit", ON_QUIT) or default.on_quit,
        bell=read.choice("tui", "bell", BELL) or default.bell,
        reduce_motion=read.choice("tui", "reduce_motion", REDUCE_MOTION) or default.reduce_motion,
        keys=read.texts("tui", "keys"),
    )
