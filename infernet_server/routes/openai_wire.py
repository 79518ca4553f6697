"""OpenAI's chat-completions request as a job. Pure.

Unlike on the network's own routes, a parameter of the wrong shape is refused by name (SDK users
rely on that), and nothing that would change the answer is taken and then ignored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infernet_protocol.jobs import DEFAULT_MAX_TOKENS, DEFAULT_TEMPERATURE
from infernet_server.routes.job_requests import (
    MAX_KEY_CHARS,
    is_temperature,
    is_token_count,
    title_of,
)
from infernet_server.routes.openai_messages import InvalidParameter, checked_messages
from infernet_server.services.jobs import NewJob, holds_output

MAX_MODEL_CHARS = 256
MAX_STOPS = 16


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A checked request: the job, and how the answer is to be told."""

    job: NewJob
    is_stream: bool
    includes_usage: bool
    """Whether a stream ends with a chunk of token counts."""


def chat_request(
    body: Mapping[str, Any], *, caller: str, idempotency_key: str | None = None
) -> ChatRequest:
    """Read the body of `POST /v1/chat/completions`.

    Raises:
        InvalidParameter: a field is missing, of the wrong shape, or asks for what no node does.
    """
    _refuse_unsupported(body)
    if idempotency_key is not None and len(idempotency_key) > MAX_KEY_CHARS:
        raise InvalidParameter("Idempotency-Key", f"is longer than {MAX_KEY_CHARS} characters")
    spec = {
        "messages": checked_messages(body.get("messages")),
        "max_tokens": _max_tokens(body),
        "temperature": _temperature(body),
        **_sampling(body),
    }
    is_stream = _flag(body, "stream")
    job = NewJob(
        input_spec=spec,
        title=title_of(spec["messages"]),
        model=_model(body.get("model")),
        idempotency_key=idempotency_key or None,
        caller=caller,
        # A client with a key comes back for the same job when its connection breaks.
        cancel_on_hangup=not idempotency_key,
        holds_output=holds_output(spec),
    )
    return ChatRequest(job, is_stream, is_stream and _includes_usage(body))


def _refuse_unsupported(body: Mapping[str, Any]) -> None:
    if body.get("n") not in (None, 1):
        raise InvalidParameter("n", "n must be 1: ask again for another answer")
    if body.get("logprobs"):
        raise InvalidParameter("logprobs", "logprobs are not supported")
    for old, new in (("functions", "tools"), ("function_call", "tool_choice")):
        if body.get(old) is not None:
            raise InvalidParameter(old, f"{old} is not supported: use {new}")


def _model(value: object) -> str | None:
    if value is None or (isinstance(value, str) and len(value) <= MAX_MODEL_CHARS):
        return value or None
    raise InvalidParameter("model", f"model must be a string of at most {MAX_MODEL_CHARS} chars")


def _max_tokens(body: Mapping[str, Any]) -> int:
    for name in ("max_completion_tokens", "max_tokens"):
        value = body.get(name)
        if value is None:
            continue
        if not is_token_count(value):
            raise InvalidParameter(name, f"{name} must be a whole number from 1")
        return int(value)
    return DEFAULT_MAX_TOKENS


def _temperature(body: Mapping[str, Any]) -> float:
    value = body.get("temperature")
    if value is None:
        return DEFAULT_TEMPERATURE
    if not is_temperature(value):
        raise InvalidParameter("temperature", "temperature must be a number from 0")
    return float(value)


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise InvalidParameter(name, f"{name} must be true or false")


def _includes_usage(body: Mapping[str, Any]) -> bool:
    options = body.get("stream_options")
    if options is None:
        return False
    if not isinstance(options, dict):
        raise InvalidParameter("stream_options", "stream_options must be an object")
    return _flag(options, "include_usage")


def _between(low: float, high: float) -> Callable[[object], bool]:
    def is_between(value: object) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and low <= value <= high  # type: ignore[operator]  # checked before

    return is_between


def _is_whole(value: object) -> bool:
    return type(value) is int and abs(value) < 1 << 63


def _is_stop(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= MAX_STOPS and all(isinstance(stop, str) for stop in value)
    return isinstance(value, str)


def _are_tools(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(tool, dict) and isinstance(tool.get("function"), dict) for tool in value
    )


def _is_choice(value: object) -> bool:
    return isinstance(value, dict) or value in ("none", "auto", "required")


SAMPLING: dict[str, tuple[Callable[[object], bool], str]] = {
    "top_p": (_between(0, 1), "a number from 0 to 1"),
    "top_k": (_is_whole, "a whole number"),
    "min_p": (_between(0, 1), "a number from 0 to 1"),
    "stop": (_is_stop, f"a string or a list of at most {MAX_STOPS} strings"),
    "seed": (_is_whole, "a whole number"),
    "presence_penalty": (_between(-2, 2), "a number from -2 to 2"),
    "frequency_penalty": (_between(-2, 2), "a number from -2 to 2"),
    "logit_bias": (lambda value: isinstance(value, dict), "an object"),
    "tools": (_are_tools, "a list of {type, function} objects"),
    "tool_choice": (_is_choice, "none, auto, required or an object"),
    "parallel_tool_calls": (lambda value: isinstance(value, bool), "true or false"),
    "response_format": (
        lambda value: isinstance(value, dict) and isinstance(value.get("type"), str),
        "an object with a type",
    ),
}
"""What is handed to engines as it came, and the check each must pass."""


def _sampling(body: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: body[name] for name in SAMPLING if body.get(name) is not None}
    for name, value in given.items():
        is_valid, words = SAMPLING[name]
        if not is_valid(value):
            raise InvalidParameter(name, f"{name} must be {words}")
    return given
