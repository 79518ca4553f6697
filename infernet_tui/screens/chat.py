"""Chat: ask a model of the network, or of this node, and read the answer as it is made."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.worker import Worker

from infernet_tui.conversation import Conversation, Route, Turn, follow
from infernet_tui.errors import InfernetError
from infernet_tui.screens import chat_words
from infernet_tui.screens.base import CockpitScreen
from infernet_tui.screens.chat_options import ChatOptions
from infernet_tui.screens.dialogs import Choice, PickOne
from infernet_tui.store import MODELS, PEERS, Topic
from infernet_tui.text import plain_text
from infernet_tui.views.peer import PeersView
from infernet_tui.widgets.composer import Composer
from infernet_tui.widgets.lines import Line, Lines, line
from infernet_tui.widgets.transcript import Transcript

PEERS_SECONDS = 3.0
MAX_MODELS = 200
ROUTE_TWINS = {"network": "infernet chat --remote", "local": "infernet chat --local"}


class ChatScreen(CockpitScreen):
    """The conversation, and below it where the next question is written."""

    NAME = "chat"
    TOPICS = {MODELS: 15.0}  # noqa: RUF012
    BINDINGS = [Binding("escape", "app.user_action('chat.stop')", show=False)]  # noqa: RUF012
    DEFAULT_CSS = """
    ChatScreen #about { height: 1; }
    ChatScreen #transcript { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.talk = Conversation()
        self._answering: Worker[None] | None = None
        self._width = 0
        """Cells that the transcript was laid out for."""

    def compose_body(self) -> ComposeResult:
        """Where it goes, what was said, what is written."""
        yield Lines(id="about")
        yield Transcript("Conversation", id="transcript")
        hint = "enter sends · \\ and enter, or ctrl+j: a new line · esc leaves"
        yield Composer("Message", hint, id="composer")

    def on_mount(self) -> None:
        """Write at once."""
        self.composer.focus()
        self.cockpit.unfinished.may_be_stopped(self._interrupted)
        self.cockpit.unfinished.may_be_lost(self._reason_to_stay)

    @property
    def composer(self) -> Composer:
        """Where one writes."""
        return self.query_one(Composer)

    @property
    def transcript(self) -> Transcript:
        """What was said."""
        return self.query_one(Transcript)

    @property
    def route(self) -> Route:
        """Where the next question goes."""
        models = self.cockpit.store.models
        if self.talk.wanted_route is not None:
            return self.talk.wanted_route
        return "network" if models is not None and models.default is None else "local"

    # --- drawing ----------------------------------------------------------------------------

    def draw(self, topics: frozenset[Topic]) -> None:
        """The line above; all of the transcript where it is new or of another width."""
        models = self.cockpit.store.models
        self.query_one("#about", Lines).show([chat_words.about_line(models, self.talk, self.route)])
        if not self.talk.turns or self._width != self.transcript.text_width:
            self._lay_out()

    def tick(self) -> None:
        """Waiting takes a second more."""
        turn = self.talk.last
        if turn is not None and turn.is_running and not turn.pieces:
            self._draw_waiting(turn)

    def _lay_out(self) -> None:
        """The whole transcript anew: another width, another turn, an answer that ended."""
        page, turns = self.transcript, self.talk.turns
        width = self._width = page.text_width
        page.info = f"{len(turns)} asked · N begins anew" if turns else ""
        page.foot = chat_words.foot(self.talk.last)
        over = turns[:-1] if self.talk.is_running else turns
        lines: list[Line] = [each for turn in over for each in chat_words.turn_lines(turn, width)]
        if not turns:
            words = chat_words.empty_words(
                self.cockpit.store.models,
                self.talk,
                self.route,
                is_connected=self.cockpit.is_connected,
            )
            page.stand([line(""), line((f" {words}", "muted"))])
        elif self.talk.is_running:
            turn = turns[-1]
            page.begin([*lines, *chat_words.question_lines(turn.question, width)], turn.text)
            self._draw_waiting(turn)
        else:
            page.stand(lines)

    def _draw_waiting(self, turn: Turn) -> None:
        page = self.transcript
        page.foot = chat_words.foot(turn)
        waits = not turn.pieces
        page.say_after([chat_words.waiting_line(turn, self.cockpit.store.timer())] if waits else [])
        page.compose_body()

    # --- asking -----------------------------------------------------------------------------

    def ask(self, question: str) -> None:
        """Ask, and let the answer stream in.

        Raises:
            InfernetError: there is no node, or an answer is coming.
        """
        if self.talk.is_running:
            raise InfernetError("An answer is coming.", hint="esc stops it")
        route = self.route
        events = self.cockpit.stream("chat", self.talk.payload(question, route))
        turn = Turn(question, route, self.cockpit.store.timer())
        self.talk.turns.append(turn)
        self.transcript.go_to_end()
        self._lay_out()

        def changed(text: str) -> None:
            self._changed(turn, text)

        self._answering = self.run_worker(
            follow(turn, events, changed), group="answer", exit_on_error=False
        )
        self.cockpit.log_command(ROUTE_TWINS[route])

    def _changed(self, turn: Turn, text: str) -> None:
        if turn is not self.talk.last or not self.is_attached:
            return
        if text:
            self.transcript.foot = chat_words.foot(turn)
            self.transcript.receive(text)
        elif not turn.is_running:
            self._lay_out()
        elif not turn.pieces:
            self._draw_waiting(turn)

    def send(self, words: str = "") -> None:
        """Ask what was typed; or go where it is typed."""
        question = words.strip() or self.composer.text.strip()
        if not words and not self.composer.has_focus:
            self.composer.focus()
        elif not question:
            self.cockpit.toast("Type a question first.", "warning")
        else:
            self.ask(question)
            if not words:
                self.composer.text = ""

    def retry(self) -> None:
        """Ask the last question again, in place of its answer.

        Raises:
            InfernetError: there is no node, or an answer is coming; the old answer stays.
        """
        before = self.talk.turns
        if self.talk.is_running:
            raise InfernetError("An answer is coming.", hint="esc stops it")
        self.talk.turns = before[:-1]
        try:
            self.ask(before[-1].question)
        except InfernetError:
            self.talk.turns = before
            raise

    def stop(self) -> bool:
        """Stop the answer; whether one was coming."""
        turn, answering = self.talk.last, self._answering
        if turn is None or answering is None or not turn.is_running:
            return False
        answering.cancel()
        return True

    def leave_or_stop(self) -> None:
        """Escape: stop the answer, else the pane's size back, else leave the field, else toasts."""
        if self.stop():
            return
        if self.maximized is not None:
            self.minimize()
        elif self.composer.has_focus:
            self.transcript.focus()
        else:
            self.cockpit.toasts.dismiss()

    def start_anew(self) -> None:
        """Forget the conversation; the wishes stay."""
        self.stop()
        turns, self.talk.turns = self.talk.turns, []
        self._lay_out()
        if not turns:
            return

        async def undo() -> None:
            self.stop()
            self.talk.turns = turns
            self._lay_out()

        self.cockpit.can_undo("A new conversation", undo)

    @on(Composer.Submitted)
    def _submitted(self) -> None:
        self.cockpit.run_user_action("chat.send")

    @on(Composer.Left)
    def _left(self) -> None:
        self.cockpit.run_user_action("chat.stop")

    def _interrupted(self) -> bool:
        """ctrl+c on this screen: copy what is selected in the field, else stop the answer."""
        if self.cockpit.cockpit_screen is not self:
            return False
        if selected := self.composer.selected_text:
            self.cockpit.copy(selected, "the selection")
            return True
        return self.stop()

    def _reason_to_stay(self) -> str | None:
        if self.composer.text.strip():
            return "A message in Chat was typed and not sent."
        return "An answer is coming in Chat; quitting stops it." if self.talk.is_running else None

    # --- how it is asked --------------------------------------------------------------------

    def toggle_route(self) -> None:
        """The network, or this node."""
        self.talk.wanted_route = "local" if self.route == "network" else "network"
        models = self.cockpit.store.models
        on_disk = {each.name for each in models.models} if models else set()
        if self.talk.wanted_route == "local" and self.talk.model not in on_disk:
            self.talk.model = None
        self._wishes_changed()

    async def choose_model(self, words: str) -> None:
        """The named model, or one of those that are served."""
        chosen = words or await self._pick_model()
        if chosen is None:
            return
        self.talk.model = chosen if chosen not in ("", chat_words.ANY_MODEL) else None
        self._wishes_changed()

    async def _pick_model(self) -> str | None:
        store = self.cockpit.store
        models = store.models.models if store.models else ()
        default = (store.models.default if store.models else None) or "none"
        if self.route == "local":
            choices = [Choice("", f"default: {default}", "what the node serves")]
        else:
            choices = [Choice("", "any", "the control plane chooses")]
        choices += [
            Choice(each.name, each.name, "on this node" + (", loaded" if each.is_loaded else ""))
            for each in models
        ]
        if self.route == "network":
            known = {each.name for each in models}
            choices += [
                Choice(name, name, f"on {count} other node{'s' if count > 1 else ''}")
                for name, count in (await self._served_elsewhere()).items()
                if name not in known
            ]
        title = "Model on this node" if self.route == "local" else "Model on the network"
        return await self.cockpit.ask(PickOne(title, choices, self.talk.model or ""))

    async def _served_elsewhere(self) -> dict[str, int]:
        """Model → nodes that serve it, as far as the control plane says within a moment."""
        peers = self.cockpit.store.peers
        if peers is None:
            try:
                answer = await self.cockpit.request(PEERS, {"limit": 100}, seconds=PEERS_SECONDS)
            except InfernetError:
                return {}  # one can still choose among this node's
            peers = PeersView.parse(answer)
        counts: dict[str, int] = {}
        for peer in peers.peers:
            for name in () if peer.is_self else peer.served_models:
                counts[name] = counts.get(name, 0) + 1
        return dict(sorted(counts.items())[:MAX_MODELS])

    async def choose_options(self) -> None:
        """System prompt and temperature."""
        wishes = await self.cockpit.ask(ChatOptions(self.talk.system, self.talk.temperature))
        if wishes is not None:
            self.talk.system, self.talk.temperature = wishes.system, wishes.temperature
            self._wishes_changed()

    def _wishes_changed(self) -> None:
        self.draw(frozenset({MODELS}))

    # --- what everything else asks for ------------------------------------------------------

    def open_filter(self, words: str = "") -> None:
        """`:chat what is 2+2?` from anywhere: the words wait to be sent."""
        if words:
            self.composer.text = words
            self.composer.move_cursor(self.composer.document.end)
            self.composer.focus()

    def cell_to_copy(self) -> tuple[str, str] | None:
        """The last answer."""
        answered = [turn for turn in self.talk.turns if turn.pieces]
        return (plain_text(answered[-1].text), "the last answer") if answered else None
