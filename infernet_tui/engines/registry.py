"""Which engine answers on this machine.

What the operator chose wins, and is an error when it is not there. Otherwise: a program in
`INFERNET_ENGINE_BIN`, then vLLM, then a llama.cpp server that `LLAMACPP_HOST` names, then Ollama,
and llama.cpp built in, which is always there. The stub is never chosen, only asked for.
"""

import asyncio
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infernet_tui import paths
from infernet_tui.config import BACKENDS, EngineConfig, Secret
from infernet_tui.engines import nano, probes
from infernet_tui.engines.addresses import base_url
from infernet_tui.engines.base import Engine
from infernet_tui.engines.gguf_store import GgufStore
from infernet_tui.engines.llamacpp import LlamaCppEngine
from infernet_tui.engines.llamacpp_model import LlamaCppSettings
from infernet_tui.engines.openai import OpenAIEngine
from infernet_tui.engines.openai_server import OpenAIServer
from infernet_tui.errors import ConfigError, EngineError

OLLAMA_PORT = 11434
DEFAULT_SLOTS = 4


@dataclass(frozen=True, slots=True)
class _Flavour:
    """An OpenAI-compatible server: where it is by default, and the variables about it."""

    port: int | None
    host_variable: str | None = None
    key_variable: str = "OPENAI_API_KEY"
    model_variable: str | None = None


_FLAVOURS = {
    "vllm": _Flavour(8000, "VLLM_HOST", "VLLM_API_KEY", "VLLM_MODEL"),
    "llamacpp": _Flavour(8080, "LLAMACPP_HOST", "LLAMACPP_API_KEY", "LLAMACPP_MODEL"),
    "lmstudio": _Flavour(1234),
    "sglang": _Flavour(30000),
    "max": _Flavour(8000),
    "openai": _Flavour(None, "OPENAI_BASE_URL"),
}


async def open_engine(
    settings: EngineConfig,
    *,
    environ: Mapping[str, str] = os.environ,
    slots: int = DEFAULT_SLOTS,
) -> Engine:
    """Choose an engine and start it; the caller closes it.

    `slots` is how many answers the built-in llama.cpp gives at once; `environ` is also what a child
    process of the engine gets.

    Raises:
        EngineError: the chosen one is not there or cannot start.
        ConfigError: the choice itself makes no sense.
    """
    engine = await _Chooser(settings, environ, slots).choose()
    try:
        await engine.start()
    except BaseException:
        await engine.close()
        raise
    return engine


