"""What can be done with models."""

from typing import TYPE_CHECKING, ClassVar, cast

from infernet_tui.actions.base import Level, UserAction

if TYPE_CHECKING:
    from infernet_tui.screens.base import CockpitScreen
    from infernet_tui.screens.models import ModelsScreen
    from infernet_tui.views.model import ModelView


class ModelAction(UserAction):
    """Is about the model that was named after the action, or the one under the cursor."""

    screens = ("models",)
    needs_disk: ClassVar[bool] = True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """There must be one, of the right kind, and a node."""
        model = cast("ModelsScreen", screen).current_model
        if model is None:
            return "There is no model under the cursor."
        if cls.needs_disk and not screen.cockpit.is_connected:
            return "The node is not running: press t, or: infernet start"
        if cls.needs_disk and not model.is_installed:
            return f"{model.name} is not on disk. a pulls it."
        return None

    def model(self, screen: "CockpitScreen", words: str) -> "ModelView":
        """The one that is meant.

        Raises:
            NotFound: no model on the screen has that name.
        """
        models = cast("ModelsScreen", screen)
        name = words.strip()
        if name and not models.table_of_models.select(name):
            from infernet_tui.errors import NotFound

            raise NotFound(f"No model “{name[:64]}” here.", hint=f"infernet model pull {name[:64]}")
        found = models.current_model
        assert found is not None  # why_not has seen to it
        return found


class PullModel(UserAction):
    """Pull a model: the one under the cursor, a recommended one, or any by name."""

    id, key, label, palette = "models.pull", "a", "Pull", "Model: pull"
    screens, twin = ("models",), "infernet model pull"
    level, in_footer = Level.REVERSIBLE, True

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """The node pulls, so one must run."""
        if screen.cockpit.is_connected:
            return None
        return "The node is not running: press t, or: infernet start"

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Begin."""
        await cast("ModelsScreen", screen).pull(words.strip())


class UseModel(ModelAction):
    """Make the model the active one: jobs and chats that name no model get it."""

    id, key, label, palette = "models.use", "u", "Use", "Model: use"
    twin, level, in_footer = "infernet model use", Level.REVERSIBLE, True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """At once, also in the running node."""
        await cast("ModelsScreen", screen).use(self.model(screen, words).name)


class LoadModel(ModelAction):
    """Bring the model into memory, or free the memory it takes."""

    id, key, label, palette = "models.load", "L", "Load", "Model: load or unload"
    twin, level, in_footer = "infernet model load", Level.REVERSIBLE, True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Whichever it is not."""
        await cast("ModelsScreen", screen).load_or_unload(self.model(screen, words))


class ShowFit(ModelAction):
    """Show whether the model fits this machine, with the reckoning."""

    id, key, label, palette = "models.fit", "i", "Fit", "Model: does it fit"
    in_footer, needs_disk = True, False

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open the report."""
        await cast("ModelsScreen", screen).show_fit(self.model(screen, words))


class TestModel(ModelAction):
    """Ask the model something on this node's engine, and see how fast it answers."""

    __test__ = False  # not a test, whatever pytest makes of the name
    id, key, label, palette = "models.test", "T", "Test", "Model: test prompt"
    twin, in_footer = "infernet chat --local", True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Open the dialog, which asks at once; the words are the question."""
        await cast("ModelsScreen", screen).test_prompt(self.model(screen, ""), words.strip())


class DeleteModel(ModelAction):
    """Delete the model from disk (asks first)."""

    id, key, label, palette = "models.delete", "d", "Delete", "Model: delete"
    twin, level, in_footer = "infernet model remove", Level.HARD, True

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Ask, then delete."""
        await cast("ModelsScreen", screen).delete(self.model(screen, words))


class CancelPull(UserAction):
    """Stop pulling; what has come stays for the next try."""

    id, key, label, palette = "models.cancel_pull", "x", "Stop pull", "Model: stop pulling"
    screens = ("models",)  # without a twin: on the command line it is ctrl+c

    @classmethod
    def why_not(cls, screen: "CockpitScreen") -> str | None:
        """One of ours must run."""
        models = cast("ModelsScreen", screen)
        if models.pull_to_cancel():
            return None
        if models.pulls.running:
            return "Put the cursor on the model whose pull is to stop."
        return "No pull was started from here."

    async def run(self, screen: "CockpitScreen", words: str = "") -> None:
        """Stop it."""
        models = cast("ModelsScreen", screen)
        if name := models.pull_to_cancel():
            models.cancel_pull(name)


ACTIONS: tuple[type[UserAction], ...] = (
    PullModel, UseModel, LoadModel, ShowFit, DeleteModel, TestModel, CancelPull,
)  # fmt: skip
