"""Which words mean which command (`wire.md` §8, `ux.md` §3.5).

`route` turns what was typed into `[command, flags…, arguments…]`: flags may stand before the
command, and words that name no command are a prompt, unless the first is a likely typo.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NoReturn

from infernet_tui.errors import UsageError
from infernet_tui.spelling import edit_distance

DEFAULT_COMMAND = "chat"
COMMON_VALUE_FLAGS = frozenset({"--color", "--fields", "--timeout"})
"""Common flags that take the next word (a test compares them with `command.common_flags`)."""
_SHORTEST_PREFIX = 3


def route(
    arguments: Sequence[str],
    names: Collection[str],
    *,
    prompt_is_piped: bool,
    chat_value_flags: Callable[[], Collection[str]],
) -> list[str]:
    """The arguments with the command first; as they are when there is none to find.

    `chat_value_flags` is asked only if a flag that is not a common one stands before the command.

    Raises:
        UsageError: a word that is probably a mistyped command.
    """
    position = _first_word(arguments, names, chat_value_flags)
    flags = arguments[: len(arguments) if position is None else position]
    if position is None or arguments[position] == "--":
        return _without_command(arguments, flags, prompt_is_piped)
    word = arguments[position]
    if word in names:
        return [word, *flags, *arguments[position + 1 :]]
    if near := nearest(word, names):
        _refuse(word, near)
    return [DEFAULT_COMMAND, *arguments]


def asks_for_state(arguments: Sequence[str], *, prompt_is_piped: bool) -> bool:
    """Whether this is `infernet --json`: flags alone, and the answer is the node's whole state.

    A pipe on stdin is a prompt, as everywhere; with `--follow` it cannot be one.
    """
    position, flags = 0, set[str]()
    while position < len(arguments):
        flag, equals, _ = arguments[position].partition("=")
        if flag not in _STATE_SWITCHES | _STATE_VALUE_FLAGS:
            return False
        flags.add(flag)
        position += 2 if flag in _STATE_VALUE_FLAGS and not equals else 1
    return "--json" in flags and ("--follow" in flags or not prompt_is_piped)


_STATE_SWITCHES = frozenset({"--json", "--follow", "--quiet", "-q", "--verbose", "-v"})
_STATE_VALUE_FLAGS = COMMON_VALUE_FLAGS | {"--refresh"}


def _without_command(
    arguments: Sequence[str], flags: Sequence[str], prompt_is_piped: bool
) -> list[str]:
    asked = set(flags)
    if asked & {"--help", "-h"}:
        return ["--help"]
    if "--version" in asked:
        return ["version", *(flag for flag in flags if flag != "--version")]
    if prompt_is_piped or len(arguments) > len(flags) + 1:
        return [DEFAULT_COMMAND, *arguments]
    return list(arguments)


def _first_word(
    arguments: Sequence[str],
    names: Collection[str],
    chat_value_flags: Callable[[], Collection[str]],
) -> int | None:
    """Index of the first word that is neither a flag nor a flag's value, or of `--`."""
    position = 0
    while position < len(arguments):
        token = arguments[position]
        if token == "--" or token == "-" or not token.startswith("-"):
            return position
        takes_value = token in COMMON_VALUE_FLAGS
        if not takes_value and "=" not in token and token.startswith("--"):
            takes_value = token not in _SWITCHES and token in chat_value_flags()
            if not takes_value and token not in _SWITCHES and (named := _named(arguments, names)):
                return named
        position += 2 if takes_value else 1
    return None


_SWITCHES = frozenset(
    {"--json", "--quiet", "--verbose", "--plain", "--yes", "--no-input", "--help", "--version"}
)


def _named(arguments: Sequence[str], names: Collection[str]) -> int | None:
    """Index of the first word that is a command's name."""
    for position, token in enumerate(arguments):
        if token == "--":
            return None
        if token in names:
            return position
    return None


def nearest(word: str, names: Collection[str]) -> str | None:
    """The command that `word` is probably a typo of."""
    if any(char.isspace() for char in word):
        return None
    if len(word) >= _SHORTEST_PREFIX:
        for name in names:
            if name.startswith(word):
                return name
    found = [
        (edit_distance(word.lower(), name), abs(len(word) - len(name)), name)
        for name in names
        if _begins_alike(word.lower(), name)
    ]
    distance, _, name = min(found, default=(len(word), 0, ""))
    return name if distance <= _allowed_slips(word) else None


def _begins_alike(word: str, name: str) -> bool:
    """Slips are rare in the first letter, and without this “what” would be a typo of `chat`."""
    return word[:1] == name[0] or word[:2] == name[1::-1]


def _allowed_slips(word: str) -> int:
    return 0 if len(word) < 3 else 1 if len(word) < 7 else 2


def _refuse(word: str, near: str) -> NoReturn:
    raise UsageError(
        f"There is no command `{word}`: did you mean `{near}`? To chat: infernet chat {word}",
        hint=f"infernet {near}",
    )
