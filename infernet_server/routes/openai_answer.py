"""A job's events as OpenAI's chat-completions answer: one object, chunks, or an error. Pure.

A token costs one `orjson.dumps` of its text: the rest of a chunk is the same bytes all along.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from infernet_protocol.errors import ErrorCode
from infernet_protocol.jobs import EventType
from infernet_server.errors import ApiError
from infernet_server.routes.openai_messages import InvalidParameter
from infernet_server.services.jobs import StreamEvent

PING = b": ping\n\n"
END = b"data: [DONE]\n\n"
_TEXT_MARK = b'"\\u0000"'
"""Stands for the text when a chunk is taken apart. Only constants follow it in a chunk."""
_STATUS = {
    ErrorCode.NO_PROVIDER: 503,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.TIMED_OUT: 504,
    ErrorCode.CANCELLED: 499,
}
"""Status by an `error` event's code. 499, not 5xx: SDKs try 5xx again, and a cancelled job must
not come back. Everything else is the engine's fault: 502."""


class JobFailed(ApiError):
    """The job ended with an `error` event before any of the answer was sent."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(str(data.get("message") or "the job failed"))
        code = data.get("code")
        self.code = ErrorCode(code) if code in set(ErrorCode) else ErrorCode.ENGINE_FAILED
        self.status = _STATUS.get(self.code, 502)


def error_body(error: ApiError) -> dict[str, Any]:
    """An error answer in OpenAI's shape."""
    body: dict[str, Any] = {
        "message": error.message,
        "type": "infernet_error",
        "code": error.status,
    }
    if error.hint:
        body["hint"] = error.hint
    if isinstance(error, InvalidParameter):
        body["param"] = error.parameter
    return {"error": body}


def completion_id(job_id: str) -> str:
    """The answer's id: `chatcmpl-` and the first 24 hex digits of the job's UUID."""
    return "chatcmpl-" + job_id.replace("-", "")[:24]


def completion(job_id: str, created: int, model: str, done: Mapping[str, Any]) -> dict[str, Any]:
    """A whole answer, from the job's `done` event. `created` is in Unix seconds."""
    text, calls = done.get("text") or "", _tool_calls(done)
    message: dict[str, Any] = {"role": "assistant", "content": text or (None if calls else "")}
    if calls:
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(done)}
    return {
        "id": completion_id(job_id),
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [choice],
        "usage": _usage(done),
    }


class ChunkWriter:
    """The chunks of one streamed answer."""

    def __init__(self, job_id: str, created: int, model: str, *, includes_usage: bool) -> None:
        self._head = {
            "id": completion_id(job_id),
            "object": "chat.completion.chunk",
            "created": created,
            "model": model,
        }
        self._includes_usage = includes_usage
        chunk = self._chunk({"content": "\0"})
        self._before, _, self._after = chunk.rpartition(_TEXT_MARK)
        self._between = self._after + self._before
        self._has_text = False

    def first(self) -> bytes:
        """The chunk that says who speaks."""
        return self._chunk({"role": "assistant", "content": ""})

    def write(self, batch: Sequence[StreamEvent]) -> bytes:
        """A batch of the job's log. Text comes before the end, so two looks see it in order."""
        if not batch:
            return PING
        dumps = orjson.dumps
        texts = [dumps(event.data["text"]) for event in batch if event.kind == "token"]
        parts = [self._before, self._between.join(texts), self._after] if texts else []
        self._has_text = self._has_text or bool(texts)
        last = batch[-1]
        if last.kind == EventType.DONE:
            parts.append(self._done(last.data))
        elif last.kind == EventType.ERROR:
            parts.append(self._error(last.data))
        elif last.kind == "queue":
            parts.append(b": waiting, place %d in the queue\n\n" % last.data["position"])
        return b"".join(parts)

    def _done(self, done: Mapping[str, Any]) -> bytes:
        parts = []
        if not self._has_text and done.get("text"):
            parts.append(self._chunk({"content": done["text"]}))
        if calls := _tool_calls(done):
            numbered = [{"index": n, **call} for n, call in enumerate(calls)]
            parts.append(self._chunk({"tool_calls": numbered}))
        parts.append(self._chunk({}, _reason(done)))
        if self._includes_usage:
            parts.append(_frame({**self._head, "choices": [], "usage": _usage(done)}))
        return b"".join([*parts, END])

    def _error(self, data: Mapping[str, Any]) -> bytes:
        error = error_body(JobFailed(data))["error"]
        return _frame({**self._head, "choices": [], "error": error}) + END

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        usage = {"usage": None} if self._includes_usage else {}
        return _frame({**self._head, "choices": [choice], **usage})


def _frame(value: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(value)


def _reason(done: Mapping[str, Any]) -> str:
    if _tool_calls(done):
        return "tool_calls"
    return "length" if done.get("reason") == "length" else "stop"


def _tool_calls(done: Mapping[str, Any]) -> list[dict[str, Any]]:
    calls = done.get("tool_calls")
    return [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def _usage(done: Mapping[str, Any]) -> dict[str, int] | None:
    """Token counts as the engine reported them; None, rather than a guess, when it did not."""
    usage = done.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    prompt, answer = counts.get("prompt_tokens"), counts.get("completion_tokens")
    if type(prompt) is not int or type(answer) is not int:
        return None
    return {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
    }
