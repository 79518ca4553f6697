"""The questions of setup in a terminal: asked again until the answer is one."""

from typing import Literal

from infernet_tui.cli.output import Output
from infernet_tui.errors import InfernetError
from infernet_tui.setup.step import Answer, Choice, Question, Text, YesNo
from infernet_tui.text import align, one_line

INDENT = "      "
SKIP = "skip"


def ask(output: Output, question: Question, *, can_skip: bool) -> Answer | Literal["skip"]:
    """The answer, or that the step is to be left out.

    Raises:
        Declined: the input ended.
    """
    if isinstance(question, Choice):
        _list_options(output, question)
    prompt, default = _prompt(question)
    while True:
        typed = output.ask(f"{INDENT}{prompt}", default)
        if typed.lower() == SKIP and can_skip:
            return SKIP
        try:
            return question.parse(typed)
        except InfernetError as error:
            output.note(f"{INDENT}{error.message}")


def _list_options(output: Output, question: Choice) -> None:
    output.note(f"{INDENT}{question.text}")
    rows = [
        [f"{number})", one_line(option.label), option.detail, one_line(option.note)]
        for number, option in enumerate(question.options, 1)
    ]
    for line in align(rows):
        output.note(f"{INDENT}{line}")
    if question.other:
        output.note(f"{INDENT}   {question.other}")


def _prompt(question: Question) -> tuple[str, str]:
    """The words of the prompt, and what Enter alone stands for."""
    match question:
        case YesNo(text=text, default=default):
            return f"{text} [{'Y/n' if default else 'y/N'}]", "y" if default else "n"
        case Text(text=text, default=default):
            return f"{text} [{one_line(default)}]:", default
        case Choice():
            values = [option.value for option in question.options]
            return f"Choice [{values.index(question.default) + 1}]:", question.default
