"""The running account of one answer."""

from infernet_tui.answer import Answer


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def answer_of(*steps: tuple[float, str, object]) -> Answer:
    clock = Clock()
    answer = Answer(clock)
    for at, event, data in steps:
        clock.now = 100.0 + at
        answer.take(event, data)
    return answer


def test_speed_is_measured_after_the_first_token() -> None:
    tokens = [(0.5 + n / 10, "token", {"text": "x"}) for n in range(11)]
    answer = answer_of(*tokens, (2.0, "done", {"text": "x" * 11}))
    assert answer.first_token_ms == 500
    assert answer.tokens_per_second == 10.0
    assert answer.figures() == "first token 500 ms · 10 tokens/s · 11 tokens"


def test_the_engine_counts_better_than_the_pieces_do() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 21}
    answer = answer_of(
        (1, "token", {"text": "a"}), (3, "token", {"text": "b"}), (3, "done", {"usage": usage})
    )
    assert answer.tokens == 21
    assert answer.tokens_per_second == 10.0


def test_one_token_has_no_speed() -> None:
    answer = answer_of((0.1, "token", {"text": "4"}), (0.2, "done", {}))
    assert answer.tokens_per_second is None
    assert answer.figures() == "first token 100 ms · 1 token"


def test_an_answer_in_one_piece_is_measured_over_all_its_time() -> None:
    pieces = [(0.1 + n / 1e6, "token", {"text": "x"}) for n in range(9)]
    assert answer_of(*pieces).tokens_per_second == 90.0


def test_the_last_node_to_speak_is_the_one_that_serves() -> None:
    answer = Answer()
    answer.submitted(
        {"jobId": "j", "source": "p2p", "provider": {"nodeId": "provider-1", "name": "one"}}
    )
    assert answer.server == "one (provider-1)"
    answer.take("meta", {"provider_node_id": "provider-2", "provider_name": "two", "model": "m"})
    assert answer.server == "two (provider-2)"
    assert answer.as_json()["model"] == "m"


def test_events_of_the_wrong_shape_are_survived() -> None:
    answer = answer_of((0, "token", "text"), (0, "meta", None), (0, "done", 3))
    assert answer.is_done
    assert answer.server == "unknown"


def test_an_error_without_words_is_still_an_error() -> None:
    assert "without saying why" in (answer_of((0, "error", {})).error or "")
