"""Talk: what it will be. Nothing on it can be pressed, because nothing of it is there yet."""

import textwrap

from textual.app import ComposeResult

from infernet_tui.screens.base import CockpitScreen
from infernet_tui.store import Topic
from infernet_tui.widgets.lines import Line, line
from infernet_tui.widgets.panel import Panel

COMING = (
    ("Rooms", "one for all operators, and rooms that you join by name"),
    ("Messages", "between two people, encrypted so that relays cannot read them"),
    ("Unread", "counted in the tab above; a mention of you stands out"),
    ("Quiet", "mute a room, block a person, see strangers only as requests"),
    ("Names", "your own alias for a key, so that nobody can pose as a friend"),
)
HOW = (
    "It will use Nostr: this node's own key signs what you write, and any relay can carry it. "
    "Nothing was sent or received so far, and no relay was contacted."
)


class TalkScreen(CockpitScreen):
    """A page to read."""

    NAME = "talk"

    def compose_body(self) -> ComposeResult:
        """One panel."""
        yield Panel("Talk", id="talk", focusable=True)

    def on_mount(self) -> None:
        """It scrolls where it does not fit."""
        self.query_one("#talk").focus()

    def draw(self, topics: frozenset[Topic]) -> None:
        """The same words, for the width of now."""
        panel = self.query_one("#talk", Panel)
        panel.fill(talk_lines(panel.columns), info="not set up yet")


def talk_lines(width: int) -> list[Line]:
    """What Talk is going to be."""
    lines = [
        line(""),
        line((" Talk is not set up yet.", "warn")),
        line(" This is where the people behind the nodes are going to talk to each other:"),
        line(""),
    ]
    lines += [line((f"   {name:<10}", "title"), words) for name, words in COMING]
    lines.append(line(""))
    return lines + [line(" " + text) for text in textwrap.wrap(HOW, max(20, min(width - 2, 90)))]
