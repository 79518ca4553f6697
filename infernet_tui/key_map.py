"""Which key does what, which keys are free, and what is wrong with a key that a person wants.

Two actions may share a key only where no screen offers both. Keys that move about belong to tables
and panels and cannot be given away.
"""

from collections.abc import Mapping

from infernet_tui.actions import ACTIONS, UserAction

MOVING = frozenset(
    (
        "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "tab", "shift+tab",
        "enter", "escape", "space", "backspace", "delete", "h", "j", "k", "l", "g", "G",
        "ctrl+d", "ctrl+u", "ctrl+f", "ctrl+b",
    )
)  # fmt: skip
SAME_AS_OTHERS = {
    "ctrl+h": "backspace", "ctrl+i": "tab", "ctrl+j": "enter", "ctrl+m": "enter",
    "ctrl+left_square_bracket": "escape",
}  # fmt: skip
"""What most terminals send for these."""
Custom = Mapping[str, str]
"""Action id → key, as in `tui.keys`."""


def keys_of(action: type[UserAction], custom: Custom) -> tuple[str, ...]:
    """The keys of an action now."""
    return tuple(key.strip() for key in custom.get(action.id, action.key).split(","))


def share_a_screen(one: type[UserAction], other: type[UserAction]) -> bool:
    """Whether some screen offers both."""
    return not one.screens or not other.screens or bool(set(one.screens) & set(other.screens))


def rivals(
    action: type[UserAction], keys: tuple[str, ...], custom: Custom
) -> tuple[type[UserAction], ...]:
    """The other actions that one of these keys means on a screen that offers `action`."""
    return tuple(
        other
        for other in ACTIONS
        if other is not action
        and share_a_screen(action, other)
        and set(keys) & set(keys_of(other, custom))
    )


def problem_with(action: type[UserAction], key: str, custom: Custom) -> str | None:
    """Why an action cannot have a key; None if it can."""
    if key in MOVING and key not in action.key.split(","):
        return f"{key} moves about in tables and panels; choose another key."
    if key in SAME_AS_OTHERS:
        return f"Most terminals send {SAME_AS_OTHERS[key]} for {key}; choose another key."
    if action.priority and len(key) == 1:
        return "This works in text fields too, where letters type; choose a ctrl key."
    if found := rivals(action, (key,), custom):
        return f"That key is “{found[0].palette}” {place_of(found[0])}. Change that one first."
    return None


def place_of(action: type[UserAction]) -> str:
    """Where an action is offered, in words."""
    return f"on {', '.join(action.screens)}" if action.screens else "everywhere"


def unknown_ids(custom: Custom) -> tuple[str, ...]:
    """What `tui.keys` names though there is no such action."""
    known = {action.id for action in ACTIONS}
    return tuple(name for name in custom if name not in known)
