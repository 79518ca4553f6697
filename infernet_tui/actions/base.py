"""One class a user action: its key, footer label, palette entry, help line and command-line twin.

Everything that a person can do in the application is such a class, so that the five places that
name it cannot disagree. The class says what is done; the screen it is handed knows how.
"""

from enum import Enum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen


class Level(Enum):
    """How hard an action is to take back, and so how it is confirmed (`ux.md` §2)."""

    NONE = "none"
    """It changes nothing outside the screen."""
    REVERSIBLE = "reversible"
    """Done at once; a toast offers the undo."""
    HARD = "hard"
    """Asks, with the focus on Cancel."""
    MONEY = "money"
    """Money, identity, uninstall: asks for the name or the last characters to be typed."""


class UserAction:
    """The first line of a subclass's docstring is its help text."""

    id: ClassVar[str]
    """`noun.verb`, also the binding's id in key remaps."""
    key: ClassVar[str]
    """In Textual's spelling; several, separated by commas."""
    label: ClassVar[str]
    """For the footer: a word or two."""
    palette: ClassVar[str]
    """`Group: what it does`."""
    twin: ClassVar[str | None] = None
    """The command that does the same; None only where `level` is NONE and nothing is asked for."""
    screens: ClassVar[tuple[str, ...]] = ()
    """Where it is offered; empty for everywhere."""
    level: ClassVar[Level] = Level.NONE
    in_footer: ClassVar[bool] = False
    priority: ClassVar[bool] = False
    """Whether the key works in a text field too."""

    @classmethod
    def help(cls) -> str:
        """What it does, in one line."""
        return (cls.__doc__ or "").strip().splitlines()[0]

    @classmethod
    def is_everywhere(cls) -> bool:
        """Whether every screen offers it."""
        return not cls.screens

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """Why it cannot be done now; None if it can."""
        return None

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Do it. `words` is what a person typed after the action's name in the palette.

        Raises:
            InfernetError: it did not work; the application shows it.
        """
        raise NotImplementedError
