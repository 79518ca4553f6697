"""Which words mean which command."""

import pytest

from infernet_tui.cli import command_names
from infernet_tui.cli.chat import command as chat
from infernet_tui.cli.command import common_flags, value_flags, verb
from infernet_tui.cli.routing import COMMON_VALUE_FLAGS, asks_for_state, nearest, route
from infernet_tui.errors import UsageError


def routed(*arguments: str, piped: bool = False) -> list[str]:
    return route(
        arguments,
        command_names(),
        prompt_is_piped=piped,
        chat_value_flags=lambda: value_flags(chat),
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["status"], ["status"]),
        (["status", "--json"], ["status", "--json"]),
        (["--json", "status"], ["status", "--json"]),
        (["--timeout", "5s", "status"], ["status", "--timeout", "5s"]),
        (["--timeout=5s", "status"], ["status", "--timeout=5s"]),
        (["--color", "never", "model", "list"], ["model", "--color", "never", "list"]),
        (["-q", "status"], ["status", "-q"]),
        (["--lines", "5", "logs"], ["logs", "--lines", "5"]),
        (["--host", "::1", "--port", "9000", "up"], ["up", "--host", "::1", "--port", "9000"]),
        (["--help", "status"], ["status", "--help"]),
        (["--help"], ["--help"]),
        (["--json", "-h"], ["--help"]),
        (["--version"], ["version"]),
        (["--version", "--json"], ["version", "--json"]),
        (["what is 2+2?"], ["chat", "what is 2+2?"]),
        (["what", "is", "2+2?"], ["chat", "what", "is", "2+2?"]),
        (["ping"], ["chat", "ping"]),
        (["--local", "ping"], ["chat", "--local", "ping"]),
        (["--json", "ping"], ["chat", "--json", "ping"]),
        (["--model", "qwen2.5:7b", "a joke"], ["chat", "--model", "qwen2.5:7b", "a joke"]),
        (["--model", "status", "tell me a joke"], ["chat", "--model", "status", "tell me a joke"]),
        (["--", "status"], ["chat", "--", "status"]),
        (["--json", "--", "status"], ["chat", "--json", "--", "status"]),
        (["--port=80"], ["--port=80"]),
        ([], []),
    ],
)  # fmt: skip
def test_words_reach_the_command_they_mean(typed: list[str], meant: list[str]) -> None:
    assert routed(*typed) == meant


@pytest.mark.parametrize(
    ("typed", "piped", "wanted"),
    [
        (["--json"], False, True),
        (["--json"], True, False),
        (["--json", "--follow"], True, True),
        (["--json", "--follow", "--refresh", "5s"], False, True),
        (["--refresh=5s", "--follow", "--json", "-q"], False, True),
        (["--json", "--fields", "node,jobs"], False, True),
        (["--json", "--refresh", "status"], False, True),
        (["--follow"], False, False),
        (["--json", "--help"], False, False),
        (["--json", "status"], False, False),
        (["--json", "--model", "m"], False, False),
        (["--json", "--"], False, False),
        ([], False, False),
    ],
)
def test_flags_alone_with_json_ask_for_the_state(
    typed: list[str], piped: bool, wanted: bool
) -> None:
    assert asks_for_state(typed, prompt_is_piped=piped) is wanted


def test_a_piped_prompt_goes_to_chat_with_its_flags() -> None:
    assert routed(piped=True) == ["chat"]
    assert routed("--json", "--model", "m", piped=True) == ["chat", "--json", "--model", "m"]


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("stauts", "status"),
        ("stat", "status"),
        ("docter", "doctor"),
        ("modle", "model"),
        ("Statuss", "status"),
        ("tsart", "start"),
        ("comp", "completion"),
    ],
)
def test_a_word_close_to_a_command_is_a_typo_and_not_a_prompt(typo: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean `{meant}`.*infernet chat {typo}"):
        routed(typo)
    assert routed("chat", typo) == ["chat", typo]


@pytest.mark.parametrize(
    "prompt", ["ping", "hello", "hi", "hey", "2+2", "why?", "привет", "how", "what", "summarize"]
)
def test_an_ordinary_single_word_is_a_prompt(prompt: str) -> None:
    assert nearest(prompt, command_names()) is None


def test_the_router_knows_which_common_flags_take_a_value() -> None:
    @verb("bare")
    def bare() -> None:
        """Nothing of its own."""

    assert common_flags()
    assert value_flags(bare) == COMMON_VALUE_FLAGS
