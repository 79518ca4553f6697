"""The filter language of tables."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from infernet_tui.widgets.query import Searchable, compiled


@dataclass(frozen=True)
class Row:
    name: str
    tokens: int | None


ROWS = [Row("Alpha", 10), Row("beta", 200), Row("gamma", None)]
ABOUT = Searchable[Row](
    lambda row: f"{row.name} {row.tokens}",
    {"name": lambda row: row.name, "tokens": lambda row: row.tokens},
)


def found(query: str) -> list[str]:
    tests = compiled(query, ABOUT)
    return [row.name for row in ROWS if all(test(row) for test in tests)]


def test_a_word_is_looked_for_in_any_case_unless_it_has_a_capital() -> None:
    assert found("alpha") == ["Alpha"]
    assert found("Alpha") == ["Alpha"]
    assert found("ALPHA") == []


def test_words_are_all_needed_and_an_exclamation_mark_excludes() -> None:
    assert found("a 200") == ["beta"]
    assert found("!beta") == ["Alpha", "gamma"]


def test_a_column_is_named_by_its_beginning() -> None:
    assert found("name:am") == ["gamma"]
    assert found("tok>50") == ["beta"]
    assert found("tokens<=10") == ["Alpha"]
    assert found("!tok>50") == ["Alpha", "gamma"]


def test_a_column_that_does_not_exist_is_just_text() -> None:
    assert found("colour:red") == []
    assert found("") == ["Alpha", "beta", "gamma"]


@given(st.text())
def test_nothing_that_is_typed_is_an_error(query: str) -> None:
    found(query)
