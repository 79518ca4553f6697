"""`chat`: ask the network or this machine's engine; the answer streams back.

Hanging up cancels the job, or stops the engine. What is asked and answered is neither kept nor
logged.
"""

import contextlib
import time
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from infernet_protocol.ipc import event, success
from infernet_tui.answer import Answer
from infernet_tui.errors import UsageError
from infernet_tui.job_stream import DONE, ERROR, META, TOKEN, ChatJob, StreamEvent
from infernet_tui.node.network_chat import ask_network
from infernet_tui.node.verbs.payload import Payload

if TYPE_CHECKING:
    from infernet_tui.node.node import Node

ROUTES = ("network", "local")
MAX_MESSAGES = 1000
MAX_CHARS = 1024 * 1024
MAX_TOKENS = 1_000_000
META_KEYS = ("provider_node_id", "provider_name", "model", "engine")


async def answer(node: "Node", payload: Any) -> AsyncGenerator[dict[str, Any], None]:
    """The route, then the events of the answer, and what it came to."""
    asked = Payload(payload)
    route = asked.choice("route", "network", ROUTES)
    job = ChatJob(
        _messages(asked.raw.get("messages")),
        asked.optional_text("model"),
        asked.optional_integer("max_tokens", 1, MAX_TOKENS),
        asked.optional_number("temperature", 0, 10),
    )
    yield success({"route": route})
    account, began = Answer(), time.monotonic()
    events = (
        ask_network(node.control_plane, job)
        if route == "network"
        else node.local_chats.ask(job, lambda: _this_node(node))
    )
    async with contextlib.aclosing(events):
        async for each in events:
            if shown := _shown(each, account, began):
                yield shown


def _shown(each: StreamEvent, account: Answer, began: float) -> dict[str, Any] | None:
    """One event as this verb tells it; None for one that a later version may know."""
    data = each.data if isinstance(each.data, Mapping) else {}
    if each.event == "job":
        account.submitted(data)
        return event("job", {key: data.get(key) for key in ("jobId", "provider", "source")})
    account.take(each.event, dict(data))
    if each.event == META:
        return event(META, {key: data.get(key) for key in META_KEYS})
    if each.event == TOKEN:
        return event(TOKEN, {"text": str(data.get("text", ""))})
    if each.event == "queue":
        return event("queue", dict(data))
    if each.event == ERROR:
        return event(ERROR, _failure(data, account))
    return event(DONE, _summary(data, account, began)) if each.event == DONE else None


def _failure(data: Mapping[str, Any], account: Answer) -> dict[str, Any]:
    code = data.get("code")
    return {
        "code": code if isinstance(code, str) else "job_failed",
        "message": account.error,
        "hint": data.get("hint"),
    }


def _summary(data: Mapping[str, Any], account: Answer, began: float) -> dict[str, Any]:
    usage = data.get("usage")
    return {
        "reason": data.get("reason"),
        "usage": usage if isinstance(usage, Mapping) else None,
        "job_id": account.job_id,
        "node_id": account.node_id,
        "node_name": account.node_name,
        "model": account.model,
        "engine": account.engine,
        "first_token_ms": account.first_token_ms,
        "tokens": account.tokens,
        "tokens_per_second": account.tokens_per_second,
        "total_ms": round((time.monotonic() - began) * 1000),
    }


def _this_node(node: "Node") -> dict[str, Any]:
    return {"provider_node_id": node.identity.node_id, "provider_name": node.identity.name or None}


def _messages(value: object) -> tuple[Mapping[str, str], ...]:
    """The chat, each message `{role, content}`.

    Raises:
        UsageError: there is none, one has another shape, or it is too long.
    """
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_MESSAGES:
        raise UsageError(f"`messages` must be a list of 1 to {MAX_MESSAGES}.")
    messages = tuple(
        {"role": item["role"], "content": item["content"]}
        for item in value
        if isinstance(item, dict)
        and isinstance(item.get("role"), str)
        and isinstance(item.get("content"), str)
    )
    if len(messages) != len(value):
        raise UsageError("Each message must be {role, content}, both texts.")
    if sum(len(message["content"]) for message in messages) > MAX_CHARS:
        raise UsageError(f"The chat is longer than {MAX_CHARS} characters.")
    return messages
