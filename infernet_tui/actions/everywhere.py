"""What every screen offers: going elsewhere, looking closer, and leaving."""

import asyncio
from typing import TYPE_CHECKING, ClassVar

from infernet_tui.actions.base import Level, UserAction
from infernet_tui.tabs import SCREENS

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen


class GoTo(UserAction):
    """Go to a screen."""

    destination: ClassVar[str]

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch; `/text` after the name filters the screen's table."""
        await screen.cockpit.go_to(self.destination, filter_text=words.strip().removeprefix("/"))


def _go_to(name: str, key: str, title: str, twin: str | None) -> type[GoTo]:
    return type(
        f"GoTo{title}",
        (GoTo,),
        {
            "__doc__": f"Go to {title}.",
            "id": f"go.{name}",
            "key": key,
            "label": title,
            "palette": f"Go: {title}",
            "twin": twin,
            "destination": name,
        },
    )


class SetUp(UserAction):
    """Open the setup wizard: eight steps, each of which can be run again."""

    id, key, label = "go.setup", "f2", "Setup"
    palette, twin = "Go: Setup wizard", "infernet setup"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch to it."""
        await screen.cockpit.go_to("setup")


class Help(UserAction):
    """Show this screen's keys, the keys that work everywhere, and what the words mean."""

    id, key, label, palette = "app.help", "question_mark", "Help", "View: Keys"
    twin, in_footer = "infernet help", True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        from infernet_tui.screens.help import help_dialog

        await screen.cockpit.ask(help_dialog(screen.cockpit, screen))


class Palette(UserAction):
    """Type a command, in the words of the command line, or a part of an action's name."""

    id, key, label = "app.palette", "colon,ctrl+p", "Commands"
    palette, in_footer = "View: Commands", True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        await screen.cockpit.open_palette()


class Notices(UserAction):
    """Show the last 200 notifications."""

    id, key, label, palette = "app.notices", "exclamation_mark", "Notices", "View: Notifications"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open them."""
        from infernet_tui.screens.help import notices_dialog

        await screen.cockpit.ask(notices_dialog(screen.cockpit))


class CommandLog(UserAction):
    """Show the commands that would have done what was done here."""

    id, key, label, palette = "app.command_log", "C", "Command log", "View: Command log"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        from infernet_tui.screens.help import commands_dialog

        await screen.cockpit.ask(commands_dialog(screen.cockpit))


class Filter(UserAction):
    """Filter the table: word, !word, column:word, column>90."""

    id, key, label, palette = "view.filter", "slash", "Filter", "View: filter"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be something to filter."""
        return None if screen.can_filter else "There is nothing to filter on this screen."

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open the filter line, or filter by the words."""
        screen.open_filter(words)


class TableAction(UserAction):
    """Is about the screen's table."""

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be a table."""
        return None if screen.table else "There is no table on this screen."


class SortMenu(TableAction):
    """Choose the column to sort by."""

    id, key, label, palette = "view.sort", "s", "Sort", "View: sort"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open the menu."""
        await screen.open_sort_menu()


class ReverseSort(TableAction):
    """Reverse the order of the table."""

    id, key, label, palette = "view.reverse", "S", "Reverse", "View: reverse the order"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Reverse."""
        screen.reverse_sort()


class WideColumns(TableAction):
    """Show more columns, or fewer again."""

    id, key, label, palette = "view.wide", "w", "Columns", "View: wide"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        screen.toggle_wide()


class Zoom(UserAction):
    """Give the pane with the focus the whole screen, or take it back."""

    id, key, label, palette = "view.zoom", "z", "Zoom", "View: zoom"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        screen.toggle_zoom()


class CopyCell(UserAction):
    """Copy what the cursor is on: an id, a name, an address."""

    id, key, label, palette = "view.copy", "y", "Copy", "View: copy"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Copy."""
        screen.copy_cell()


