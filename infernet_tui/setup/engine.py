"""Step 2: what runs models. llama.cpp is built in; a program that is here already can be used."""

import asyncio
from dataclasses import replace

from infernet_tui.config import BACKENDS, EngineConfig, Secret
from infernet_tui.engines import probes
from infernet_tui.engines.addresses import base_url
from infernet_tui.errors import InfernetError, UsageError
from infernet_tui.setup import ollama_install
from infernet_tui.setup.context import Context
from infernet_tui.setup.ollama_install import OllamaState
from infernet_tui.setup.step import (
    Answer,
    Choice,
    Finding,
    Option,
    Progress,
    Report,
    State,
    done,
    failed,
)

BUILT_IN = "llamacpp"
VLLM_PORT = 8000
LABELS = {
    "llamacpp": "llama.cpp",
    "ollama": "Ollama",
    "openai": "OpenAI-compatible server",
    "vllm": "vLLM",
    "lmstudio": "LM Studio",
    "sglang": "SGLang",
    "max": "MAX",
    "mojo": "Mojo",
    "stub": "stub",
}


class EngineStep:
    """Looks for engines, and writes which one to use (`engine.backend`)."""

    number = 2
    key = "engine"
    title = "Engine"

    async def detect(self, context: Context) -> Finding:
        """Whether the chosen engine answers; else what there is to choose from."""
        settings = (await context.config()).engine
        wish = context.wishes.backend
        if wish and wish != settings.backend:
            return Finding(State.TODO, f"{LABELS.get(wish, wish)} was asked for")
        chosen = settings.backend or context.environ.get("INFERNET_ENGINE_BACKEND")
        if not chosen:
            return await _offer(context, settings, "no engine chosen yet")
        if chosen == "ollama":
            state = await ollama_install.look(context, settings)
            if state is not OllamaState.RUNS and not settings.host:
                return ollama_install.offer(state)
        return await _health(context, settings)

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        """Write the choice, once it can work; yes brings Ollama up, no offers the others."""
        settings = (await context.config()).engine
        if answer is False:
            return await _offer(context, settings, "Ollama is not used")
        if answer is True:
            chosen = "ollama"
            await ollama_install.bring_up(context, settings, report)
        else:
            chosen = answer or context.wishes.backend or BUILT_IN
        if chosen not in BACKENDS:
            raise UsageError(
                f"There is no engine {chosen!r}; there are {', '.join(BACKENDS)}.",
                hint=f"infernet setup --backend {BUILT_IN}",
            )
        if chosen == "ollama" and not settings.host:
            state = await ollama_install.look(context, settings)
            if state is not OllamaState.RUNS:
                return ollama_install.offer(state)
        report(Progress(f"looking at {LABELS[chosen]}"))
        saved = await context.save({"engine": {"backend": chosen}})
        return await _health(context, saved.engine)


async def _health(context: Context, settings: EngineConfig) -> Finding:
    """Whether it answers. Without its model: that is the next step."""
    try:
        async with context.engine(replace(settings, model=None)) as engine:
            health = await engine.health()
            title = LABELS.get(engine.kind, engine.kind)
    except InfernetError as error:
        finding = failed(error.message, error.hint)
        return replace(finding, question=await _choice(context, settings))
    if not health.ok:
        finding = failed(f"{title}: {health.detail}", "infernet model show")
        return replace(finding, question=await _choice(context, settings))
    version = f" ({health.version})" if health.version else ""
    return done(f"{health.detail}{version}")


async def _offer(context: Context, settings: EngineConfig, summary: str) -> Finding:
    return Finding(
        State.TODO,
        summary,
        "The engine runs the models. The built-in one needs no installation and no network; "
        "it also reads models that Ollama has downloaded.",
        question=await _choice(context, settings),
    )


async def _choice(context: Context, settings: EngineConfig) -> Choice:
    vllm_url = base_url(context.environ.get("VLLM_HOST") or "127.0.0.1", VLLM_PORT)
    ollama, has_vllm = await asyncio.gather(
        ollama_install.look(context, settings),
        probes.is_vllm(vllm_url, Secret(context.environ.get("VLLM_API_KEY") or "")),
    )
    options = [
        Option(BUILT_IN, "llama.cpp, built in", note="nothing to install"),
        Option("ollama", LABELS["ollama"], note=ollama.value),
    ]
    if has_vllm:
        options.append(Option("vllm", LABELS["vllm"], note=f"running at {vllm_url}"))
    if program := context.environ.get("INFERNET_ENGINE_BIN"):
        options.append(Option("mojo", LABELS["mojo"], note=program))
    return Choice("Which engine should run the models?", tuple(options), BUILT_IN)
