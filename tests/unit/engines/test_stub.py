"""The stub: fixed words, and honest about it."""

import pytest

from infernet_tui.engines.base import GenerateRequest, Token
from infernet_tui.engines.stub import QUOTED_CHARS, StubEngine


async def say(question: object, **fields: str) -> str:
    engine = StubEngine(delay_ms=0)
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": question}]
    request = GenerateRequest("job", messages, **fields)  # type: ignore[arg-type] # text all
    return "".join([e.text async for e in engine.generate(request) if isinstance(e, Token)])


async def test_it_says_that_it_is_a_stub_and_quotes_the_question() -> None:
    answer = await say("what is 2+2?")
    assert "stub engine" in answer
    assert '"what is 2+2?"' in answer


async def test_it_quotes_no_more_than_the_beginning_of_a_long_question() -> None:
    answer = await say("x" * 1000)
    assert "x" * QUOTED_CHARS in answer
    assert "x" * (QUOTED_CHARS + 1) not in answer


async def test_it_reads_content_parts() -> None:
    assert '"hello"' in await say([{"type": "text", "text": "hello"}, {"type": "image_url"}])


@pytest.mark.parametrize("cut", [0, 1, 7, 50])
async def test_it_continues_its_own_answer_from_any_character(cut: int) -> None:
    whole = await say("why?")
    assert whole[:cut] + await say("why?", prefill=whole[:cut]) == whole


@pytest.mark.parametrize(("given", "delay"), [(None, 0.06), ("", 0.06), ("5", 0.005), ("0", 0)])
def test_the_pace_can_be_set(given: str | None, delay: float) -> None:
    environ = {} if given is None else {"INFERNET_STUB_DELAY_MS": given}
    assert StubEngine.from_environ(environ)._delay_seconds == delay
