"""The keys of `config.json` that people see and set, and where each value comes from."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infernet_tui.cli.routing import edit_distance
from infernet_tui.config import Config
from infernet_tui.errors import UsageError

REDACTED = "[redacted]"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key."""

    key: str
    """`section.name`, as in the file."""
    kind: type[str] | type[int] = str
    variable: str | None = None
    """Environment variable that counts while the file has no value."""
    default: str | int | None = None
    is_secret: bool = False
    managed_by: str | None = None
    """The command that writes it, when `config set` must not."""

    def in_file(self, raw: Mapping[str, Any]) -> Any:
        """The value in the file, or None."""
        section, name = self.key.split(".")
        found = raw.get(section)
        return found.get(name) if isinstance(found, Mapping) else None

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
                    hint=f"infernet config set {self.key} <number>",
                )
            return int(text)
        return text


_IDENTITY = "infernet init --force"
SETTINGS = (
    Setting("controlPlane.url"),
    Setting("node.nodeId", managed_by=_IDENTITY),
    Setting("node.id", managed_by="infernet register"),
    Setting("node.role", managed_by=_IDENTITY),
    Setting("node.name"),
    Setting("node.publicKey", managed_by=_IDENTITY),
    Setting("node.privateKey", is_secret=True, managed_by=_IDENTITY),
    Setting("node.address"),
    Setting("node.port", int),
    Setting("engine.backend", variable="INFERNET_ENGINE_BACKEND"),
    Setting("engine.ollamaHost", variable="OLLAMA_HOST"),
    Setting("engine.model", variable="INFERNET_ENGINE_MODEL"),
    Setting("engine.ollama_num_thread", int, variable="OLLAMA_NUM_THREAD"),
    Setting("auth.email", managed_by="infernet login"),
    Setting("auth.bearerToken", is_secret=True, managed_by="infernet login"),
)


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
