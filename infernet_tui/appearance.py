"""Themes in the running application: which is used, trying one on, and what was saved meanwhile."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.style import Style

from infernet_tui.screens.dialogs import Choice, PickOne
from infernet_tui.theming import LoadedThemes, ThemeFile, ThemeWatcher
from infernet_tui.widgets.lines import Lines

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

DEFAULT = "dark"


class Appearance:
    """The themes of one application."""

    def __init__(self, cockpit: "Cockpit", loaded: LoadedThemes, wanted: str) -> None:
        self.palette: Mapping[str, Style] = {}
        """Role → style."""
        self._cockpit = cockpit
        self._problems: tuple[str, ...] = ()
        self._files: dict[str, ThemeFile] = {}
        self._take(loaded)
        if wanted not in self._files and wanted not in cockpit.available_themes:
            known = ", ".join(self._files)
            self._problems += (f"There is no theme “{wanted}”; there are {known}.",)
            wanted = DEFAULT
        self.use(wanted)

    def use(self, name: str) -> None:
        """Paint in this theme, one of ours or one of Textual's."""
        found = self._files.get(name)
        if found is None:
            found = ThemeFile.of_textual(self._cockpit.available_themes[name])
        self.palette = {str(role): style for role, style in found.palette().items()}
        self._cockpit.theme = name

    @property
    def names(self) -> list[str]:
        """Every theme there is, ours first."""
        others = [name for name in self._cockpit.available_themes if name not in self._files]
        return [*self._files, *sorted(others)]

    async def choose(self, name: str = "") -> None:
        """Use the named theme, or let a person try them on; the choice is remembered."""
        cockpit, before = self._cockpit, self._cockpit.theme
        if name and name not in self.names:
            cockpit.toast(
                f"There is no theme “{name}”; there are {', '.join(self._files)}.", "error"
            )
            return
        if not name:
            chosen = await cockpit.ask(self._menu())
            name = chosen or ""
        self.use(name or before)
        self._repaint()
        if name and name != before:
            await cockpit.save_setting("theme", name)

            async def back() -> None:
                self.use(before)
                self._repaint()
                await cockpit.save_setting("theme", before)

            cockpit.can_undo(f"Theme {name}", back)

    def _menu(self) -> PickOne:
        choices = [
            Choice(name, name, "ours" if name in self._files else "Textual's")
            for name in self.names
        ]
        return PickOne("Theme", choices, self._cockpit.theme, preview=self._try_on)

    def _try_on(self, name: str) -> None:
        if name != self._cockpit.theme:
            self.use(name)
            self._repaint()

    def _repaint(self) -> None:
        for screen in self._cockpit.screen_stack:
            for widget in screen.query(Lines):
                widget.repaint()

    async def watch(self, interval_seconds: float = 1.0) -> None:
        """Take up theme files as they are saved, for ever."""
        await ThemeWatcher(self._saved, interval_seconds=interval_seconds).run()

    def report_problems(self) -> None:
        """Say what is wrong with which file."""
        for problem in self._problems:
            self._cockpit.toast(problem, "warning")
        self._problems = ()

    def _saved(self, loaded: LoadedThemes) -> None:
        self._take(loaded)
        self.use(self._cockpit.theme if self._cockpit.theme in self.names else DEFAULT)
        self._cockpit.refresh_css()
        self._repaint()
        self.report_problems()

    def _take(self, loaded: LoadedThemes) -> None:
        self._files = dict(loaded.themes)
        self._problems = loaded.problems
        for theme in loaded.themes.values():
            self._cockpit.register_theme(theme.as_textual())
