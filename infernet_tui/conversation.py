"""A conversation with a model: what was asked, what came back, and how the next one is asked.

Plain data, fed with the events of the node's `chat` verb. Strangers' names come out safe to show;
the answer's text is kept as it came, for the model's next turn, and is made harmless by whoever
shows it.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from infernet_tui.answer import Answer
from infernet_tui.errors import InfernetError
from infernet_tui.text import marked
from infernet_tui.views.reader import Reader

Route = Literal["network", "local"]
State = Literal["asking", "queued", "answering", "done", "stopped", "failed"]
Events = AsyncGenerator[tuple[str, Any], None]
MAX_ERROR_CHARS = 1000


@dataclass(slots=True)
class Turn:
    """One question and its answer."""

    question: str
    route: Route
    asked_at: float
    """Monotonic seconds."""
    state: State = "asking"
    pieces: list[str] = field(default_factory=list)
    place: int | None = None
    """In the queue."""
    error: str | None = None
    hint: str | None = None
    job_id: str | None = None
    node_name: str | None = None
    model: str | None = None
    engine: str | None = None
    first_token_ms: int | None = None
    tokens: int | None = None
    tokens_per_second: float | None = None
    account: Answer = field(default_factory=Answer)
    """What we measured ourselves, for an answer that was stopped."""

    @property
    def text(self) -> str:
        """The answer so far, as it came."""
        return "".join(self.pieces)

    @property
    def is_running(self) -> bool:
        """Whether more is to come."""
        return self.state in ("asking", "queued", "answering")

    def take(self, event: str, data: Any) -> str:
        """One event; the text that it brought."""
        top = Reader(data)
        if event == "token":
            return self._token(data)
        if event == "job":
            self.account.submitted(top.raw)
            self.job_id = top.text("jobId")
            self.node_name = top.part("provider").text("name") or self.node_name
        elif event == "queue":
            self.state, self.place = "queued", top.integer("position")
        elif event == "meta":
            self.account.take(event, top.raw)
            self.node_name = top.text("provider_name") or self.node_name
            self.model, self.engine = top.text("model") or self.model, top.text("engine")
        elif event == "done":
            self._done(top)
        elif event == "error":
            code = top.text("code")
            said = top.text("message", MAX_ERROR_CHARS)
            self.fail(said or f"The job failed: {code or 'unknown'}.", top.text("hint"))
        return ""

    def _token(self, data: Any) -> str:
        text = data.get("text") if isinstance(data, dict) else None
        if not isinstance(text, str) or not text:
            return ""
        self.account.take("token", data)
        self.state = "answering"
        self.pieces.append(text)
        return text

    def _done(self, top: Reader) -> None:
        self.account.take("done", top.raw)
        self.state = "done"
        self.job_id = top.text("job_id") or self.job_id
        self.node_name = top.text("node_name") or top.text("node_id") or self.node_name
        self.model = top.text("model") or self.model
        self.engine = top.text("engine") or self.engine
        self.first_token_ms = top.integer("first_token_ms")
        self.tokens = top.integer("tokens")
        self.tokens_per_second = top.number("tokens_per_second")

    def fail(self, message: str, hint: str | None) -> None:
        """It did not work; what came so far stays."""
        self.state = "failed"
        self.error, self.hint = marked(message, MAX_ERROR_CHARS), hint and marked(hint, 300)
        self._measure()

    def stop(self) -> None:
        """Nobody wants the rest."""
        if self.is_running:
            self.state = "stopped"
            self._measure()

    def _measure(self) -> None:
        if self.pieces:
            self.first_token_ms = self.account.first_token_ms
            self.tokens = self.account.tokens
            self.tokens_per_second = self.account.tokens_per_second


@dataclass(slots=True)
class Conversation:
    """The turns, and the wishes for the next one."""

    turns: list[Turn] = field(default_factory=list)
    wanted_route: Route | None = None
    """None until a person chose: then this node if it has a model, else the network."""
    model: str | None = None
    """None for the default of the route."""
    system: str = ""
    temperature: float | None = None

    @property
    def last(self) -> Turn | None:
        """The newest turn."""
        return self.turns[-1] if self.turns else None

    @property
    def is_running(self) -> bool:
        """Whether an answer is coming."""
        return bool(self.turns) and self.turns[-1].is_running

    def payload(self, question: str, route: Route) -> dict[str, Any]:
        """What the `chat` verb is asked: the system prompt, the turns that were answered, this."""
        messages = [{"role": "system", "content": self.system}] if self.system else []
        for turn in self.turns:
            if turn.pieces:
                messages.append({"role": "user", "content": turn.question})
                messages.append({"role": "assistant", "content": turn.text})
        messages.append({"role": "user", "content": question})
        return {
            "messages": messages,
            "model": self.model,
            "route": route,
            "temperature": self.temperature,
            "max_tokens": None,
        }


async def follow(turn: Turn, events: Events, changed: Callable[[str], None]) -> None:
    """Fill a turn from the node's events; `changed` is told of each, with the text it brought.

    Cancelling it stops the answer: the node is hung up on.
    """
    try:
        async with contextlib.aclosing(events):
            async for event, data in events:
                changed(turn.take(event, data))
        if turn.is_running:
            turn.fail("The answer broke off before its end.", "ask again, or: infernet doctor")
    except InfernetError as error:
        turn.fail(error.message, error.hint)
    except asyncio.CancelledError:
        turn.stop()
        raise
    finally:
        changed("")
