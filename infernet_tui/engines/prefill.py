"""Whether a model continues a given beginning exactly, found out by asking it.

A stream that loses its node may go on elsewhere only if the next engine picks up in the middle of
a sentence; an engine that starts anew, or repeats the beginning, must be known before.
"""

from collections.abc import AsyncIterator, Callable

from infernet_tui.engines.base import EngineEvent, Failed, GenerateRequest, Token
from infernet_tui.errors import EngineError

PROBE_TOKENS = 12
_QUESTION = {"role": "user", "content": "Count from one to twenty in words."}

Generate = Callable[[GenerateRequest], AsyncIterator[EngineEvent]]


async def continues_exactly(generate: Generate, model: str) -> bool:
    """Answer greedily twice, the second time from the middle: both must read the same.

    Raises:
        EngineError: the engine cannot answer at all now, so nothing was learnt.
    """
    whole = await _answer(generate, model, None, PROBE_TOKENS)
    if whole is None:
        raise EngineError(f"{model} did not answer the probe.")
    half = len(whole) // 2
    if half == 0:
        return False
    rest = await _answer(generate, model, "".join(whole[:half]), len(whole) - half)
    return rest is not None and "".join(rest) == "".join(whole[half:])


async def _answer(
    generate: Generate, model: str, prefill: str | None, max_tokens: int
) -> list[str] | None:
    request = GenerateRequest(
        "probe",
        [_QUESTION],
        model=model,
        max_tokens=max_tokens,
        temperature=0.0,
        options={"seed": 1},
        prefill=prefill,
    )
    pieces: list[str] = []
    async for event in generate(request):
        if isinstance(event, Token):
            pieces.append(event.text)
        elif isinstance(event, Failed):
            return None
    return pieces
