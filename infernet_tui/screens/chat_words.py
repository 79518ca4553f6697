"""A conversation in words: what was asked, how an answer goes, what it took."""

from infernet_tui.conversation import Conversation, Route, Turn
from infernet_tui.screens import wording
from infernet_tui.text import marked_lines
from infernet_tui.views.model import ModelsView
from infernet_tui.widgets.answer_lines import laid_out
from infernet_tui.widgets.lines import EMPTY, Line, Span, line
from infernet_tui.widgets.wrap import wrap

NO_NODE = "Daemon not running. Press esc, 1 and t, or: `infernet start`"
ON_THIS_NODE = "Ask anything. Model {model} on this node, price $0. m changes it."
ON_THE_NETWORK = "Ask anything. Model {model} on the network, price $0. m changes it."
NO_MODEL = "No models on disk. Press esc and 2, or: `infernet model pull {name}`"
ANY_MODEL = "any"
PRICE = "$0"
"""A chat offers no payment, on either route."""
MARGIN = Span(" ")


def empty_words(
    models: ModelsView | None, talk: Conversation, route: Route, *, is_connected: bool
) -> str:
    """What stands where nothing was asked yet."""
    if not is_connected:
        return NO_NODE
    if models is None:
        return "asking the node for its models"
    if route == "network":
        return ON_THE_NETWORK.format(model=talk.model or ANY_MODEL)
    model = talk.model or models.default
    if model is None:
        return NO_MODEL.format(name=models.recommended or "qwen2.5:0.5b")
    return ON_THIS_NODE.format(model=model)


def about_line(models: ModelsView | None, talk: Conversation, route: Route) -> Line:
    """Where the next question goes, and how it is asked. Each part can be clicked."""
    default = ANY_MODEL if route == "network" else (models.default if models else None) or "none"
    where = "this node (local)" if route == "local" else "the network"
    heat = "default" if talk.temperature is None else f"{talk.temperature:g}"
    return (
        Span(" to ", "muted", "chat.route"), Span(where, "text", "chat.route"),
        Span("  model ", "muted", "chat.model"), Span(talk.model or default, "text", "chat.model"),
        Span("  temperature ", "muted", "chat.options"), Span(heat, "text", "chat.options"),
        Span("  system ", "muted", "chat.options"),
        Span("set" if talk.system else "none", "text", "chat.options"),
    )  # fmt: skip


def question_lines(question: str, width: int) -> list[Line]:
    """What was asked, led by a mark."""
    lines: list[Line] = []
    for row in marked_lines(question).split("\n"):
        lead = Span(" > " if not lines else "   ", "accent")
        lines += wrap([Span(row, "title")], width, first=(lead,), rest=(Span("   "),))
    return [*lines, EMPTY]


def turn_lines(turn: Turn, width: int) -> list[Line]:
    """One turn that is over: question, answer, and what it took."""
    return [*question_lines(turn.question, width), *answer_lines(turn, width)]


def answer_lines(turn: Turn, width: int) -> list[Line]:
    """An answer that is over, and what it took."""
    answer = indented(laid_out(turn.text, width)) if turn.pieces else []
    return [*answer, *closing_lines(turn, width)]


def indented(lines: list[Line]) -> list[Line]:
    """Away from the frame."""
    return [(MARGIN, *each) for each in lines]


def closing_lines(turn: Turn, width: int) -> list[Line]:
    """Under an answer: who gave it and what it took, or why there is none."""
    lines: list[Line] = [EMPTY] if turn.pieces else []
    lead = (MARGIN,)
    if turn.error is not None:
        lines += wrap([Span(turn.error, "error")], width, first=lead, rest=lead)
        hint = turn.hint or "ctrl+r asks again; m another model; ctrl+n the other route"
        lines += wrap([Span("next: ", "muted"), Span(hint, "key")], width, first=lead, rest=lead)
    if turn.state == "stopped":
        lines.append(line(MARGIN, ("stopped", "warn")))
    if facts := figures(turn):
        lines += wrap([Span(facts, "muted")], width, first=lead, rest=lead)
    return [*lines, EMPTY]


def figures(turn: Turn) -> str:
    """`rig-01 · qwen2.5:14b · first token 310 ms · 84.2 tok/s · 412 tokens · $0`."""
    if not turn.pieces and turn.state != "done":
        return ""
    facts = [turn.node_name or turn.engine, turn.model]
    if turn.first_token_ms is not None:
        facts.append(f"first token {wording.milliseconds(turn.first_token_ms)}")
    if turn.tokens_per_second is not None:
        facts.append(f"{turn.tokens_per_second:.1f} tok/s")
    if turn.tokens is not None:
        facts.append(wording.count_of(turn.tokens, "token"))
    return " · ".join([*(fact for fact in facts if fact), PRICE])


def waiting_line(turn: Turn, now: float) -> Line:
    """What is waited for before the first word."""
    whom = "the network" if turn.route == "network" else "this node's engine"
    seconds = f"{max(0.0, now - turn.asked_at):.0f} s"
    if turn.state == "queued":
        place = f"place {turn.place}" if turn.place is not None else "waiting"
        return line(MARGIN, (f"every node is busy; {place} in the queue, {seconds}", "info"))
    if turn.node_name:
        return line(MARGIN, (f"{turn.node_name} reads the question, {seconds}", "muted"))
    return line(MARGIN, (f"asking {whom}, {seconds}", "muted"))


def foot(turn: Turn | None) -> str:
    """In the lower edge while an answer comes."""
    if turn is None or not turn.is_running:
        return ""
    if turn.state != "answering":
        return "esc stops"
    return f"{wording.count_of(len(turn.pieces), 'token')} · esc stops"
