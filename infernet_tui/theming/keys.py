"""The words of a theme file: its keys, and the roles that our lines are drawn in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal[
    "text",
    "muted",
    "title",
    "frame",
    "frame_focus",
    "ok",
    "warn",
    "error",
    "info",
    "accent",
    "graph",
    "key",
    "header",
    "tab",
    "tab_active",
    "cursor",
    "selected",
    "stale",
    "live",
]
"""What a piece of text is, not how it looks."""

REQUIRED_COLOURS: Mapping[str, str] = {
    "background": "behind everything",
    "foreground": "text",
    "muted": "secondary text",
    "ok": "state: as it should be",
    "warn": "state: look at it",
    "error": "state: failed",
    "info": "state: worth knowing",
    "accent": "what has the focus, links, keys",
    "frame": "borders",
    "cursor": "the row under the cursor",
    "selection": "marked rows and selected text",
    "graph": "sparklines and bars",
}
"""Colours that every theme (or the one it extends) names, with what each is for."""

DERIVED_COLOURS: Mapping[str, str] = {
    "title": "foreground",
    "primary": "accent",
    "secondary": "graph",
    "surface": "background",
    "panel": "surface",
    "success": "ok",
    "warning": "warn",
    "frame_focus": "accent",
    "cursor_text": "foreground",
    "key": "accent",
    "stale": "muted",
    "live": "info",
}
"""Colours that may be left out, with the one that is taken instead."""

COLOUR_KEYS = (*REQUIRED_COLOURS, *DERIVED_COLOURS, "boost")
FLAG_KEYS = ("dark", "ansi")
NUMBER_KEYS = ("luminosity_spread", "text_alpha")
TABLE_KEYS = ("styles", "variables")
TEXT_KEYS = ("name", "extends")
ALL_KEYS = (*TEXT_KEYS, *FLAG_KEYS, *NUMBER_KEYS, *COLOUR_KEYS, *TABLE_KEYS)

STYLE_WORDS = ("none", "bold", "italic", "underline", "reverse", "strike")
"""What `[styles]` may say. Not `dim`: it makes a grey that no contrast check sees."""


@dataclass(frozen=True, slots=True)
class RoleColours:
    """How a role is drawn unless `[styles]` says otherwise."""

    colour: str
    """Key of the text's colour."""
    background: str | None = None
    """Key of the colour behind it; None leaves what is there."""
    attributes: str = "none"


ROLES: Mapping[Role, RoleColours] = {
    "text": RoleColours("foreground"),
    "muted": RoleColours("muted"),
    "title": RoleColours("title", attributes="bold"),
    "frame": RoleColours("frame"),
    "frame_focus": RoleColours("frame_focus"),
    "ok": RoleColours("ok"),
    "warn": RoleColours("warn"),
    "error": RoleColours("error", attributes="bold"),
    "info": RoleColours("info"),
    "accent": RoleColours("accent"),
    "graph": RoleColours("graph"),
    "key": RoleColours("key", attributes="bold"),
    "header": RoleColours("title", "panel", "bold"),
    "tab": RoleColours("muted"),
    "tab_active": RoleColours("background", "accent", "bold"),
    "cursor": RoleColours("cursor_text", "cursor"),
    "selected": RoleColours("foreground", "selection"),
    "stale": RoleColours("stale"),
    "live": RoleColours("live", attributes="bold"),
}

assert set(ROLES) == set(get_args(Role))
