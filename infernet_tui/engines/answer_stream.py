"""One streamed answer in OpenAI's format: bytes in, engine events out.

Pure, and on the path of every token: no I/O, no clock, one JSON parse a chunk. Whatever bytes come,
`feed` never raises and `end` is one `Done` or `Failed`. Only `data:` lines matter; a line may be
cut anywhere by the network.
"""

from typing import Any

import orjson

from infernet_tui.engines.base import Done, Failed, Token, Usage

MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_TOOL_CALLS = 128

_REASONS = {
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}


class AnswerStream:
    """The state of one answer while it arrives."""

    __slots__ = (
        "_failure",
        "_finish_reason",
        "_has_begun",
        "_rest",
        "_tool_calls",
        "_usage",
        "is_over",
    )

    def __init__(self) -> None:
        self.is_over = False
        """Nothing more is expected: the server said so, or broke the format."""
        self._rest = b""
        self._has_begun = False
        self._finish_reason: str | None = None
        self._usage: Usage | None = None
        self._tool_calls: dict[int, dict[str, Any]] = {}
        self._failure: Failed | None = None

    def feed(self, chunk: bytes) -> list[Token]:
        """Take the next bytes; the tokens they complete."""
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        tokens: list[Token] = []
        for line in lines:
            if line.startswith(b"data:") and not self.is_over:
                self._data(line[5:].strip(), tokens)
        if len(self._rest) > MAX_LINE_BYTES:
            self._fail(f"a line of the answer is longer than {MAX_LINE_BYTES} bytes")
        return tokens

    def end(self) -> Done | Failed:
        """How the answer ended, once no more bytes come."""
        if self._failure:
            return self._failure
        if self._finish_reason is None and not (self.is_over and self._has_begun):
            return Failed("The engine's answer broke off before its end.")
        if self._finish_reason == "abort":
            return Failed("The engine aborted the answer.")
        calls = [self._tool_calls[index] for index in sorted(self._tool_calls)] or None
        reason = "tool_calls" if calls else _REASONS.get(self._finish_reason or "", "stop")
        return Done(reason, self._usage, calls)

    def _data(self, data: bytes, tokens: list[Token]) -> None:
        if data == b"[DONE]":
            self.is_over = True
            return
        try:
            chunk = orjson.loads(data)
            choices = chunk.get("choices")
            if choices:
                self._has_begun = True
                choice = choices[0]
                delta = choice.get("delta") or {}
                text = delta.get("content")
                if text:
                    tokens.append(Token(text if type(text) is str else _joined(text)))
                if calls := delta.get("tool_calls"):
                    self._merge_tool_calls(calls)
                if reason := choice.get("finish_reason"):
                    self._finish_reason = str(reason)
            if usage := chunk.get("usage"):
                self._usage = Usage(int(usage["prompt_tokens"]), int(usage["completion_tokens"]))
            if error := chunk.get("error"):
                self._fail_with(error)
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError):
            self._fail("it is not a chat completion chunk")

    def _merge_tool_calls(self, deltas: list[dict[str, Any]]) -> None:
        for position, delta in enumerate(deltas):
            index = int(delta.get("index", position))
            if index not in self._tool_calls and len(self._tool_calls) >= MAX_TOOL_CALLS:
                raise ValueError("too many tool calls")
            call = self._tool_calls.setdefault(
                index, {"id": None, "type": "function", "function": {"name": "", "arguments": ""}}
            )
            call["id"] = call["id"] or delta.get("id")
            function = delta.get("function") or {}
            call["function"]["name"] = call["function"]["name"] or function.get("name") or ""
            call["function"]["arguments"] += function.get("arguments") or ""

    def _fail_with(self, error: Any) -> None:
        failure = failure_of(error if isinstance(error, dict) else {"message": str(error)})
        self._failure, self.is_over = failure, True

    def _fail(self, why: str) -> None:
        self._failure = Failed(f"The engine sent what cannot be read: {why}.")
        self.is_over = True


def failure_of(error: dict[str, Any], status: int | None = None) -> Failed:
    """An OpenAI error object as an event; another node may do better unless the prompt is at fault.

    `status` is HTTP's; without it the object's own `code` counts.
    """
    message = str(error.get("message") or "the engine gave no reason")
    code = error.get("code")
    status = status or (code if isinstance(code, int) else 500)
    return Failed(message[:1024], retryable=status not in (400, 405, 411, 413, 414, 415, 422, 501))


def _joined(parts: Any) -> str:
    """Text of a delta that came as content parts."""
    return "".join(str(part.get("text") or "") for part in parts)
