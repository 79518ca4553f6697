"""What a person calls other nodes is kept, and nobody's file is thrown away."""

import stat

import pytest

from infernet_tui import aliases
from infernet_tui.aliases import Aliases, problem_with
from infernet_tui.errors import ConfigError

KEY, OTHER = "a" * 64, "b" * 64


def test_names_and_blocks_are_there_the_next_time_and_only_for_their_owner() -> None:
    assert aliases.load() == Aliases()
    aliases.change(lambda known: known.named(KEY, "friend"))
    aliases.change(lambda known: known.blocking(OTHER, True))
    assert aliases.load() == Aliases({KEY: "friend"}, frozenset({OTHER}))
    assert stat.S_IMODE(aliases.aliases_file().stat().st_mode) == 0o600
    aliases.change(lambda known: known.named(KEY, None).blocking(OTHER, False))
    assert aliases.load() == Aliases()


def test_a_file_that_cannot_be_read_is_left_as_it_is() -> None:
    aliases.aliases_file().parent.mkdir(parents=True)
    aliases.aliases_file().write_text('{"aliases": {"half')
    with pytest.raises(ConfigError, match=r"aliases\.json cannot be read"):
        aliases.change(lambda known: known.named(KEY, "friend"))
    assert aliases.aliases_file().read_text() == '{"aliases": {"half'


def test_a_file_that_somebody_edited_is_read_leniently_and_harmlessly() -> None:
    aliases.aliases_file().parent.mkdir(parents=True)
    aliases.aliases_file().write_text(
        '{"aliases": {"k": "\\u001b[31mred", "n": 7}, "blocked": ["x", null], "more": 1}'
    )
    assert aliases.load() == Aliases({"k": "\ufffdred"}, frozenset({"x"}))


@pytest.mark.parametrize(
    "text", ["[]", '{"aliases": []}', '{"blocked": {}}', '{"aliases": {"n": 7}}']
)
def test_a_file_of_another_shape_is_not_overwritten(text: str) -> None:
    aliases.aliases_file().parent.mkdir(parents=True)
    aliases.aliases_file().write_text(text)
    with pytest.raises(ConfigError, match=r"holds|is not an object"):
        aliases.change(lambda known: known.named(KEY, "friend"))
    assert aliases.aliases_file().read_text() == text


def test_keys_of_a_newer_version_stay() -> None:
    aliases.aliases_file().parent.mkdir(parents=True)
    aliases.aliases_file().write_text('{"groups": {"mine": []}}')
    aliases.change(lambda known: known.named(KEY, "friend"))
    assert '"groups"' in aliases.aliases_file().read_text()


@pytest.mark.parametrize(
    ("alias", "words"),
    [("x" * 41, "at most 40"), ("a\u202eb", "invisible"), ("FRIEND", "Another node")],
)
def test_an_alias_that_could_mislead_is_refused(alias: str, words: str) -> None:
    known = Aliases({OTHER: "friend"})
    assert words in (problem_with(alias, KEY, known) or "")
    assert problem_with("friend", OTHER, known) is None, "its own alias stays possible"
