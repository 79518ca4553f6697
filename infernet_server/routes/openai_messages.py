"""The messages of an OpenAI request: text, images, tool calls and their results. Pure.

What comes out is what engines get: no unknown fields, text as a plain string wherever it can be.
"""

from collections.abc import Mapping
from typing import Any

from infernet_server.errors import InvalidRequest
from infernet_server.routes.job_requests import MAX_MESSAGES

ROLES = ("system", "developer", "user", "assistant", "tool")


class InvalidParameter(InvalidRequest):
    """400 that names the parameter at fault, in OpenAI's `messages[0].content` spelling."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


def checked_messages(value: object) -> list[dict[str, Any]]:
    """The chat, with only the fields that engines know.

    Raises:
        InvalidParameter: empty, too long, or a message of the wrong shape.
    """
    if not isinstance(value, list) or not value:
        raise InvalidParameter("messages", "messages must be a list of at least one message")
    if len(value) > MAX_MESSAGES:
        raise InvalidParameter("messages", f"too many messages (max {MAX_MESSAGES})")
    return [_message(message, f"messages[{n}]") for n, message in enumerate(value)]


def _message(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidParameter(where, f"{where} must be an object")
    role = value.get("role")
    if role not in ROLES:
        raise InvalidParameter(f"{where}.role", f"role must be one of: {', '.join(ROLES)}")
    # OpenAI's newer name for the same thing; open models' chat templates only know the older.
    message = {"role": "system" if role == "developer" else role, "content": _content(value, where)}
    if value.get("name") is not None:
        message["name"] = _text(value["name"], f"{where}.name")
    if role == "tool":
        message["tool_call_id"] = _text(value.get("tool_call_id"), f"{where}.tool_call_id")
    elif role == "assistant" and value.get("tool_calls") is not None:
        message["tool_calls"] = _tool_calls(value["tool_calls"], f"{where}.tool_calls")
    return message


def _content(message: Mapping[str, Any], where: str) -> str | list[dict[str, Any]]:
    """Text as a string (what every engine takes); parts are kept only when there is an image."""
    value, where = message.get("content"), f"{where}.content"
    if isinstance(value, str):
        return value
    if value is None and message["role"] == "assistant":
        return ""  # an assistant that only called tools
    if not isinstance(value, list) or not value:
        raise InvalidParameter(where, f"{where} must be a string or a list of content parts")
    parts = [_part(part, f"{where}[{n}]") for n, part in enumerate(value)]
    if all(part["type"] == "text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    return parts


def _part(value: object, where: str) -> dict[str, Any]:
    kind = value.get("type") if isinstance(value, dict) else None
    if isinstance(value, dict) and kind == "text":
        return {"type": "text", "text": _text(value.get("text"), f"{where}.text")}
    if isinstance(value, dict) and kind == "image_url":
        return {"type": "image_url", "image_url": _image(value.get("image_url"), where)}
    raise InvalidParameter(f"{where}.type", "a content part must be of type text or image_url")


def _image(value: object, where: str) -> dict[str, str]:
    url = value.get("url") if isinstance(value, dict) else None
    # An address would be fetched by the engine, from inside the operator's own network.
    if not isinstance(value, dict) or not isinstance(url, str) or not url.startswith("data:image/"):
        raise InvalidParameter(
            f"{where}.image_url.url", "an image must be sent along, as a data:image/… URL"
        )
    detail = value.get("detail")
    return {"url": url, "detail": detail} if isinstance(detail, str) else {"url": url}


def _tool_calls(value: object, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise InvalidParameter(where, f"{where} must be a list")
    return [_tool_call(call, f"{where}[{n}]") for n, call in enumerate(value)]


def _tool_call(value: object, where: str) -> dict[str, Any]:
    function = value.get("function") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(function, dict):
        raise InvalidParameter(where, f"{where} must be {{id, type, function}}")
    return {
        "id": _text(value.get("id"), f"{where}.id"),
        "type": "function",
        "function": {
            name: _text(function.get(name), f"{where}.function.{name}")
            for name in ("name", "arguments")
        },
    }


def _text(value: object, where: str) -> str:
    if isinstance(value, str):
        return value
    raise InvalidParameter(where, f"{where} must be a string")
