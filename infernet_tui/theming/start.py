"""Which theme and which glyphs to begin with: what the terminal can do, then what is configured."""

import codecs
from collections.abc import Mapping
from typing import Literal, get_args

Glyphs = Literal["block", "braille", "ascii"]
"""What bars and sparklines are drawn with."""

DEFAULT_THEME = "dark"
_SIXTEEN_COLOURS = frozenset({"ansi", "linux", "vt100", "vt102", "vt220"})
"""Values of TERM whose terminals know the sixteen colours at most."""


def initial_theme(configured: str | None, environ: Mapping[str, str]) -> str:
    """Name of the theme to start with.

    To be decided before the App is made: with NO_COLOR set, Textual chooses how it strips colours
    when it is, and would draw black on black in a theme chosen later.
    """
    if environ.get("NO_COLOR"):
        return "mono"
    if environ.get("TERM") in _SIXTEEN_COLOURS:
        return "ansi"
    return configured or DEFAULT_THEME


def initial_glyphs(configured: str | None, stream_encoding: str | None) -> Glyphs:
    """What to draw with; a stream that is not UTF-8 gets ASCII whatever is configured."""
    if not _is_utf8(stream_encoding):
        return "ascii"
    return next((glyphs for glyphs in get_args(Glyphs) if glyphs == configured), "block")


def _is_utf8(encoding: str | None) -> bool:
    try:
        return codecs.lookup(encoding or "ascii").name == "utf-8"
    except LookupError:
        return False
