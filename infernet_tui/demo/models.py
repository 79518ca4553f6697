"""The models of the demo node: what is there, what would fit, pulls that go on."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from infernet_protocol.ipc import event, success
from infernet_tui.demo.catalogue import (
    BUILT_IN,
    INSTALLED,
    OVERHEAD_BYTES,
    SERVED_CONTEXT,
    TO_BE_HAD,
    DemoModel,
)
from infernet_tui.demo.noise import between, hexadecimal
from infernet_tui.demo.scenarios import GB, GIB
from infernet_tui.demo.series import GPU_COUNT, RAM_TOTAL_BYTES, VRAM_TOTAL_BYTES
from infernet_tui.demo.world import World
from infernet_tui.errors import NotFound
from infernet_tui.node.times import iso_millis

PULL_STEPS = 60
"""Lines of progress in a whole pull."""
PULL_PAUSE_SECONDS = 0.2
FITS_SHARE = 0.9
"""Of the memory that there is, what a model may need without being tight."""


@dataclass(slots=True)
class Shelf:
    """What is on disk and what is loaded."""

    world: World
    on_disk: dict[str, DemoModel] = field(init=False)
    default: str | None = field(init=False)
    loaded: set[str] = field(init=False)
    pulls: dict[str, int] = field(default_factory=dict)
    """Name → steps done, of the pulls that run."""
    partial: dict[str, int] = field(default_factory=dict)
    """The same of those that were cancelled; a new pull goes on from there."""

    def __post_init__(self) -> None:
        """Begin with the scenario's models."""
        models = INSTALLED if self.world.has_models else (BUILT_IN,)
        self.on_disk = {model.name: model for model in models}
        self.default = models[0].name
        self.loaded = {model.name for model in models[:3]}

    @property
    def loaded_names(self) -> frozenset[str]:
        """The names of the loaded ones."""
        return frozenset(self.loaded)

    def find(self, payload: dict[str, Any]) -> DemoModel:
        """The model that a message names.

        Raises:
            NotFound: it is not on disk.
        """
        name = str(payload.get("name"))
        model = self.on_disk.get(name)
        if model is None:
            raise NotFound(
                f"No model “{name[:80]}” on this machine.", hint=f"infernet model pull {name[:80]}"
            )
        return model

    def use(self, payload: dict[str, Any]) -> dict[str, Any]:
        """`model.use`."""
        self.default = self.find(payload).name
        return self._changed({"model": self.default})

    def remove(self, payload: dict[str, Any]) -> dict[str, Any]:
        """`model.remove`."""
        name = self.find(payload).name
        del self.on_disk[name]
        self.loaded.discard(name)
        was_default = name == self.default
        if was_default:
            self.default = next(iter(self.on_disk), None)
        return self._changed({"model": name, "was_default": was_default})

    def load(self, payload: dict[str, Any]) -> dict[str, Any]:
        """`model.load`."""
        name = self.find(payload).name
        self.loaded.add(name)
        return self._changed({"model": name})

    def unload(self, payload: dict[str, Any]) -> dict[str, Any]:
        """`model.unload`."""
        name = self.find(payload).name
        self.loaded.discard(name)
        return self._changed({"model": name})

    def _changed(self, answer: dict[str, Any]) -> dict[str, Any]:
        self.world.changes.touch()
        return answer

    def as_json(self) -> dict[str, Any]:
        """`models`."""
        is_ollama = self.world.has_models
        engine = {
            "kind": "ollama" if is_ollama else "llamacpp",
            "ok": True,
            "detail": "http://127.0.0.1:11434" if is_ollama else "in a process of its own",
            "version": "0.12.9" if is_ollama else "b6710",
        }
        recommended = "qwen2.5:14b" if is_ollama else "qwen2.5:3b"
        return {
            "engine": engine,
            "default": self.default,
            "models": [
                self._row(place, model) for place, model in enumerate(self.on_disk.values())
            ],
            "available": [self._offer(model, recommended) for model in TO_BE_HAD],
            "recommended": recommended,
            "pulls": [self._progress(name) for name in self.pulls],
        }

    def _row(self, place: int, model: DemoModel) -> dict[str, Any]:
        modified_at = self.world.begun_at - 86_400 * (3 + 5 * place)
        name = self.world.strangers.say(model.family, place)
        return {
            "name": model.name,
            "size_bytes": model.size_bytes,
            "family": name,
            "quantization": model.quantization,
            "parameter_size": model.parameter_size,
            "context_length": model.context_length,
            "modified_at": iso_millis(modified_at),
            "digest": f"sha256:{hexadecimal(64, self.world.seed, model.size_bytes)}",
            "is_default": model.name == self.default,
            "is_loaded": model.name in self.loaded,
            "fit": fit(model, has_gpus=self.world.scenario.has_gpus),
        }

    def _offer(self, model: DemoModel, recommended: str) -> dict[str, Any]:
        return {
            "name": model.name,
            "size_bytes": model.size_bytes,
            "parameter_size": model.parameter_size,
            "note": model.note,
            "is_installed": model.name in self.on_disk,
            "is_recommended": model.name == recommended,
            "fit": fit(model, has_gpus=self.world.scenario.has_gpus),
        }

    async def pull(self, payload: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """`model.pull`: progress until it is there; hanging up keeps the part that came."""
        model = _model_to_pull(str(payload.get("name") or "").strip())
        name = model.name
        self.pulls[name] = self.partial.pop(name, 0)
        yield success({"name": name})
        try:
            while self.pulls[name] < PULL_STEPS:
                await self.world.pause(PULL_PAUSE_SECONDS)
                self.pulls[name] += 1
                self.world.changes.touch()
                yield event("progress", self._progress(name))
            self.on_disk[name] = model
            self.default = self.default or name
            digest = f"sha256:{hexadecimal(64, self.world.seed, model.size_bytes)}"
            yield event("done", {"name": name, "digest": digest})
        finally:
            done = self.pulls.pop(name, 0)
            if done < PULL_STEPS:
                self.partial[name] = done
            self.world.changes.touch()

    def _progress(self, name: str) -> dict[str, Any]:
        model, step = _model_to_pull(name), self.pulls[name]
        speed = int(model.size_bytes / PULL_STEPS / PULL_PAUSE_SECONDS)
        is_last = step >= PULL_STEPS - 1
        return {
            "name": name,
            "status": "verifying sha256 digest" if is_last else "downloading",
            "completed_bytes": model.size_bytes * step // PULL_STEPS,
            "total_bytes": model.size_bytes,
            "bytes_per_second": int(speed * between(0.9, 1.1, step, model.size_bytes)),
            "eta_seconds": round((PULL_STEPS - step) * PULL_PAUSE_SECONDS),
        }


def _model_to_pull(name: str) -> DemoModel:
    """The model of that name; a name that nobody knows is a model of 3 GB.

    Raises:
        NotFound: no name at all, or one that no registry would have.
    """
    known = {model.name: model for model in (*TO_BE_HAD, *INSTALLED)}
    if name in known:
        return known[name]
    if not name or not name.isascii() or not name.isprintable() or " " in name:
        raise NotFound(
            f"No model “{name[:80]}” in the registry.", hint="infernet model pull qwen2.5:7b"
        )
    return DemoModel(name, 3 * GB, "unknown", "Q4_K_M", "5B", 8192, 98_304, "pulled by name")


def fit(model: DemoModel, *, has_gpus: bool) -> dict[str, Any]:
    """Whether the model fits this machine, and the arithmetic."""
    context = min(SERVED_CONTEXT, model.context_length)
    cache = model.kv_bytes_per_token * context
    overhead = OVERHEAD_BYTES if model is not BUILT_IN else 16_000_000
    need = model.size_bytes + cache + overhead
    memory = GPU_COUNT * VRAM_TOTAL_BYTES if has_gpus else 11 * GIB
    verdict = _verdict(need, memory, has_gpus=has_gpus)
    if verdict == "no" and has_gpus and need <= RAM_TOTAL_BYTES * 0.8:
        verdict = "cpu"
    is_gpu = has_gpus and verdict != "cpu"
    have = memory if is_gpu or not has_gpus else RAM_TOTAL_BYTES
    kind = "VRAM" if is_gpu else "RAM"
    return {
        "verdict": verdict,
        "device": "gpu" if is_gpu else "cpu",
        "weights_bytes": model.size_bytes,
        "kv_cache_bytes": cache,
        "overhead_bytes": overhead,
        "need_bytes": need,
        "have_bytes": have,
        "context_length": context,
        "explanation": (
            f"{model.size_bytes / GB:.1f} GB weights + {cache / GB:.1f} GB KV cache "
            f"({context} tokens) + {overhead / GB:.1f} GB overhead = {need / GB:.1f} GB "
            f"of {have / GB:.1f} GB {kind}"
        ),
    }


def _verdict(need: int, have: int, *, has_gpus: bool) -> str:
    if need > have:
        return "no"
    if need > have * FITS_SHARE:
        return "tight"
    return "fits" if has_gpus else "cpu"
