"""Themes: files of colours, what they become for Textual and for our own lines, and which to use.

No colour is named anywhere else. A theme file that is wrong is described and left out; loading
themes never fails.
"""

from infernet_tui.theming.files import LoadedThemes, load_themes, theme_dirs
from infernet_tui.theming.keys import ROLES, Role
from infernet_tui.theming.start import Glyphs, initial_glyphs, initial_theme
from infernet_tui.theming.theme import Palette, ThemeFile
from infernet_tui.theming.watcher import ThemeWatcher

__all__ = [
    "ROLES",
    "Glyphs",
    "LoadedThemes",
    "Palette",
    "Role",
    "ThemeFile",
    "ThemeWatcher",
    "initial_glyphs",
    "initial_theme",
    "load_themes",
    "theme_dirs",
]
