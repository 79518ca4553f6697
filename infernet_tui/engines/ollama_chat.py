"""Ollama's chat format: a request as it wants it, and its NDJSON answer as engine events.

Pure, and on the path of every token. OpenAI's spelling goes in (`SAMPLING_FIELDS`, content parts,
tool calls with JSON text) and comes out; Ollama's own stays here.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson

from infernet_tui.engines.base import Done, Failed, GenerateRequest, Message, Token, Usage
from infernet_tui.engines.messages import text_of, with_prefill

MAX_LINE_BYTES = 8 * 1024 * 1024
_SAME_NAME = (
    "top_p", "top_k", "min_p", "stop", "seed", "presence_penalty", "frequency_penalty"
)  # fmt: skip


def chat_body(request: GenerateRequest, model: str | None, num_thread: int | None) -> bytes:
    """The body of `POST /api/chat`."""
    given = request.options
    options = {name: given[name] for name in _SAME_NAME if given.get(name) is not None}
    for name, value in (
        ("temperature", request.temperature),
        ("num_predict", request.max_tokens),
        ("num_thread", num_thread),
    ):
        if value is not None:
            options[name] = value
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(one) for one in with_prefill(request.messages, request.prefill)],
        "stream": True,
        "options": options,
    }
    if given.get("tools") and given.get("tool_choice") != "none":
        body["tools"] = given["tools"]
    if (wanted := _format(given.get("response_format"))) is not None:
        body["format"] = wanted
    return orjson.dumps(body)


def _format(response_format: Any) -> Any:
    if not isinstance(response_format, Mapping):
        return None
    if response_format.get("type") == "json_schema":
        schema = response_format.get("json_schema")
        return schema.get("schema") if isinstance(schema, Mapping) else None
    return "json" if response_format.get("type") == "json_object" else None


def _message(message: Message) -> dict[str, Any]:
    translated: dict[str, Any] = {"role": message.get("role"), "content": text_of(message)}
    if images := _images(message.get("content")):
        translated["images"] = images
    if calls := message.get("tool_calls"):
        translated["tool_calls"] = [_call_to_ollama(call) for call in calls]
    if name := message.get("name"):
        translated["tool_name"] = name
    return translated


def _images(content: Any) -> list[str]:
    """Base64 of the images that came inside the message; an address elsewhere is not fetched."""
    parts = content if isinstance(content, list) else []
    urls = (
        part["image_url"].get("url")
        for part in parts
        if isinstance(part, dict) and isinstance(part.get("image_url"), dict)
    )
    return [
        url.partition(",")[2] for url in urls if isinstance(url, str) and url.startswith("data:")
    ]


def _call_to_ollama(call: Any) -> dict[str, Any]:
    function = call.get("function", {}) if isinstance(call, dict) else {}
    arguments = function.get("arguments")
    try:
        parsed = orjson.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        parsed = {}
    return {"function": {"name": function.get("name", ""), "arguments": parsed or {}}}


class OllamaStream:
    """The state of one answer while it arrives; `feed` never raises."""

    __slots__ = ("_end", "_rest", "_tool_calls", "is_over")

    def __init__(self) -> None:
        self.is_over = False
        self._rest = b""
        self._end: Done | Failed | None = None
        self._tool_calls: list[dict[str, Any]] = []

    def feed(self, chunk: bytes) -> list[Token]:
        """Take the next bytes; the tokens they complete."""
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        tokens: list[Token] = []
        for line in lines:
            if line and not self.is_over:
                self._line(line, tokens)
        if len(self._rest) > MAX_LINE_BYTES:
            self._fail(f"a line of the answer is longer than {MAX_LINE_BYTES} bytes")
        return tokens

    def end(self) -> Done | Failed:
        """How the answer ended, once no more bytes come."""
        return self._end or Failed("Ollama's answer broke off before its end.")

    def _line(self, line: bytes, tokens: list[Token]) -> None:
        try:
            part = orjson.loads(line)
            if message := part.get("message"):
                if text := message.get("content"):
                    tokens.append(Token(text + ""))
                for call in message.get("tool_calls") or ():
                    self._tool_calls.append(_call_from_ollama(call))
            if part.get("done"):
                self._finish(part)
            elif error := part.get("error"):
                self._end, self.is_over = Failed(str(error)[:1024]), True
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError):
            self._fail("it is not a chat answer")

    def _finish(self, part: dict[str, Any]) -> None:
        reason = "length" if part.get("done_reason") == "length" else "stop"
        usage = None
        if "eval_count" in part:
            # Ollama leaves the prompt's count out when the whole prompt was cached.
            usage = Usage(int(part.get("prompt_eval_count") or 0), int(part["eval_count"]))
        calls = self._tool_calls or None
        self._end, self.is_over = Done("tool_calls" if calls else reason, usage, calls), True

    def _fail(self, why: str) -> None:
        self._end, self.is_over = Failed(f"Ollama sent what cannot be read: {why}."), True


def _call_from_ollama(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    arguments = orjson.dumps(function.get("arguments") or {}).decode()
    return {
        "id": call.get("id") or f"call_{uuid4().hex[:24]}",
        "type": "function",
        "function": {"name": str(function["name"]), "arguments": arguments},
    }
