"""The registry of user actions: what keys, footer, palette, help and the parity test read."""

from collections.abc import Mapping

from infernet_tui.actions import (
    chat,
    doctor,
    earn,
    everywhere,
    gpu,
    home,
    jobs,
    logs,
    models,
    peers,
    settings,
    setup,
    talk,
)
from infernet_tui.actions.base import Level, UserAction

ACTIONS: tuple[type[UserAction], ...] = tuple(
    action
    for module in (
        everywhere, home, models, jobs, gpu, peers, earn, chat, talk, logs, doctor, settings, setup,
    )
    for action in module.ACTIONS
)  # fmt: skip
BY_ID: Mapping[str, type[UserAction]] = {action.id: action for action in ACTIONS}


def actions_of(screen: str) -> tuple[type[UserAction], ...]:
    """What a screen offers: first what it alone does, last what every screen does."""
    own = [action for action in ACTIONS if screen in action.screens]
    own.sort(key=lambda action: len(action.screens) > 1)
    return (*own, *(action for action in ACTIONS if action.is_everywhere()))


__all__ = ["ACTIONS", "BY_ID", "Level", "UserAction", "actions_of"]
