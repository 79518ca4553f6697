"""What setup works with, each under a test's control: programs, an engine, a node, steps."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infernet_tui.config import EngineConfig
from infernet_tui.engines.base import Engine, Health, Model, PullProgress
from infernet_tui.errors import EngineError, InfernetError
from infernet_tui.model_fit import GIB, Memory
from infernet_tui.setup.context import Context
from infernet_tui.setup.programs import Ran
from infernet_tui.setup.step import Answer, Finding, Progress, Report
from tests.support.scripted_engine import ScriptedEngine

RTX_4090 = Memory(vram_bytes=24 * GIB, gpu_count=1, ram_available_bytes=32 * GIB)


@dataclass
class ScriptedPrograms:
    """Programs by the beginning of their command line; the others are not installed."""

    answers: Mapping[str, Ran] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    then: Callable[[str], None] = lambda command: None
    """Called with each command line that ran."""

    async def __call__(
        self,
        argv: Sequence[str],
        *,
        timeout_seconds: float | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Ran:
        command = " ".join(argv)
        self.ran.append(command)
        self.then(command)
        found = [answer for start, answer in self.answers.items() if command.startswith(start)]
        return found[0] if found else Ran(127, f"{argv[0]}: No such file or directory")

    def find(self, name: str) -> str | None:
        """Like `which`."""
        return name if any(start.split()[0] == name for start in self.answers) else None


class PullingEngine(ScriptedEngine):
    """An engine like the built-in one, with a library in reach."""

    kind = "llamacpp"
    default_model: str | None = None

    def __init__(self, *names: str, library: Sequence[str] = ()) -> None:
        super().__init__()
        self.names = list(names)
        self.library = library
        self.health_now = Health(True, "llama.cpp built in, 1 models")

    async def models(self) -> list[Model]:
        return [Model(name, size_bytes=400_000_000) for name in self.names]

    async def health(self) -> Health:
        return self.health_now

    async def pull(self, name: str) -> AsyncGenerator[PullProgress, None]:
        """Two steps, and then it is there."""
        if name not in self.library:
            raise EngineError(f"Cannot reach the library for {name}.")
        yield PullProgress(f"pulling {name}", 200_000_000, 400_000_000)
        self.names.append(name.removesuffix(".gguf").rpartition("/")[2])
        yield PullProgress("success")


@dataclass
class ScriptedNode:
    """A node that runs once it was started."""

    where: str = "in the background"
    running: dict[str, Any] | None = None
    model: str | None = None
    calls: list[str] = field(default_factory=list)
    failure: InfernetError | None = None

    async def snapshot(self) -> Mapping[str, Any] | None:
        return self.running

    async def start(self, report: Report) -> Mapping[str, Any]:
        self.calls.append("start")
        if self.failure:
            raise self.failure
        self.running = {"pid": 4121, "connection": "channel", "stats": {}}
        return self.running

    async def stop(self) -> None:
        self.calls.append("stop")
        self.running = None

    async def use_model(self, name: str) -> None:
        self.model = name


@dataclass
class ScriptedStep:
    """Goes through its findings, one a look and one a go; keeps to the last."""

    number: int
    key: str
    findings: list[Finding | InfernetError]
    title: str = ""
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.title = self.title or self.key.capitalize()

    async def detect(self, context: Context) -> Finding:
        return self._next()

    async def apply(self, context: Context, answer: Answer, report: Report) -> Finding:
        self.answers.append(answer)
        report(Progress(f"{self.key} at work", 1, 2))
        return self._next()

    def _next(self) -> Finding:
        found = self.findings[0] if len(self.findings) == 1 else self.findings.pop(0)
        if isinstance(found, InfernetError):
            raise found
        return found


def context(engine: Engine | None = None, **parts: Any) -> Context:
    """A context that reaches nothing outside the test's own home."""
    opened: list[EngineConfig] = []

    async def open_engine(settings: EngineConfig) -> Engine:
        opened.append(settings)
        if engine is None:
            raise EngineError("No engine answers.", hint="infernet setup --backend llamacpp")
        return engine

    programs = parts.pop("programs", ScriptedPrograms())
    chosen: dict[str, Any] = {
        "environ": {},
        "node": ScriptedNode(),
        "run": programs,
        "find_program": programs.find,
        "open_engine": open_engine,
        "measure_memory": lambda: RTX_4090,
        "is_root": True,
    }
    return Context(**(chosen | parts))


def ignore(progress: Progress) -> None:
    """A report that nobody reads."""
