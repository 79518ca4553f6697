"""Mode name → screen. A screen's module is imported when it is visited for the first time."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from textual.screen import Screen

SCREENS = {
    "home": ("infernet_tui.screens.home", "HomeScreen"),
    "models": ("infernet_tui.screens.models", "ModelsScreen"),
    "jobs": ("infernet_tui.screens.jobs", "JobsScreen"),
    "gpu": ("infernet_tui.screens.gpu", "GpuScreen"),
    "peers": ("infernet_tui.screens.peers", "PeersScreen"),
    "earn": ("infernet_tui.screens.earn", "EarnScreen"),
    "chat": ("infernet_tui.screens.chat", "ChatScreen"),
    "talk": ("infernet_tui.screens.talk", "TalkScreen"),
    "logs": ("infernet_tui.screens.logs", "LogsScreen"),
    "doctor": ("infernet_tui.screens.doctor", "DoctorScreen"),
    "settings": ("infernet_tui.screens.settings", "SettingsScreen"),
    "setup": ("infernet_tui.screens.setup", "SetupScreen"),
}


def _make(module: str, name: str) -> Screen[Any]:
    screen: Screen[Any] = getattr(import_module(module), name)()
    # A new screen is styled as it is mounted. Textual takes it for one with old styles and would
    # parse every style sheet again, twice: 30 ms of each first visit.
    screen._css_update_count = screen.app._css_update_count
    return screen


MODES: dict[str, Callable[[], Screen[Any]]] = {
    mode: partial(_make, module, name) for mode, (module, name) in SCREENS.items()
}
