"""`infernet peers alias|block|unblock|ping`: the words for what the Peers screen does."""

import pytest

from infernet_protocol.keys import npub
from infernet_tui import aliases
from tests.support.cli import Infernet

KEY = "a344326cb798b98a6f2049f7536e8e3a42116eb9041338283759007c18439973"


def test_an_alias_is_given_and_taken_away(infernet: Infernet) -> None:
    assert "alias friend" in infernet("peers", "alias", npub(KEY), "friend").out
    assert aliases.load().names == {KEY: "friend"}
    assert "no alias" in infernet("peers", "alias", KEY).out
    assert aliases.load().names == {}


def test_blocking_asks_first_and_is_told_as_json(infernet: Infernet) -> None:
    assert infernet("peers", "block", KEY, "--no-input").code == 9
    assert infernet("peers", "block", KEY, "--yes", "--json").document["is_blocked"] is True
    assert aliases.load().blocked == {KEY}
    assert "not blocked" in infernet("peers", "unblock", KEY).out


@pytest.mark.parametrize("words", [("alias", "friend"), ("block", KEY[:12], "--yes")])
def test_what_is_no_key_is_said_to_be_none(infernet: Infernet, words: tuple[str, ...]) -> None:
    result = infernet("peers", *words)
    assert result.code == 2
    assert "is not a public key" in result.err


def test_a_ping_needs_a_node(infernet: Infernet) -> None:
    assert infernet("peers", "ping", "/ip4/192.0.2.1/tcp/46337").code == 3
