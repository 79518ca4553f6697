"""What a step is, what it finds, and what it may ask."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from infernet_tui.errors import UsageError
from infernet_tui.spelling import closest

if TYPE_CHECKING:
    from infernet_tui.setup.context import Context

Answer = str | bool | None
"""To a choice or a text: a word; to yes or no: a bool; None where nothing was asked."""


class State(StrEnum):
    """How a step stands."""

    DONE = "done"
    TODO = "todo"
    FAILED = "failed"
    """It was looked at or tried, and does not work; the hint says what to do."""
    UNKNOWN = "unknown"
    """It cannot be told yet: an earlier step is missing, or something does not answer."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of the things to choose from."""

    value: str
    label: str
    detail: str = ""
    """A short figure, aligned under the others': a size."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several; `default` is the value of one of them."""

    text: str
    options: tuple[Option, ...]
    default: str
    other: str | None = None
    """What may be typed instead, in words; None allows only the options."""

    def parse(self, typed: str) -> str:
        """The value of a number, of an option's own name, or of what else may be typed.

        Raises:
            UsageError: it is none of these.
        """
        typed = typed.strip()
        values = [option.value for option in self.options]
        if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(values):
            return values[int(typed) - 1]
        if typed in values or (self.other and typed and not typed.isdigit()):
            return typed
        near = closest(typed, values)
        meant = f" Did you mean {near}?" if near else ""
        raise UsageError(f"“{typed}” is not one of 1 to {len(values)}.{meant}")


@dataclass(frozen=True, slots=True)
class Text:
    """Any words that `check` lets pass."""

    text: str
    default: str
    check: Callable[[str], object] | None = None
    """Raises `InfernetError` for words that will not do; cheap, for use while they are typed."""

    def parse(self, typed: str) -> str:
        """What was typed, without space around it.

        Raises:
            InfernetError: it will not do.
        """
        typed = typed.strip()
        if self.check:
            self.check(typed)
        return typed


@dataclass(frozen=True, slots=True)
class YesNo:
    """Whether to run what `Finding.command` says."""

    text: str
    default: bool
    no_skips: bool = True
    """Whether “no” leaves the step out; else it is an answer for `apply`."""

    def parse(self, typed: str) -> bool:
        """`y`, `yes`, `n` or `no`.

        Raises:
            UsageError: it is something else.
        """
        words = {"y": True, "yes": True, "n": False, "no": False}
        if typed.strip().lower() not in words:
            raise UsageError("Please answer y or n.")
        return words[typed.strip().lower()]


Question = Choice | Text | YesNo


@dataclass(frozen=True, slots=True)
class Finding:
    """How a step stands, and how to go on."""

    state: State
    summary: str
    """One line, without a full stop."""
    explanation: str = ""
    """Why, or what will happen; one or a few sentences."""
    command: str | None = None
    """Exactly what will be run with more rights, or what the user may run instead."""
    question: Question | None = None
    """To be answered before `apply`. Without one, a step to do is simply applied."""
    can_skip: bool = True
    hint: str | None = None
    """The command to run next when it does not work."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is going on while a step is applied."""

    text: str
    completed_bytes: int | None = None
    total_bytes: int | None = None


Report = Callable[[Progress], None]


class Step(Protocol):
    """One of the eight. Holds no state: all of that is in the context and on the machine."""

    @property
    def number(self) -> int:
        """1 to 8."""
        ...

    @property
    def key(self) -> str:
        """Its name in `setup.json`, in `--json` and for flags."""
        ...

    @property
    def title(self) -> str:
        """Its name for people."""
        ...

    async def detect(self, context: "Context") -> Finding:
        """Look, and change nothing.

        Raises:
            InfernetError: it cannot even be looked at; the same as a finding that failed.
        """
        ...

    async def apply(self, context: "Context", answer: Answer, report: Report) -> Finding:
        """Do it. What comes back may be to do again, with a further question.

        Cancelling is safe: what was downloaded stays, and is gone on with the next time.

        Raises:
            InfernetError: it did not work; the hint says what to do.
        """
        ...


def done(summary: str, explanation: str = "") -> Finding:
    """Nothing is left to do."""
    return Finding(State.DONE, summary, explanation)


def failed(summary: str, hint: str | None = None, explanation: str = "") -> Finding:
    """It does not work."""
    return Finding(State.FAILED, summary, explanation, hint=hint)


def unknown(summary: str, hint: str | None = None, explanation: str = "") -> Finding:
    """It cannot be told yet."""
    return Finding(State.UNKNOWN, summary, explanation, hint=hint)
