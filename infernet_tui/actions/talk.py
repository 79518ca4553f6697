"""What can be done on Talk: nothing yet, so nothing is offered (`screens.talk` says why)."""

from infernet_tui.actions.base import UserAction

ACTIONS: tuple[type[UserAction], ...] = ()
