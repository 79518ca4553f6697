"""What is wrong with the keys of a theme file, in sentences for the person who wrote it."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES

from infernet_tui.theming.keys import (
    ALL_KEYS,
    COLOUR_KEYS,
    FLAG_KEYS,
    NUMBER_KEYS,
    REQUIRED_COLOURS,
    ROLES,
    STYLE_WORDS,
)

COLOURS_ALLOWED = 'allowed: "#rrggbb", a CSS colour name, or ansi_red, ansi_bright_red, …'


def problems_of(keys: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong; empty for a theme that can be used."""
    return [
        *_unknown(keys, ALL_KEYS, "is not a theme key"),
        *_wrong_kinds(keys),
        *_wrong_colours(keys),
        *_wrong_styles(keys.get("styles", {})),
        *_wrong_variables(keys.get("variables", {})),
        *_missing(keys),
    ]


def _unknown(keys: Iterable[str], allowed: Iterable[str], complaint: str) -> Iterator[str]:
    allowed = tuple(allowed)
    for key in keys:
        if key not in allowed:
            near = get_close_matches(key, allowed, n=1)
            advice = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(allowed)}"
            yield f"{key[:40]} {complaint}; {advice}"


def _wrong_kinds(keys: Mapping[str, Any]) -> Iterator[str]:
    for key in FLAG_KEYS:
        if not isinstance(keys.get(key, True), bool):
            yield f"{key} = {_shown(keys[key])} must be true or false"
    for key in NUMBER_KEYS:
        value = keys.get(key, 0.5)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            yield f"{key} = {_shown(value)} must be a number from 0 to 1"


def _wrong_colours(keys: Mapping[str, Any]) -> Iterator[str]:
    for key in COLOUR_KEYS:
        if key in keys and not _is_colour(keys[key]):
            yield f"{key} = {_shown(keys[key])} is not a colour; {COLOURS_ALLOWED}"


def _is_colour(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        colour = Color.parse(value)
    except ColorParseError:
        return False
    return colour.ansi is not None or colour.a == 1  # contrast of a translucent one is unknown


def _wrong_styles(styles: Any) -> Iterator[str]:
    if not isinstance(styles, dict):
        yield f"styles = {_shown(styles)} must be a table: [styles]"
        return
    yield from _unknown(styles, ROLES, "is not a role in [styles]")
    for role, words in styles.items():
        if not isinstance(words, str) or not set(words.split()) <= set(STYLE_WORDS):
            allowed = ", ".join(STYLE_WORDS)
            yield f"styles.{role} = {_shown(words)} is not a style; allowed: {allowed}"


def _wrong_variables(variables: Any) -> Iterator[str]:
    if not isinstance(variables, dict):
        yield f"variables = {_shown(variables)} must be a table: [variables]"
        return
    yield from _unknown(variables, _textual_variables(), "is not one of Textual's variables")
    for key, value in variables.items():
        if not isinstance(value, str):
            yield f"variables.{key} = {_shown(value)} must be text"


@cache
def _textual_variables() -> tuple[str, ...]:
    """Names of the variables that Textual makes for any theme."""
    return tuple(BUILTIN_THEMES["textual-dark"].to_color_system().generate())


def _missing(keys: Mapping[str, Any]) -> Iterator[str]:
    missing = [key for key in REQUIRED_COLOURS if key not in keys]
    if missing:
        yield f'lacks {", ".join(missing)}; add them, or begin with extends = "dark"'


def _shown(value: Any) -> str:
    return repr(value)[:60]
