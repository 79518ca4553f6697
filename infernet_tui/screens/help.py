"""What can be read about the application in the application: keys, words, notices, commands."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infernet_tui.actions import UserAction, actions_of
from infernet_tui.screens.dialogs import ShowLines
from infernet_tui.widgets.chrome import key_name
from infernet_tui.widgets.lines import Line, line

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit
    from infernet_tui.screens.base import CockpitScreen

MOVING = (
    ("arrows hjkl", "move"),
    ("g G", "first, last"),
    ("^d ^u", "half a page down, up"),
    ("tab", "next pane; shift+tab: the one before"),
    ("space", "mark the row"),
    ("esc", "back, close, leave a field; never quits"),
)
WORDS = (
    ("SERVING", "connected to the control plane; jobs may come"),
    ("DRAINING", "takes no new jobs, finishes the running ones"),
    ("OFFLINE", "the control plane cannot be reached; events are kept"),
    ("STOPPED", "no node runs"),
    ("run done FAIL", "states of a job; cancel: taken back"),
    ("fits tight", "the model fits in GPU memory; with over 90 % of it"),
    ("CPU only", "fits in RAM and not in GPU memory: slow"),
    ("pending", "earned, not paid out yet"),
    ("stale 14 s", "the last answer is that old; a new one did not come"),
)
SEVERITY_ROLES = {"information": "info", "warning": "warn", "error": "error"}


def help_dialog(cockpit: "Cockpit", screen: "CockpitScreen") -> ShowLines:
    """This screen's keys, then those that work everywhere, then what the words mean."""
    actions = actions_of(screen.NAME)
    body: list[Line] = [line((f" On this screen ({screen.NAME})", "title"))]
    body += [_key_line(cockpit, each) for each in actions if not each.is_everywhere()]
    body += [line(""), line((" Moving about", "title"))]
    body += [_row(keys, words) for keys, words in MOVING]
    body += [line(""), line((" Everywhere", "title"))]
    body += [_key_line(cockpit, each) for each in actions if each.is_everywhere()]
    body += [line(""), line((" What the words mean", "title"))]
    body += [_row(word, meaning) for word, meaning in WORDS]
    body += _custom_keys(cockpit)
    body += [
        line(""),
        line((" Without a screen (screen readers, scripts)", "title")),
        line(" infernet jobs|peers|gpu --watch --plain: lines that are never redrawn"),
        line(" infernet --json --follow: all of this as data"),
        line(""),
        line((" Copying in tmux needs: set -s set-clipboard on", "muted")),
    ]
    return ShowLines("Keys · esc closes", body, indent=14)


def _key_line(cockpit: "Cockpit", action: type[UserAction]) -> Line:
    keys = " ".join(key_name(key) for key in cockpit.key_of(action).split(","))
    twin = f"  {action.twin}" if action.twin else ""
    return line((f" {keys:<13}", "key"), action.help(), (twin, "muted"))


def _row(keys: str, words: str) -> Line:
    return line((f" {keys:<13}", "key"), words)


def _custom_keys(cockpit: "Cockpit") -> list[Line]:
    if not cockpit.settings.keys:
        return []
    rows = [_row(key, action_id) for action_id, key in cockpit.settings.keys.items()]
    return [line(""), line((" Keys you changed (tui.keys)", "title")), *rows]


def notices_dialog(cockpit: "Cockpit") -> ShowLines:
    """The newest two hundred notifications."""
    body = [
        line(
            (f" {_time(notice.at)}  ", "muted"),
            (f"{notice.severity:<12}", SEVERITY_ROLES[notice.severity]),
            notice.text,
        )
        for notice in cockpit.notices.newest
    ]
    return ShowLines("Notifications", body or [line((" Nothing yet.", "muted"))])


def commands_dialog(cockpit: "Cockpit") -> ShowLines:
    """What would have done the same on the command line."""
    body = [line((f" {_time(at)}  ", "muted"), (text, "key")) for at, text in cockpit.commands]
    empty = [line((" Nothing was changed from here yet.", "muted"))]
    return ShowLines("Command log: the same by hand", body or empty)


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}Z"
