"""What a person calls other nodes, and whom they do not want to see: `aliases.json`, 0600.

It is about this person's screens alone: neither the node nor the network is told of it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from infernet_tui import config, paths
from infernet_tui.errors import ConfigError
from infernet_tui.text import marked

MAX_ALIAS_CHARS = 40


@dataclass(frozen=True, slots=True)
class Aliases:
    """Everything in the file, by public key."""

    names: Mapping[str, str] = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()

    def named(self, public_key: str, alias: str | None) -> "Aliases":
        """With another name for a node; None takes it away."""
        others = {key: name for key, name in self.names.items() if key != public_key}
        return replace(self, names=others | ({public_key: alias} if alias else {}))

    def blocking(self, public_key: str, is_blocked: bool) -> "Aliases":
        """With a node blocked, or not."""
        others = self.blocked - {public_key}
        return replace(self, blocked=others | {public_key} if is_blocked else others)

    def owner_of(self, alias: str) -> str | None:
        """Whom a person calls this already."""
        wanted = alias.casefold()
        return next((key for key, name in self.names.items() if name.casefold() == wanted), None)


def aliases_file() -> Path:
    """`aliases.json`."""
    return paths.config_dir() / "aliases.json"


def load() -> Aliases:
    """Read the file; nothing is named or blocked while there is none. Blocks.

    Raises:
        ConfigError: it cannot be read, or is of another shape. It is left as it is: somebody's
            names are in it.
    """
    return _parsed(_document())


def change(edit: Callable[[Aliases], Aliases]) -> Aliases:
    """Edit what is on disk *now*, and write it; keys of a newer version stay. Blocks.

    Raises:
        ConfigError: the file cannot be read or written.
    """
    found = _document()
    if not _is_ours(found):
        raise _unusable("holds more than names and public keys; changing it would lose that")
    edited = edit(_parsed(found))
    document = found | {"aliases": dict(edited.names), "blocked": sorted(edited.blocked)}
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    config.write_atomically(aliases_file(), text, mode=0o600)
    return edited


def problem_with(alias: str, public_key: str, known: Aliases) -> str | None:
    """Why a node cannot be called this."""
    if len(alias) > MAX_ALIAS_CHARS:
        return f"An alias has at most {MAX_ALIAS_CHARS} characters; this one has {len(alias)}."
    if marked(alias, MAX_ALIAS_CHARS) != alias:
        return "An alias holds no control or invisible characters."
    if known.owner_of(alias) not in (None, public_key):
        return "Another node has this alias already."
    return None


def _document() -> dict[str, Any]:
    """What the file says, known to be of the right shape."""
    path = aliases_file()
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _unusable(f"cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise _unusable("is not an object")
    names, blocked = found.get("aliases", {}), found.get("blocked", [])
    if not isinstance(names, dict) or not isinstance(blocked, list):
        raise _unusable("holds no object `aliases` and no list `blocked`")
    return found


def _is_ours(found: dict[str, Any]) -> bool:
    """Whether every entry is one that is understood."""
    entries = [*found.get("aliases", {}).values(), *found.get("blocked", [])]
    return all(isinstance(entry, str) for entry in entries)


def _unusable(why: str) -> ConfigError:
    path = aliases_file()
    return ConfigError(
        f"{path} {why}. No alias or block holds.",
        hint=f"repair the file, or move it away: {path}",
    )


def _parsed(found: dict[str, Any]) -> Aliases:
    names: dict[str, Any] = found.get("aliases", {})
    return Aliases(
        {
            key: marked(name, MAX_ALIAS_CHARS)
            for key, name in names.items()
            if isinstance(name, str) and name
        },
        frozenset(key for key in found.get("blocked", []) if isinstance(key, str)),
    )
