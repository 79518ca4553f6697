"""The keys of `config.json` that people see and set: what each means, where its value comes from.

What a value may be is checked by `config.update`, which names file, key and choices; what is here
is for showing, completing and turning typed text into a value.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infernet_tui import config
from infernet_tui.config import Config, TuiConfig
from infernet_tui.errors import UsageError
from infernet_tui.spelling import edit_distance

REDACTED = "[redacted]"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key."""

    key: str
    """`section.name`, as in the file."""
    about: str
    """What it is for, in one sentence."""
    kind: type[str] | type[int] | type[dict[str, str]] = str
    choices: tuple[str, ...] = ()
    """Every word it may be, where there are only a few."""
    variable: str | None = None
    """Environment variable that counts while the file has no value."""
    default: str | int | None = None
    is_secret: bool = False
    managed_by: str | None = None
    """What writes it, when `config set` must not."""

    @property
    def section(self) -> str:
        """The object of the file that it is in."""
        return self.key.split(".")[0]

    @property
    def name(self) -> str:
        """Its key within that object."""
        return self.key.split(".")[1]

    def in_file(self, raw: Mapping[str, Any]) -> Any:
        """The value in the file, or None."""
        found = raw.get(self.section)
        value = found.get(self.name) if isinstance(found, Mapping) else None
        if isinstance(value, Mapping):
            return {name: each for name, each in value.items() if each is not None}
        return value

    def resolve(self, raw: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[Any, str]:
        """The value that counts, and its origin: `config`, `environment NAME` or `default`."""
        value = self.in_file(raw)
        if value is not None:
            return (REDACTED if self.is_secret else value), "config"
        if self.variable and environ.get(self.variable):
            return environ[self.variable], f"environment {self.variable}"
        return self.default, "default"

    def parse(self, text: str) -> str | int | None:
        """The value of a word; an empty one is None.

        Raises:
            UsageError: it is not a whole number where one is needed.
        """
        if not text:
            return None
        if self.kind is int:
            if not text.isdecimal():
                raise UsageError(
                    f"`{self.key}` must be a whole number, not “{text}”.",
                    hint=f"infernet config set {self.key} {self.default or '<number>'}",
                )
            return int(text)
        return text


_IDENTITY = "infernet init --force"
_LOGIN = "infernet login"
_TUI = TuiConfig()
SETTINGS = (
    Setting("controlPlane.url", "The control plane that this node serves and prompts go through."),
    Setting(
        "node.nodeId",
        "This node's name to programs: its role and eight hex digits.",
        managed_by=_IDENTITY,
    ),
    Setting(
        "node.id",
        "The id of this node's row on the control plane.",
        managed_by="infernet register",
    ),
    Setting(
        "node.role",
        "What this machine is to the network.",
        choices=config.ROLES,
        managed_by=_IDENTITY,
    ),
    Setting("node.name", "The name that people see."),
    Setting(
        "node.publicKey",
        "The Nostr public key that others know this node by.",
        managed_by=_IDENTITY,
    ),
    Setting(
        "node.privateKey",
        "The key this node signs with; it never leaves this machine.",
        is_secret=True,
        managed_by=_IDENTITY,
    ),
    Setting(
        "node.address", "Public address that peers reach; without one, the node only dials out."
    ),
    Setting("node.port", "Port of that address.", int),
    Setting(
        "engine.backend",
        "The program that runs models; without one, what is found is used.",
        choices=config.BACKENDS,
        variable="INFERNET_ENGINE_BACKEND",
    ),
    Setting(
        "engine.ollamaHost", "Address of the engine, where it is a server.", variable="OLLAMA_HOST"
    ),
    Setting(
        "engine.model",
        "The model that is served unless a job names another.",
        variable="INFERNET_ENGINE_MODEL",
    ),
    Setting(
        "engine.ollama_num_thread",
        "Processor threads that the engine uses; half of them if unset.",
        int,
        variable="OLLAMA_NUM_THREAD",
    ),
    Setting("auth.email", "The account that is signed in on the control plane.", managed_by=_LOGIN),
    Setting("auth.bearerToken", "The token of that account.", is_secret=True, managed_by=_LOGIN),
    Setting(
        "tui.theme",
        "Colours of the full-screen application: one of ours or a file of your own.",
        default=_TUI.theme,
    ),
    Setting(
        "tui.glyphs",
        "What bars and graphs are drawn with; auto goes by the terminal's encoding.",
        choices=config.GLYPHS,
        default=_TUI.glyphs,
    ),
    Setting(
        "tui.mouse",
        "Whether clicks and the wheel do something; off leaves the mouse to the terminal.",
        choices=config.MOUSE,
        default=_TUI.mouse,
    ),
    Setting(
        "tui.refresh_ms",
        "Milliseconds between two looks at the hardware.",
        int,
        default=_TUI.refresh_ms,
    ),
    Setting(
        "tui.on_quit",
        "What becomes of a node that runs in the application and serves when you quit.",
        choices=config.ON_QUIT,
        default=_TUI.on_quit,
    ),
    Setting(
        "tui.bell",
        "Whether warnings and errors also ring the terminal's bell.",
        choices=config.BELL,
        default=_TUI.bell,
    ),
    Setting(
        "tui.reduce_motion",
        "Whether nothing moves but figures; auto is on over SSH.",
        choices=config.REDUCE_MOTION,
        default=_TUI.reduce_motion,
    ),
    Setting(
        "tui.keys",
        "Keys that replace the application's own, by action.",
        dict,
        managed_by="infernet tui (Settings, K)",
    ),
)


def typed_value(wanted: Setting, text: str) -> str | int | None:
    """The value that typed text means for a setting that is set by hand.

    Raises:
        UsageError: something else writes this setting, or it is not the right kind of value.
        ConfigError: it is no URL where one is needed.
    """
    if wanted.managed_by:
        raise UsageError(
            f"`{wanted.key}` is not set by hand: {wanted.managed_by} writes it.",
            hint=wanted.managed_by,
        )
    value = wanted.parse(text)
    if wanted.key == "controlPlane.url" and isinstance(value, str):
        from infernet_tui.control_plane import ServerAddress

        ServerAddress.parse(value)
        value = value.rstrip("/")
    return value


def value_of(wanted: Setting, text: str, found: Config) -> str | int | None:
    """The value that typed text means, if the configuration is right with it.

    Raises:
        UsageError: something else writes this setting, or it is not the right kind of value.
        ConfigError: it is not allowed.
    """
    value = typed_value(wanted, text)
    if wanted.section == "node":
        found.require_node()  # a name without a key would look like an identity
    config.checked({wanted.section: {wanted.name: value}}, found.raw)
    return value


def setting(key: str) -> Setting:
    """The setting called `key`, in any case.

    Raises:
        UsageError: there is none; the hint names the nearest.
    """
    for each in SETTINGS:
        if each.key.lower() == key.lower():
            return each
    near = min(SETTINGS, key=lambda each: edit_distance(key.lower(), each.key.lower()))
    raise UsageError(f"There is no setting `{key}`.", hint=f"did you mean {near.key}?")


def resolved(found: Config, environ: Mapping[str, str] = os.environ) -> dict[str, tuple[Any, str]]:
    """Key → (value, origin) of every setting."""
    return {each.key: each.resolve(found.raw, environ) for each in SETTINGS}


def nested(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """`section.name` keys as objects, like the file."""
    sections: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        section, name = key.split(".")
        sections.setdefault(section, {})[name] = value
    return sections
