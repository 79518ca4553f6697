"""Models: what this machine serves and could serve, whether it fits, and the pulls that run."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from infernet_tui.actions.models import DeleteModel, LoadModel, PullModel, UseModel
from infernet_tui.errors import InfernetError
from infernet_tui.node.client import LOAD_TIMEOUT_SECONDS
from infernet_tui.pulls import PullBook
from infernet_tui.screens import model_words, wording
from infernet_tui.screens.base import CockpitScreen
from infernet_tui.screens.dialogs import AskText, Confirm, ShowLines
from infernet_tui.screens.model_test import TestPrompt
from infernet_tui.store import CONNECTION, MODELS, NODE, Topic
from infernet_tui.views.model import ModelsView, ModelView, PullView
from infernet_tui.widgets.lines import Lines, line
from infernet_tui.widgets.panel import Panel
from infernet_tui.widgets.table import Table

INTERVAL_SECONDS = 5.0
REPORT_WIDTH = 72


class ModelsScreen(CockpitScreen):
    """One table; the arithmetic of the row under the cursor below it, or beside it."""

    NAME = "models"
    TOPICS = {MODELS: INTERVAL_SECONDS}  # noqa: RUF012
    DEFAULT_CSS = """
    ModelsScreen #none { height: 1; display: none; }
    ModelsScreen #none.-shown { display: block; }
    ModelsScreen #models { height: 1fr; min-height: 5; }
    ModelsScreen #pulls { height: auto; max-height: 6; display: none; }
    ModelsScreen #pulls.-shown { display: block; }
    ModelsScreen #list { width: 1fr; height: 1fr; }
    ModelsScreen #detail { height: 4; }
    ModelsScreen.-l #body { layout: horizontal; }
    ModelsScreen.-l #detail { width: 50; height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.pulls: PullBook

    def compose_body(self) -> ComposeResult:
        """A line for when there is nothing, the table, pulls, and what fits."""
        columns = model_words.columns(lambda name: self._pulls().get(name), self._is_stale)
        table = Table(
            "Models", columns, lambda each: each.name, id="models", text=model_words.model_text
        )
        self.cockpit.table_memory.recall("models/models", table.state)
        with Vertical(id="list"):
            yield Lines(id="none")
            yield table
            yield Panel("Pulling · x stops it", id="pulls")
        yield Panel("Fit", id="detail", focusable=True)

    def on_mount(self) -> None:
        """The table has the keys; pulls outlive a visit."""
        cockpit = self.cockpit
        self.pulls = PullBook(cockpit.stream, self._pulls_changed, self._pull_ended)
        cockpit.unfinished.may_be_lost(self.pulls.reason_to_stay)
        cockpit.unfinished.may_be_stopped(self._interrupted)
        self.table_of_models.focus()

    # --- what is there ----------------------------------------------------------------------

    @property
    def table_of_models(self) -> Table[ModelView]:
        """The table."""
        return self.query_one("#models", Table)

    @property
    def current_model(self) -> ModelView | None:
        """The model under the cursor."""
        return self.table_of_models.current

    @property
    def known(self) -> ModelsView | None:
        """The node's newest answer."""
        return self.cockpit.store.models

    def _pulls(self) -> dict[str, PullView]:
        """All pulls of the node; our own are known better."""
        theirs = self.known.pulls if self.known else ()
        return {pull.name: pull for pull in (*theirs, *self.pulls.running)}

    def _is_stale(self) -> bool:
        store = self.cockpit.store
        return not self.cockpit.is_connected or store.is_stale(MODELS, INTERVAL_SECONDS)

    # --- drawing ----------------------------------------------------------------------------

    def draw(self, topics: frozenset[Topic]) -> None:
        """Rows, and the detail of the one under the cursor."""
        if not topics & {MODELS, NODE, CONNECTION}:
            return
        table, pulls = self.table_of_models, self._pulls()
        table.empty = self._empty_words()
        table.set_rows(model_words.all_rows(self.known, pulls), note=self._note())
        self._draw_none()
        self._draw_pulls(pulls)
        self._draw_detail()

    def _empty_words(self) -> str:
        if not self.cockpit.is_connected:
            return wording.NO_NODE
        if problem := self.cockpit.store.problems.get(MODELS):
            return f"{problem}\nAsk again with r, or: `infernet doctor`"
        return "asking the node for its models"

    def _note(self) -> str:
        models = self.known
        if models is None:
            return ""
        if self._is_stale() and (age := self.cockpit.store.age(MODELS)) is not None:
            return f"stale {wording.duration(age)}"
        if not models.engine_ok:
            return f"{models.engine or 'engine'}: {models.engine_detail[:40]}"
        total = sum(each.size_bytes or 0 for each in models.models)
        return f"{models.engine}  {len(models.models)} on disk, {wording.size(total)}"

    def _draw_none(self) -> None:
        models, none = self.known, self.query_one("#none", Lines)
        words, role = "", "warn"
        if models is not None and not models.engine_ok:
            words, role = f"Engine: {models.engine_detail} · `infernet doctor`", "error"
        elif models is not None and not models.models:
            name = models.recommended or model_words.SMALLEST
            words = model_words.NO_MODELS.format(name=name)
        none.set_class(bool(words), "-shown")
        none.show([line((f" {words}", role))])

    def _draw_pulls(self, pulls: dict[str, PullView]) -> None:
        panel = self.query_one("#pulls", Panel)
        was = len(panel.body) if panel.has_class("-shown") else 0
        panel.set_class(bool(pulls), "-shown")
        panel.fill([model_words.pull_line(pull, panel.columns) for pull in pulls.values()])
        if was != len(pulls):
            panel.refresh(layout=True)

    @on(Table.CursorMoved, "#models")
    def _draw_detail(self) -> None:
        panel, model = self.query_one("#detail", Panel), self.current_model
        panel.title = f"Fit · {model.name}" if model else "Fit"
        if model is not None and self.has_class("-l"):
            panel.fill(model_words.fit_report(model, panel.columns))
        else:
            panel.fill(model_words.fit_lines(model, panel.columns - 1))

    @on(Table.Opened, "#models")
    def _opened(self) -> None:
        model = self.current_model
        if model is not None and not model.is_installed and model.name not in self._pulls():
            self.cockpit.run_user_action(PullModel.id)
        else:
            self.cockpit.run_user_action("models.fit")

    # --- pulling ----------------------------------------------------------------------------

    async def pull(self, words: str) -> None:
        """Pull the named model, or ask which; it goes on while other screens are looked at."""
        name = words or await self._ask_name()
        if not name:
            return
        self.pulls.start(name)
        self.cockpit.log_command(f"{PullModel.twin} {name}")
        self.table_of_models.select(name)

    async def _ask_name(self) -> str | None:
        models, current = self.known, self.current_model
        initial = models.recommended if models else None
        if current is not None and not current.is_installed:
            initial = current.name
        elif models and initial in {each.name for each in models.models}:
            initial = None
        question = AskText(
            "Pull a model",
            model_words.suggestions(models),
            initial=initial or "",
            placeholder="qwen2.5:7b",
            verb="Pull",
            judge=lambda typed: model_words.judgement(typed, self.known, self._pulls()),
        )
        return await self.cockpit.ask(question)

    def _pulls_changed(self) -> None:
        if self.is_current:
            self.draw(frozenset({MODELS}))

    def _pull_ended(self, name: str, error: InfernetError | None) -> None:
        self.cockpit.feed.refetch(MODELS)
        if error is not None:
            self.cockpit.show_error(error)
        else:
            self.cockpit.toast(f"{name} is here. u makes it the active one.")

    def pull_to_cancel(self) -> str | None:
        """The pull under the cursor, or the only one."""
        running = [pull.name for pull in self.pulls.running]
        current = self.current_model
        if current is not None and current.name in running:
            return current.name
        return running[0] if len(running) == 1 else None

    def cancel_pull(self, name: str) -> None:
        """Stop one."""
        pull = self._pulls().get(name)
        if pull is not None and self.pulls.cancel(name):
            part = wording.size(pull.completed_bytes)
            self.cockpit.toast(f"Stopped pulling {name}; the {part} that came stays.")
            self.cockpit.feed.refetch(MODELS)

    def _interrupted(self) -> bool:
        """ctrl+c on this screen stops the newest pull."""
        running = self.pulls.running
        if self.cockpit.cockpit_screen is not self or not running:
            return False
        self.cancel_pull(running[-1].name)
        return True

    # --- changing ---------------------------------------------------------------------------

    async def _change(self, verb: str, name: str) -> None:
        payload = {"name": name}
        await self.cockpit.request(verb, payload, seconds=LOAD_TIMEOUT_SECONDS)
        self.cockpit.feed.refetch(MODELS)

    async def use(self, name: str) -> None:
        """Make a model the active one; what was active before can come back."""
        before = self.known.default if self.known else None
        await self._change("model.use", name)
        self.cockpit.log_command(f"{UseModel.twin} {name}")
        if before is None or before == name:
            self.cockpit.toast(f"{name} is the active model.")
            return

        async def undo() -> None:
            await self._change("model.use", before)
            self.cockpit.log_command(f"{UseModel.twin} {before}")

        self.cockpit.can_undo(f"{name} is the active model", undo)

    async def load_or_unload(self, model: ModelView) -> None:
        """Bring a model into memory, or free its memory."""
        verb, other = ("unload", "load") if model.is_loaded else ("load", "unload")
        if verb == "load":
            self.cockpit.toast(f"Loading {model.name}…")
        await self._change(f"model.{verb}", model.name)
        self.cockpit.log_command(f"{LoadModel.twin.removesuffix('load')}{verb} {model.name}")

        async def undo() -> None:
            await self._change(f"model.{other}", model.name)

        self.cockpit.can_undo(f"{verb.capitalize()}ed {model.name}", undo)

    async def delete(self, model: ModelView) -> None:
        """Ask, then delete from disk."""
        freed = wording.size(model.size_bytes)
        consequence = [f"Frees {freed} of disk. To have it again, it must be pulled again."]
        if model.is_default:
            consequence.append("It is the active model: another one takes its place.")
        question = Confirm(
            f"Delete {model.name}?",
            consequence,
            f"{DeleteModel.twin} {model.name}",
            verb="Delete it",
            trigger="d",
        )
        if not await self.cockpit.ask(question):
            return
        await self._change("model.remove", model.name)
        self.cockpit.log_command(f"{DeleteModel.twin} {model.name} --yes")
        self.cockpit.toast(f"Deleted {model.name}: {freed} freed.")

    # --- looking closer ---------------------------------------------------------------------

    async def show_fit(self, model: ModelView) -> None:
        """The reckoning in full."""
        body = model_words.fit_report(model, REPORT_WIDTH)
        await self.cockpit.ask(ShowLines(f"Does it fit? {model.name}", body, copies=model.name))

    async def test_prompt(self, model: ModelView, words: str) -> None:
        """Ask this node's engine something, and see how fast it is."""
        await self.cockpit.ask(TestPrompt(model.name, words))
