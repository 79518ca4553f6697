"""From a request's body to a `NewJob`: pure, and lenient where the existing network is.

Wrong-typed optional fields count as absent (`wire.md` §1); what the job is about must be right.
"""

import math
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from infernet_protocol.jobs import (
    DEFAULT_MAX_TOKENS,
    DEFAULT_TEMPERATURE,
    SAMPLING_FIELDS,
    JobSubmitRequest,
)
from infernet_server.errors import InvalidRequest
from infernet_server.services.jobs import NewJob, holds_output

MAX_MESSAGES = 1000
MAX_KEY_CHARS = 255
MAX_TOKENS_LIMIT = 1_000_000
CHAT_TYPES = ("chat", "inference")


def chat_job(body: Mapping[str, Any], *, caller: str, idempotency_key: str | None) -> NewJob:
    """`POST /api/chat`.

    Raises:
        InvalidRequest: no messages, or one of the wrong shape.
    """
    model = body.get("modelName")
    spec = _input_spec(body, body.get("maxTokens"))
    return _job(
        spec,
        type="chat",
        model=model if isinstance(model, str) and model else None,
        requires=body.get("requires"),
        payment=body.get("payment"),
        idempotency_key=_key(idempotency_key, body.get("idempotency_key")),
        caller=caller,
        cancel_on_hangup=body.get("stream") is True,
    )


def submitted_job(body: Mapping[str, Any], *, caller: str, idempotency_key: str | None) -> NewJob:
    """`POST /api/jobs/submit`, the general form.

    Raises:
        InvalidRequest: `type`, `input` or what the type needs is missing or wrong.
    """
    try:
        request = JobSubmitRequest.model_validate(body)
    except ValidationError:
        hint = 'for example {"type": "chat", "input": {"messages": […]}}'
        raise InvalidRequest("input must be an object", hint=hint) from None
    is_chat = request.type in CHAT_TYPES
    asked = request.input
    spec = _input_spec(asked, asked.get("max_tokens")) if is_chat else asked
    return _job(
        spec,
        type=request.type,
        model=request.model or None,
        requires=request.requires,
        payment=request.payment,
        idempotency_key=_key(idempotency_key, request.idempotency_key),
        caller=caller,
        cancel_on_hangup=body.get("stream") is True,
    )


def _job(
    spec: dict[str, Any],
    *,
    type: str,
    model: str | None,
    requires: object,
    payment: object,
    idempotency_key: str | None,
    caller: str,
    cancel_on_hangup: bool,
) -> NewJob:
    coin, network, micros = _payment(payment)
    return NewJob(
        input_spec=spec,
        type=type,
        title=title_of(spec.get("messages")),
        model=model,
        requires=requires if isinstance(requires, dict) else None,
        payment_coin=coin,
        payment_network=network,
        payment_micros=micros,
        idempotency_key=idempotency_key,
        caller=caller,
        cancel_on_hangup=cancel_on_hangup,
        holds_output=holds_output(spec),
    )


def _input_spec(body: Mapping[str, Any], max_tokens: object) -> dict[str, Any]:
    messages = checked_messages(body.get("messages"))
    temperature = body.get("temperature")
    spec: dict[str, Any] = {
        "messages": messages,
        "max_tokens": max_tokens if is_token_count(max_tokens) else DEFAULT_MAX_TOKENS,
        "temperature": temperature if is_temperature(temperature) else DEFAULT_TEMPERATURE,
    }
    return spec | {name: body[name] for name in SAMPLING_FIELDS & body.keys()}


def checked_messages(value: object) -> list[dict[str, str]]:
    """The chat, each message `{role, content}`.

    Raises:
        InvalidRequest: in the existing network's words.
    """
    if not isinstance(value, list) or not value:
        raise InvalidRequest("messages[] is required")
    if len(value) > MAX_MESSAGES:
        raise InvalidRequest(f"too many messages (max {MAX_MESSAGES})")
    for message in value:
        parts = (message.get("role"), message.get("content")) if isinstance(message, dict) else ()
        if len(parts) != 2 or not all(isinstance(part, str) for part in parts):
            raise InvalidRequest("Each message must be { role, content } strings")
    return [{"role": message["role"], "content": message["content"]} for message in value]


def title_of(messages: object) -> str:
    """The first words of the user, for the job's own list."""
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            return content[:80] if isinstance(content, str) else "chat"
    return "chat"


def is_token_count(value: object) -> bool:
    """Whether a client's `max_tokens` can be used."""
    return type(value) is int and 0 < value <= MAX_TOKENS_LIMIT


def is_temperature(value: object) -> bool:
    """Whether a client's `temperature` can be used."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value <= 10  # type: ignore[operator,arg-type]


def _payment(value: object) -> tuple[str | None, str | None, int]:
    """Coin, network and offer in micro-USD of `payment {coin, network, max}`.

    Raises:
        InvalidRequest: an offer that is not an amount: guessing about money helps nobody.
    """
    if not isinstance(value, dict):
        return None, None, 0
    coin, most = value.get("coin"), value.get("max", 0)
    is_number = isinstance(most, int | float) and not isinstance(most, bool)
    if not is_number or not math.isfinite(most) or not 0 <= most < 1e9:
        raise InvalidRequest("payment.max must be an amount in USD, for example 0.02")
    if not isinstance(coin, str) or not 0 < len(coin) <= 16:
        raise InvalidRequest("payment.coin is required", hint="for example USDC")
    network = value.get("network")
    named = network[:32].lower() if isinstance(network, str) and network else None
    return coin.upper(), named, round(most * 1_000_000)


def _key(header: str | None, field: object) -> str | None:
    key = header if header else field
    if not isinstance(key, str) or not key:
        return None
    if len(key) > MAX_KEY_CHARS:
        raise InvalidRequest(f"the idempotency key is longer than {MAX_KEY_CHARS} characters")
    return key
