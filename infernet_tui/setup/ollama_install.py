"""Ollama on this machine: whether it is there and runs, and the commands that change that."""

from enum import StrEnum

from infernet_tui.config import EngineConfig
from infernet_tui.engines import probes
from infernet_tui.engines.addresses import base_url
from infernet_tui.errors import EngineError
from infernet_tui.setup.context import Context
from infernet_tui.setup.privileges import check_rights, run_as_administrator
from infernet_tui.setup.step import Finding, Progress, Report, State, YesNo

PORT = 11434
INSTALL = "curl -fsSL https://ollama.com/install.sh | sh"
"""Ollama's own installer; it asks for rights by itself."""
START = ("systemctl", "start", "ollama")


class OllamaState(StrEnum):
    """How far Ollama is."""

    RUNS = "running"
    STOPPED = "installed, not running"
    MISSING = "not installed"


def ollama_url(context: Context, settings: EngineConfig) -> str:
    """Where Ollama is looked for.

    Raises:
        ConfigError: the address is none.
    """
    is_ours = settings.backend in (None, "ollama")
    host = (settings.host if is_ours else None) or context.environ.get("OLLAMA_HOST")
    return base_url(host or "127.0.0.1", PORT)


async def look(context: Context, settings: EngineConfig) -> OllamaState:
    """Ask it, or else look for its program."""
    if await probes.is_ollama(ollama_url(context, settings)):
        return OllamaState.RUNS
    return OllamaState.STOPPED if context.find_program("ollama") else OllamaState.MISSING


def offer(state: OllamaState) -> Finding:
    """What it would take to have Ollama run, to be agreed to."""
    if state is OllamaState.MISSING:
        return Finding(
            State.TODO,
            "Ollama not installed",
            "Its own installer downloads it, sets up a service and asks for sudo itself.",
            command=INSTALL,
            question=YesNo("Install Ollama now (will sudo)?", default=True, no_skips=False),
        )
    return Finding(
        State.TODO,
        "Ollama is installed but not running",
        command=f"sudo {' '.join(START)}",
        question=YesNo("Start Ollama now (will sudo)?", default=True, no_skips=False),
        hint="in another terminal: ollama serve",
    )


async def bring_up(context: Context, settings: EngineConfig, report: Report) -> None:
    """Install and start Ollama, as far as it is needed. Only after a yes.

    Raises:
        InfernetError: it did not work; the hint has the command.
    """
    if await look(context, settings) is OllamaState.MISSING:
        await check_rights(context, INSTALL)
        report(Progress(INSTALL))
        ran = await context.run(
            ["sh", "-c", INSTALL],
            timeout_seconds=None,
            on_line=lambda line: report(Progress(line)),
        )
        if ran.code != 0:
            raise EngineError(f"Ollama's installer failed: {ran.last_line}.", hint=INSTALL)
    if await look(context, settings) is OllamaState.STOPPED:
        await run_as_administrator(context, [START], report)
    if await look(context, settings) is not OllamaState.RUNS:
        raise EngineError("Ollama does not answer yet.", hint="ollama serve")
