"""What can be done on the screen `setup`."""

from typing import TYPE_CHECKING, cast

from infernet_tui.actions.base import Level, UserAction

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen
    from infernet_tui.screens.setup import SetupScreen


class SetupAction(UserAction):
    """Is about the step that is shown."""

    screens = ("setup",)
    is_for_work = False
    """Whether it is offered while a step is worked on, and only then."""

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """Not while something goes on."""
        is_working = cast("SetupScreen", screen).is_working
        if is_working and not cls.is_for_work:
            return "This step is being worked on: c cancels that."
        return None if is_working or not cls.is_for_work else "Nothing is going on to cancel."


class Continue(SetupAction):
    """Do what this step needs, with the answer that was given, and go on to the next."""

    id, key, label, palette = "setup.continue", "enter", "Continue", "Setup: continue"
    twin, level, in_footer = "infernet setup --confirm", Level.REVERSIBLE, True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Take the answer."""
        await cast("SetupScreen", screen).go_on()


class Back(SetupAction):
    """Go back to the step before; nothing is undone by that."""

    id, key, label, palette = "setup.back", "b", "Back", "Setup: back"
    in_footer = True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be one."""
        flow = cast("SetupScreen", screen).flow
        has_one = flow is None or flow.can_go_back()
        return super().why_not(screen) or (None if has_one else "This is the first step.")

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Go."""
        await cast("SetupScreen", screen).back()


class Skip(SetupAction):
    """Leave this step out, and go on; it can be done at any later time."""

    id, key, label, palette = "setup.skip", "x", "Skip", "Setup: skip this step"
    twin, level, in_footer = "infernet setup --confirm", Level.REVERSIBLE, True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """What is done cannot be left out, and some steps all others need."""
        return super().why_not(screen) or cast("SetupScreen", screen).why_not_skip()

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Go on without it."""
        await cast("SetupScreen", screen).skip()


class Change(SetupAction):
    """Choose anew in a step that is done: another engine, model, control plane or name."""

    id, key, label, palette = "setup.change", "e", "Change", "Setup: choose anew"
    twin = "infernet setup --model"

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """Not all steps ask something."""
        return super().why_not(screen) or cast("SetupScreen", screen).why_not_change()

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask again; nothing is changed before that is answered."""
        await cast("SetupScreen", screen).change()


class Cancel(SetupAction):
    """Stop what this step does; a download keeps what it has and goes on from there later."""

    id, key, label, palette = "setup.cancel", "c", "Cancel", "Setup: cancel what goes on"
    in_footer = True
    is_for_work = True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Stop it."""
        await cast("SetupScreen", screen).cancel()


ACTIONS: tuple[type[UserAction], ...] = (Continue, Back, Skip, Change, Cancel)
