"""The built-in model behind the engine that serves it."""

from infernet_tui.config import EngineConfig
from infernet_tui.engines.base import GenerateRequest, Token
from infernet_tui.engines.registry import open_engine


async def test_the_built_in_model_is_as_right_at_any_temperature() -> None:
    engine = await open_engine(EngineConfig(backend="llamacpp"), environ={})
    try:
        for number in range(5):
            question = [{"role": "user", "content": "what is 2+2?"}]
            request = GenerateRequest(str(number), question, temperature=1.5)
            answer = [e.text async for e in engine.generate(request) if isinstance(e, Token)]
            assert "".join(answer) == "2 + 2 = 4."
    finally:
        await engine.close()
