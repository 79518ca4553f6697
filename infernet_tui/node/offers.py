"""Reading a job as it is handed out, by push or by poll, into what an engine is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infernet_protocol.jobs import SAMPLING_FIELDS
from infernet_tui.engines.base import GenerateRequest
from infernet_tui.node.outbox import AttemptKey

SERVED_TYPES = ("chat", "inference")
MAX_COIN_CHARS = 16


class JobRefused(Exception):
    """This node will not run the job; the text says why."""

    def __init__(self, reason: str, *, retryable: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        """Whether this is about the node (another one may) and not about the job."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A job as handed out, checked."""

    key: AttemptKey
    request: GenerateRequest
    payment_offer: float | None = None
    """What the job pays at most, in USD; None when it offers nothing."""
    payment_coin: str | None = None

    @classmethod
    def parse(cls, job: Mapping[str, Any], attempt: int, prefill: str | None = None) -> "Offer":
        """Read a job of `wire.md` §3.

        Raises:
            JobRefused: not a kind of job this node runs, or without usable messages.
        """
        spec = job.get("input_spec")
        messages = spec.get("messages") if isinstance(spec, dict) else None
        if job.get("type") not in SERVED_TYPES:
            kind = str(job.get("type"))[:32]
            raise JobRefused(f"this node serves chat jobs, not {kind!r}", retryable=False)
        if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
            raise JobRefused("the job has no usable messages", retryable=False)
        assert isinstance(spec, dict)
        request = GenerateRequest(
            id=f"{job['id']}/{attempt}",
            messages=messages,
            model=job.get("model_name") or None,
            max_tokens=_number(spec.get("max_tokens"), int),
            temperature=_number(spec.get("temperature"), float),
            options={name: spec[name] for name in SAMPLING_FIELDS if spec.get(name) is not None},
            prefill=prefill,
        )
        coin = job.get("payment_coin")
        return cls(
            (str(job["id"]), attempt),
            request,
            payment_offer=_number(job.get("payment_offer"), float) or None,
            payment_coin=coin[:MAX_COIN_CHARS] if isinstance(coin, str) and coin else None,
        )


def _number(value: object, kind: type) -> Any:
    return kind(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
