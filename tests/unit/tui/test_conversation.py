"""What a conversation remembers, and what the model is told of it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from infernet_tui.conversation import Conversation, Turn, follow
from infernet_tui.errors import NotFound
from infernet_tui.screens import chat_words

DONE = {
    "reason": "stop", "job_id": "j1", "node_name": "rig\x1b[31m", "model": "m", "engine": "e",
    "first_token_ms": 310, "tokens": 2, "tokens_per_second": 84.04,
}  # fmt: skip


async def events(*items: tuple[str, Any]) -> AsyncGenerator[tuple[str, Any], None]:
    for item in items:
        yield item


def answered(*items: tuple[str, Any]) -> Turn:
    turn = Turn("2+2?", "network", 0.0)
    asyncio.run(follow(turn, events(*items), lambda text: None))
    return turn


def test_an_answer_says_who_gave_it_and_what_it_took() -> None:
    turn = answered(("token", {"text": "fo"}), ("token", {"text": "ur"}), ("done", DONE))
    assert (turn.text, turn.state) == ("four", "done")
    facts = chat_words.figures(turn)
    assert facts == "rig\ufffd · m · first token 310 ms · 84.0 tok/s · 2 tokens · $0"


@pytest.mark.parametrize(
    ("last", "error", "hint"),
    [
        (("error", {"code": "x", "message": "no GPU", "hint": "buy one"}), "no GPU", "buy one"),
        (("error", {"code": "x"}), "The job failed: x.", None),
        (("token", {"text": "four"}), "The answer broke off before its end.",
         "ask again, or: infernet doctor"),
    ],
)  # fmt: skip
def test_a_failure_keeps_what_came_and_says_what_to_do(
    last: tuple[str, Any], error: str, hint: str | None
) -> None:
    turn = answered(("token", {"text": "so far "}), last)
    assert turn.text.startswith("so far ")
    assert (turn.state, turn.error, turn.hint) == ("failed", error, hint)
    closing = "".join(span.text for each in chat_words.closing_lines(turn, 76) for span in each)
    assert error in closing
    assert "next: " in closing


def test_a_refusal_of_the_node_is_a_failure_of_the_turn() -> None:
    async def refused() -> AsyncGenerator[tuple[str, Any], None]:
        raise NotFound("Nobody serves “x”.", hint="another model")
        yield  # makes it a generator

    turn = Turn("hi", "network", 0.0)
    asyncio.run(follow(turn, refused(), lambda text: None))
    assert (turn.error, turn.hint) == ("Nobody serves “x”.", "another model")


def test_the_model_is_told_what_was_said_before_and_nothing_of_what_failed() -> None:
    talk = Conversation(system="Be brief.", model="m", temperature=0.5)
    talk.turns = [answered(("token", {"text": "four"}), ("done", DONE)), answered(("error", {}))]
    asked = talk.payload("and 3+3?", "local")
    assert [(each["role"], each["content"]) for each in asked["messages"]] == [
        ("system", "Be brief."), ("user", "2+2?"), ("assistant", "four"), ("user", "and 3+3?"),
    ]  # fmt: skip
    assert (asked["route"], asked["model"], asked["temperature"]) == ("local", "m", 0.5)


def test_the_place_in_the_queue_is_said() -> None:
    turn = Turn("hi", "network", 10.0)
    turn.take("queue", {"position": 3})
    said = "".join(span.text for span in chat_words.waiting_line(turn, 14.0))
    assert said == " every node is busy; place 3 in the queue, 4 s"
