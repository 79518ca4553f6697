"""What can be done with the log. Filtering, copying and saving are what every screen has."""

from typing import TYPE_CHECKING, cast

from infernet_tui.actions.base import UserAction

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen
    from infernet_tui.screens.logs import LogsScreen


class LogAction(UserAction):
    """Is about the log."""

    screens = ("logs",)


class LineAction(LogAction):
    """Is about a line."""

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be lines."""
        if cast("LogsScreen", screen).view.current is not None:
            return None
        return "There is no line here."


class FollowLog(LogAction):
    """Stay at the newest line, or stay where you are; moving up does the latter."""

    id, key, label, palette = "logs.follow", "f", "Follow", "Logs: follow"
    twin, in_footer = "infernet logs --follow", True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        cast("LogsScreen", screen).toggle_follow()


class ChooseLevel(LogAction):
    """Show all lines, from info on, from warnings on, or errors only."""

    id, key, label, palette = "logs.level", "L", "Level", "Logs: level"
    twin, in_footer = "infernet logs --level", True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """The level that is named, or the next one."""
        cast("LogsScreen", screen).choose_level(words.strip().lower())


class NextMatch(LineAction):
    """Go to the next line that matches the filter; without one, to the next warning or error."""

    id, key, label, palette = "logs.next", "n", "Next match", "Logs: next match"
    in_footer = True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Go down."""
        cast("LogsScreen", screen).go_to_match(1)


class PreviousMatch(LineAction):
    """Go to the line before that matches the filter, or to the warning or error before."""

    id, key, label, palette = "logs.previous", "N", "Previous match", "Logs: previous match"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Go up."""
        cast("LogsScreen", screen).go_to_match(-1)


class NextTimes(LogAction):
    """Show times in UTC, how long ago, or not at all."""

    id, key, label, palette = "logs.times", "t", "Time", "Logs: times absolute, relative or off"
    in_footer = True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """The next of the three."""
        cast("LogsScreen", screen).next_times()


class WrapLines(LogAction):
    """Show long lines in several rows, or cut them; left and right then move along."""

    id, key, label, palette = "logs.wrap", "W", "Wrap", "Logs: wrap long lines"
    in_footer = True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Switch."""
        cast("LogsScreen", screen).toggle_wrap()


class OpenLine(LineAction):
    """Show all of the line under the cursor."""

    id, key, label, palette = "logs.open", "enter", "Open", "Logs: open the line"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open it."""
        await cast("LogsScreen", screen).open_line()


ACTIONS: tuple[type[UserAction], ...] = (
    FollowLog, ChooseLevel, NextMatch, PreviousMatch, NextTimes, WrapLines, OpenLine,
)  # fmt: skip
