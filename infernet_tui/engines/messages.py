"""Reading chat messages, whose content may be text or OpenAI content parts."""

from collections.abc import Sequence

from infernet_tui.engines.base import Message


def text_of(message: Message) -> str:
    """The text of one message; parts that are no text (images) are left out."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part.get("text") for part in content if isinstance(part, dict))
    return "".join(part for part in parts if isinstance(part, str))


def last_user_text(messages: Sequence[Message]) -> str:
    """What the user said last; empty when the user said nothing."""
    for message in reversed(messages):
        if message.get("role") == "user":
            return text_of(message)
    return ""


def with_prefill(messages: Sequence[Message], prefill: str | None) -> list[Message]:
    """The messages, ended by the part of the answer to continue."""
    return [*messages, {"role": "assistant", "content": prefill}] if prefill else list(messages)
