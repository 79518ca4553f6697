"""What a job needs of the node that runs it."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class JobNeeds:
    """The part of a job that matching looks at."""

    model: str | None = None
    """Exact name; None takes whatever a node serves."""
    interconnects: Mapping[str, Any] = field(default_factory=dict)
    """`requires.interconnects` as the client sent it (`wire.md` §14)."""
    payment_coin: str | None = None
    price_cap: float | None = None
    """Most that the client pays, in USD; None for a job that is not paid."""
    excluded: frozenset[str] = frozenset()
    """Provider ids that must not get it: they failed it before."""
    continues: bool = False
    """Whether the node must go on from the middle of an answer."""

    def excluding(self, provider_ids: Set[str]) -> "JobNeeds":
        """The same needs, without these nodes."""
        return replace(self, excluded=frozenset(provider_ids))

    def continuing(self, model: str | None) -> "JobNeeds":
        """The same needs, of a node that goes on with what `model` has begun."""
        return replace(self, model=model, continues=True)
