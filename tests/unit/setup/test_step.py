"""What may be answered."""

import pytest

from infernet_tui.errors import InfernetError
from infernet_tui.setup.configuration import ConfigStep
from infernet_tui.setup.step import Choice, Option, Text, YesNo
from tests.support.setup_parts import context

CHOICE = Choice("Which?", (Option("llamacpp", "llama.cpp"), Option("ollama", "Ollama")), "llamacpp")


@pytest.mark.parametrize(
    ("typed", "value"), [("1", "llamacpp"), (" 2 ", "ollama"), ("ollama",) * 2]
)
def test_a_choice_is_a_number_or_a_name(typed: str, value: str) -> None:
    assert CHOICE.parse(typed) == value


@pytest.mark.parametrize("typed", ["0", "3", "", "-1", "²", "olama"])
def test_what_is_not_offered_is_refused(typed: str) -> None:
    with pytest.raises(InfernetError):
        CHOICE.parse(typed)


def test_other_words_pass_where_they_may() -> None:
    typed = "hf.co/owner/repo:Q4"
    open_choice = Choice("Which?", CHOICE.options, "llamacpp", other="or a name")
    assert open_choice.parse(typed) == typed
    with pytest.raises(InfernetError):
        open_choice.parse("7")  # a number that is not on the list is a slip, not a name


def test_yes_and_no_have_two_spellings_each() -> None:
    question = YesNo("Run it?", default=False)
    assert [question.parse(typed) for typed in ("y", "YES", "n", " no ")] == [
        True,
        True,
        False,
        False,
    ]
    with pytest.raises(InfernetError):
        question.parse("maybe")


async def test_a_text_is_checked_while_it_is_typed() -> None:
    question = (await ConfigStep().detect(context())).question
    assert isinstance(question, Text)
    assert question.parse(" https://plane.example ") == "https://plane.example"
    with pytest.raises(InfernetError, match="ftp"):
        question.parse("ftp://plane.example")
