"""A theme: named colours, and what they become for Textual and for our own lines.

A `ThemeFile` is complete and valid: every colour key has a colour that parses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from infernet_tui.theming.keys import DERIVED_COLOURS, ROLES, Role

Palette = Mapping[Role, Style]
"""The style of each role. A theme without colours has attributes only."""

DEFAULT_COLOUR = "ansi_default"
"""The terminal's own text or background."""


@dataclass(frozen=True, slots=True)
class ThemeFile:
    """One theme, as read from its file."""

    name: str
    is_dark: bool
    colours: Mapping[str, str]
    """Every colour key of `keys.py` (but `boost`, which may be missing) → a colour."""
    is_ansi: bool = False
    """Whether the terminal's own sixteen colours are sent as such."""
    styles: Mapping[str, str] = field(default_factory=dict)
    """Role → attributes, where they differ from the usual ones."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Textual's own variables, overridden one by one."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """`luminosity_spread` and `text_alpha`, where given."""
    path: Path | None = None
    """The file; None for one of Textual's themes."""

    @property
    def is_monochrome(self) -> bool:
        """Whether it has no colour at all."""
        return set(self.colours.values()) == {DEFAULT_COLOUR}

    def as_textual(self) -> Theme:
        """The theme that an App registers, with our colours as variables (`$ok`, `$frame`, …)."""
        theme = self._plain_theme()
        filled_in = self._fill_ins(theme) if self.is_ansi else {}
        theme.variables = {**filled_in, **self._variables(), **self.variables}
        return theme

    def _plain_theme(self) -> Theme:
        colours = self.colours
        return Theme(
            name=self.name,
            dark=self.is_dark,
            ansi=self.is_ansi,
            primary=colours["primary"],
            secondary=colours["secondary"],
            accent=colours["accent"],
            foreground=colours["foreground"],
            background=colours["background"],
            surface=colours["surface"],
            panel=colours["panel"],
            boost=colours.get("boost"),
            success=colours["success"],
            warning=colours["warning"],
            error=colours["error"],
            luminosity_spread=self.numbers.get("luminosity_spread", 0.15),
            text_alpha=self.numbers.get("text_alpha", 0.95),
        )

    def palette(self) -> Palette:
        """The styles of our own lines."""
        return {role: self._style(role) for role in ROLES}

    @classmethod
    def of_textual(cls, theme: Theme) -> "ThemeFile":
        """One of Textual's own themes, with its readable text colours as our state colours."""
        made = theme.to_color_system().generate() | theme.variables
        behind = made["background"]
        found = {
            "background": behind,
            "foreground": made["foreground"],
            "muted": _solid(made["foreground-muted"], behind),
            "ok": made["text-success"],
            "warn": made["text-warning"],
            "error": made["text-error"],
            "info": made["text-primary"],
            "accent": made["text-accent"],
            "frame": _solid(made.get("foreground-disabled", made["foreground"]), behind),
            "frame_focus": made["border"],
            "cursor": _solid(made["panel"], behind),
            "selection": _solid(made["primary-muted"], behind),
            "graph": made["text-secondary"],
            "surface": _solid(made["surface"], behind),
            "panel": _solid(made["panel"], behind),
        }
        return cls(theme.name, theme.dark, with_derived(found), is_ansi=theme.ansi)

    def _variables(self) -> dict[str, str]:
        """Our colours under their own names, and the parts of Textual's widgets that use them."""
        colours = self.colours
        cursor = self.styles.get("cursor", ROLES["cursor"].attributes)
        return {
            **{key.replace("_", "-"): value for key, value in colours.items()},
            "text-muted": colours["muted"],
            "text-success": colours["success"],
            "text-warning": colours["warning"],
            "text-error": colours["error"],
            "text-primary": colours["primary"],
            "text-secondary": colours["secondary"],
            "text-accent": colours["accent"],
            "border": colours["frame_focus"],
            "border-blurred": colours["frame"],
            "block-cursor-background": colours["cursor"],
            "block-cursor-foreground": colours["cursor_text"],
            "block-cursor-text-style": cursor,
            "block-cursor-blurred-background": colours["cursor"],
            "block-cursor-blurred-foreground": colours["cursor_text"],
            "block-cursor-blurred-text-style": cursor,
            "footer-key-foreground": colours["key"],
            "input-selection-background": colours["selection"],
            "screen-selection-background": colours["selection"],
            "screen-selection-foreground": colours["foreground"],
        }

    def _fill_ins(self, theme: Theme) -> dict[str, str]:
        """What Textual fills in for a terminal's own colours, without its halves and favourites.

        It would give 50 % of a colour that nobody knows, and, whatever the theme, magenta borders.
        """
        made = theme.to_color_system().generate()
        made |= {"ansi-background": DEFAULT_COLOUR, "ansi-foreground": DEFAULT_COLOUR}
        solid = {key: value.removesuffix(" 50%") for key, value in made.items()}
        if not self.is_monochrome:
            return solid
        return {
            key: DEFAULT_COLOUR if value.startswith("ansi_") else value
            for key, value in solid.items()
        }

    def _style(self, role: Role) -> Style:
        drawn = ROLES[role]
        words = self.styles.get(role, drawn.attributes)
        attributes = Style() if words == "none" else Style.parse(words)
        if drawn.background is None:
            return Style(color=self._rich(drawn.colour)) + attributes
        if attributes.reverse:  # of what is there; our two colours exchanged would be neither
            return attributes
        background = self._rich(drawn.background)
        return Style(color=self._rich(drawn.colour), bgcolor=background) + attributes

    def _rich(self, key: str) -> str | None:
        """The colour for Rich; None leaves the terminal's own."""
        value = self.colours[key]
        if value == DEFAULT_COLOUR:
            return None
        colour = Color.parse(value)
        return colour.rich_color.name if colour.ansi is not None else colour.hex6.lower()


def with_derived(found: Mapping[str, str]) -> dict[str, str]:
    """The colours, with those that were left out taken from their neighbours."""
    colours = dict(found)
    for key, source in DERIVED_COLOURS.items():
        colours.setdefault(key, colours[source])
    return colours


def _solid(colour: str, background: str) -> str:
    """A translucent colour as it looks on the background; a terminal's own has no halves."""
    over, under = Color.parse(colour.removesuffix(" 50%")), Color.parse(background)
    if under.ansi is None:
        return (under + over).hex6
    return background if over.is_transparent else over.hex
