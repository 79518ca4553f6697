"""A key that a person wants for an action is judged before it is kept."""

from infernet_tui import key_map
from infernet_tui.actions import ACTIONS, BY_ID


def test_no_screen_has_two_actions_on_one_key() -> None:
    clashes = {
        (action.id, rival.id)
        for action in ACTIONS
        for rival in key_map.rivals(action, key_map.keys_of(action, {}), {})
    }
    assert clashes == set()


def test_a_key_that_does_something_on_the_same_screen_is_refused_by_name() -> None:
    cancel = BY_ID["jobs.cancel"]
    assert "Quit" in str(key_map.problem_with(cancel, "q", {}))
    assert "Jobs: follow" in str(key_map.problem_with(cancel, "f", {}))
    assert key_map.problem_with(cancel, "L", {}) is None  # the level of the logs, elsewhere


def test_a_key_of_one_screen_is_refused_for_what_is_everywhere() -> None:
    assert "on jobs" in str(key_map.problem_with(BY_ID["view.zoom"], "c", {}))


def test_keys_that_move_about_or_cannot_be_told_apart_are_refused() -> None:
    cancel = BY_ID["jobs.cancel"]
    assert "moves about" in str(key_map.problem_with(cancel, "j", {}))
    assert "enter" in str(key_map.problem_with(cancel, "ctrl+m", {}))
    assert "text fields" in str(key_map.problem_with(BY_ID["app.stop"], "b", {}))


def test_a_key_that_was_given_away_is_free() -> None:
    assert key_map.problem_with(BY_ID["jobs.cancel"], "f", {"jobs.follow": "F"}) is None
    assert key_map.unknown_ids({"jobs.follow": "F", "no.such": "x"}) == ("no.such",)