class CopyRow(TableAction):
    """Copy the row under the cursor as JSON."""

    id, key, label, palette = "view.copy_row", "Y", "Copy row", "View: copy the row as JSON"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Copy."""
        screen.copy_row()


class Export(UserAction):
    """Write what is shown to a file only you can read: a table as JSON and CSV, a log as text."""

    id, key, label, palette = "view.export", "X", "Export", "View: export the table"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be something to write."""
        return None if screen.can_export else "There is nothing to export on this screen."

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Write them and say where they are."""
        await screen.export_rows()


class Refetch(UserAction):
    """Ask for everything on this screen again, now."""

    id, key, label, palette = "view.refetch", "r", "Refresh", "View: refresh"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask."""
        screen.cockpit.refetch()


class Pause(UserAction):
    """Hold the display still; the node goes on."""

    id, key, label, palette = "view.pause", "p", "Pause", "View: pause the display"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        screen.cockpit.toggle_pause()


class Undo(UserAction):
    """Undo the last reversible act."""

    id, key, label, palette = "app.undo", "U", "Undo", "View: undo"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be something."""
        return None if screen.cockpit.undo_label else "There is nothing to undo."

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Undo it."""
        await screen.cockpit.undo()


class ChooseTheme(UserAction):
    """Choose a theme; it is remembered."""

    id, key, label, palette = "view.theme", "ctrl+t", "Theme", "View: theme"
    twin, level = "infernet config set tui.theme", Level.REVERSIBLE

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Apply the named one, or open the list."""
        await screen.cockpit.appearance.choose(words.strip())


class ScreenshotSvg(UserAction):
    """Save a picture of the screen (SVG) where only you can read it."""

    id, key, label, palette = "app.screenshot", "f12", "Screenshot", "View: Screenshot (SVG)"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Save it and say where it is."""
        cockpit = screen.cockpit
        picture = cockpit.export_screenshot()
        path = await asyncio.to_thread(cockpit.write_private, "screen.svg", picture)
        cockpit.toast(f"Saved {path}")


class Repaint(UserAction):
    """Paint the whole screen again."""

    id, key, label, palette = "app.repaint", "ctrl+l", "Repaint", "View: repaint"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Paint."""
        screen.refresh(layout=True)


class Suspend(UserAction):
    """Go back to the shell; `fg` returns."""

    id, key, label, palette = "app.suspend", "ctrl+z", "Suspend", "View: suspend"
    priority = True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """A node in this window would be suspended, too, and lose its jobs."""
        serves = screen.cockpit.session.is_own or screen.cockpit.session.mode == "up"
        return "The node in this window would stop, too: q hands it over first." if serves else None

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Suspend."""
        screen.cockpit.action_suspend_process()


class Stop(UserAction):
    """Copy the selection, else stop what streams; a second one within two seconds quits."""

    id, key, label, palette = "app.stop", "ctrl+c", "Stop", "View: stop what runs"
    priority = True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Stop."""
        await screen.cockpit.node_control.interrupt()


class Quit(UserAction):
    """Leave. A node in the background keeps serving; one of this window asks what to do."""

    id, key, label, palette = "app.quit", "q", "Quit", "Quit"
    in_footer = True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Leave."""
        await screen.cockpit.node_control.leave()


class QuitFromInput(Quit):
    """Leave, also from a text field."""

    id, key, label, palette = "app.quit_now", "ctrl+q", "Quit", "Quit (from a text field)"
    in_footer, priority = False, True


ACTIONS: tuple[type[UserAction], ...] = (
    *(_go_to(*screen) for screen in SCREENS),
    SetUp, Quit, QuitFromInput, Filter, Palette, Help, Notices, CommandLog, SortMenu, ReverseSort,
    WideColumns, Zoom, CopyCell, CopyRow, Export, Refetch, Pause, Undo, ChooseTheme, ScreenshotSvg,
    Repaint, Suspend, Stop,
)  # fmt: skip