@dataclass(frozen=True, slots=True)
class _Chooser:
    settings: EngineConfig
    environ: Mapping[str, str]
    slots: int

    async def choose(self) -> Engine:
        backend = self.settings.backend or self.environ.get("INFERNET_ENGINE_BACKEND")
        if not backend:
            return await self._automatic()
        if backend not in BACKENDS:
            raise ConfigError(
                f"There is no engine {backend!r}; there are {', '.join(BACKENDS)}.",
                hint="infernet config set engine.backend llamacpp",
            )
        if backend == "llamacpp" and not self._host("llamacpp"):
            return self._built_in()
        if backend in _FLAVOURS:
            return await self._explicit_openai(backend)
        makers: dict[str, Callable[[], Engine]] = {
            "stub": self._stub,
            "mojo": self._mojo,
            "ollama": self._ollama,
        }
        return makers[backend]()

    async def _automatic(self) -> Engine:
        if self.environ.get("INFERNET_ENGINE_BIN"):
            return self._mojo()
        vllm, ollama = self._server("vllm"), self._ollama_url()
        server = self._server("llamacpp") if self.environ.get("LLAMACPP_HOST") else None
        finds_vllm, finds_server, finds_ollama = await asyncio.gather(
            probes.is_vllm(vllm.base_url, vllm.api_key),
            probes.is_llamacpp(server.base_url, server.api_key) if server else _no(),
            probes.is_ollama(ollama),
        )
        if finds_vllm:
            return self._openai(vllm)
        if finds_server and server:
            return self._openai(server)
        return self._ollama() if finds_ollama else self._built_in()

    async def _explicit_openai(self, flavour: str) -> Engine:
        server = self._server(flavour, self.settings.host)
        if await probes.is_infernet(server.base_url, server.api_key):
            raise EngineError(
                f"{server.base_url} is an Infernet control plane, not an engine.",
                hint=f"infernet config set engine.ollamaHost <the URL of {flavour}>",
                retryable=False,
            )
        return self._openai(server)

    def _openai(self, server: OpenAIServer) -> Engine:
        variable = _FLAVOURS[server.flavour].model_variable
        return OpenAIEngine(server, default_model=self._model(variable))

    def _server(self, flavour: str, host: str | None = None) -> OpenAIServer:
        about = _FLAVOURS[flavour]
        host = host or self._host(flavour)
        if not host and about.port is None:
            raise ConfigError(
                f"The engine {flavour!r} needs the address of its server.",
                hint="infernet config set engine.ollamaHost https://llm.example",
            )
        url = base_url(host or "127.0.0.1", about.port or 80)
        key = Secret(self.environ.get(about.key_variable) or "")
        return OpenAIServer(url, key, flavour, keeps_connections=flavour != "llamacpp")

    def _host(self, flavour: str) -> str | None:
        variable = _FLAVOURS[flavour].host_variable
        is_chosen = self.settings.backend == flavour
        from_environ = self.environ.get(variable) if variable else None
        return (self.settings.host if is_chosen else None) or from_environ

    def _ollama_url(self) -> str:
        host = self.settings.host or self.environ.get("OLLAMA_HOST") or "127.0.0.1"
        return base_url(host, OLLAMA_PORT)

    def _ollama(self) -> Engine:
        # Its client is the slowest of all our imports.
        from infernet_tui.engines.ollama import OllamaEngine, OllamaSettings

        return OllamaEngine(
            OllamaSettings(self._ollama_url(), self._ollama_threads()), default_model=self._model()
        )

    def _ollama_threads(self) -> int:
        given = self.environ.get("OLLAMA_NUM_THREAD") or ""
        if self.settings.num_thread:
            return self.settings.num_thread
        if given.isdecimal() and int(given) > 0:
            return int(given)
        # Half the cores: the node and the machine's owner need some too.
        return max(1, (os.cpu_count() or 2) // 2)

    def _built_in(self) -> Engine:
        ollama_models = self.environ.get("OLLAMA_MODELS")
        store = GgufStore(
            paths.models_dir(),
            Path(ollama_models) if ollama_models else Path.home() / ".ollama" / "models",
            (nano.MODEL_NAME, nano.model_path()),
        )
        child_environ = None if self.environ is os.environ else self.environ
        settings = LlamaCppSettings(
            slots=self.slots, threads=self.settings.num_thread, environ=child_environ
        )
        return LlamaCppEngine(store, settings, default_model=self._model("LLAMACPP_MODEL"))

    def _mojo(self) -> Engine:
        from infernet_tui.engines.mojo import MojoEngine

        program = self.environ.get("INFERNET_ENGINE_BIN")
        if not program:
            raise ConfigError(
                "The engine 'mojo' needs the program to run.",
                hint="INFERNET_ENGINE_BIN=/path/to/engine infernet start",
            )
        # One path, spaces and all, or a command with its arguments.
        argv = [program] if Path(program).exists() else shlex.split(program)
        child_environ = None if self.environ is os.environ else self.environ
        return MojoEngine(argv, default_model=self._model(), environ=child_environ)

    def _stub(self) -> Engine:
        from infernet_tui.engines.stub import StubEngine

        return StubEngine.from_environ(self.environ, self._model())

    def _model(self, variable: str | None = None) -> str | None:
        for_this = self.environ.get(variable) if variable else None
        return self.settings.model or self.environ.get("INFERNET_ENGINE_MODEL") or for_this


async def _no() -> bool:
    return False
