"""An answer that grows piece by piece ends as the same lines as one that came whole."""

import random

import pytest

from infernet_tui.demo.strangers import CORPUS
from infernet_tui.widgets import markdown
from infernet_tui.widgets.answer_lines import AnswerLines, laid_out
from infernet_tui.widgets.lines import Line, Span, width_of
from infernet_tui.widgets.wrap import wrap

ANSWER = """\
# Adding numbers

Take **both** numbers and call `add`, like in [the manual](https://example.org/a):

1. the first
2. the second
   - and what belongs to it, which is so much that it does not stay on one line

```python
def add(a, b):

    return a + b
```

> Nobody adds by hand.

---
A last word\
"""


def said(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in spans) for spans in lines]


def test_markdown_becomes_lines() -> None:
    assert said(laid_out(ANSWER, 40)) == [
        "Adding numbers",
        "",
        "Take both numbers and call add, like in",
        "the manual (https://example.org/a):",
        "",
        "1. the first",
        "2. the second",
        "  - and what belongs to it, which is so",
        "    much that it does not stay on one",
        "    line",
        "",
        "  def add(a, b):",
        "  ",
        "      return a + b",
        "",
        "| Nobody adds by hand.",
        "",
        "---",
        "",
        "A last word",
    ]


def test_bold_headings_and_code_have_their_roles() -> None:
    spans = {span.text.strip(): span.role for each in laid_out(ANSWER, 200) for span in each}
    assert spans["Adding numbers"] == spans["both"] == "title"
    assert spans["add"] == spans["return a + b"] == "accent"
    assert spans["the first"] == "text"


@pytest.mark.parametrize("seed", range(20))
def test_pieces_of_any_size_end_as_the_whole(seed: int) -> None:
    rng, answer, left = random.Random(seed), AnswerLines(38), ANSWER
    while left:
        size = rng.randint(1, 12)
        answer.add(left[:size])
        left = left[size:]
        assert all(width_of(each) <= 38 for each in answer.lines)
    answer.close()
    assert answer.lines == laid_out(ANSWER, 38)


def test_an_open_block_is_plain_and_a_piece_changes_its_last_line_only() -> None:
    answer = AnswerLines(20)
    answer.add("Closed **one**.\n\nstill **open and then")
    assert said(answer.lines) == ["Closed one.", "", "still **open and", "then"]
    before = answer.lines[:3]
    answer.add(" more")
    assert answer.lines[:3] == before
    assert all(now is then for now, then in zip(answer.lines, before, strict=False))
    assert said(answer.lines)[3:] == ["then more"]


def test_a_row_without_end_is_not_wrapped_anew_with_each_piece() -> None:
    answer = AnswerLines(20)
    for _ in range(200):
        answer.add("x" * 100)
    assert len(answer._unwrapped) <= 20
    assert sum(len(text) for text in said(answer.lines)) == 20_000


@pytest.mark.parametrize("attack", [*CORPUS, "&#27;[2J &#x202e;", "[a](&#27;c)", "![&#27;](x)"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_no_piece_of_an_attack_reaches_the_terminal(attack: str, size: int) -> None:
    text = f"before {attack} after\n\n```\n{attack}\n```\n\n- {attack}"
    answer = AnswerLines(60)
    for start in range(0, len(text), size):
        answer.add(text[start : start + size])
        shown = "".join(said(answer.lines))
        assert shown.isprintable() or all(
            char.isprintable() or char in "\u3000\xa0" for char in shown
        )
    answer.close()
    shown = "".join(said(answer.lines))
    assert all(char.isprintable() for char in shown)
    assert "before" in shown


def test_html_stays_text() -> None:
    assert said(markdown.render("<script>x</script>\n<b>bold</b>", 60)) == [
        "<script>x</script>",
        "<b>bold</b>",
    ]


def test_wrapping_counts_cells_and_breaks_words_that_are_too_long() -> None:
    lines = wrap([Span("超長い名前 and abcdefghijklmnop")], 8)
    assert said(lines) == ["超長い名", "前 and", "abcdefgh", "ijklmnop"]
    assert all(width_of(each) <= 8 for each in lines)
