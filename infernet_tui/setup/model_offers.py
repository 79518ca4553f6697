"""Which models to offer: what is on this machine, and what could be fetched and would fit. Pure."""

from collections.abc import Iterable, Sequence

from infernet_tui.engines.base import Model
from infernet_tui.engines.nano import MODEL_NAME
from infernet_tui.model_catalogue import (
    CATALOGUE,
    MAX_CPU_WEIGHTS_BYTES,
    catalogue_fit,
    recommended,
)
from infernet_tui.model_fit import Fit, Memory, fit
from infernet_tui.setup.step import Choice, Option

SLOW = "slow without a GPU"
VERDICTS = {"fits": "fits", "tight": "tight", "cpu": "slow, on CPU", "no": "too big"}
OTHER = "or type a name, a URL or the path of a .gguf file"


def find(name: str, installed: Iterable[Model]) -> Model | None:
    """The model of that name; `qwen2.5` also means `qwen2.5:latest`."""
    by_name = {model.name: model for model in installed}
    return by_name.get(name) or by_name.get(f"{name}:latest")


def fit_of(name: str, size_bytes: int | None, memory: Memory) -> Fit:
    """Whether a model fits; what the catalogue knows counts for more than its size alone."""
    for offered in CATALOGUE:
        if offered.name == name:
            return catalogue_fit(offered, memory)
    return fit(size_bytes, memory)


def choice(
    installed: Sequence[Model], memory: Memory, *, wanted: str | None, can_pull: bool
) -> Choice:
    """The question; the default is what was wanted, else the largest that fits."""
    best = recommended(memory) if can_pull else None
    options = [_installed(model, memory) for model in _smallest_first(installed)]
    if can_pull:
        options += _available(installed, memory, best.name if best else None)
    if wanted and wanted not in [option.value for option in options]:
        options.append(Option(wanted, wanted, note="set in config.json, not on this machine"))
    default = wanted or (best.name if best else options[0].value if options else "")
    return Choice(
        "Which model should this node serve?",
        tuple(options),
        default,
        OTHER if can_pull else None,
    )


def size(size_bytes: int | None) -> str:
    """`≈4.7 GB`; nothing if it is not known."""
    if size_bytes is None:
        return ""
    return f"≈{size_bytes / 1e6:.0f} MB" if size_bytes < 1e9 else f"≈{size_bytes / 1e9:.1f} GB"


def _words(found: Fit) -> str:
    """The verdict in a word or two; a large model that fits the memory of a CPU is still slow."""
    is_large = (found.weights_bytes or 0) > MAX_CPU_WEIGHTS_BYTES
    if found.device == "cpu" and is_large and found.verdict in ("fits", "tight"):
        return SLOW
    return VERDICTS.get(found.verdict, "")


def _smallest_first(models: Sequence[Model]) -> list[Model]:
    return sorted(models, key=lambda model: (model.size_bytes or 0, model.name))


def _installed(model: Model, memory: Memory) -> Option:
    if model.name == MODEL_NAME:
        note = "built in, works offline; a smoke test"
    else:
        words = _words(fit_of(model.name, model.size_bytes, memory))
        note = "; ".join(filter(None, ("on this machine", words)))
    return Option(model.name, model.name, size(model.size_bytes), note)


def _available(installed: Sequence[Model], memory: Memory, best: str | None) -> list[Option]:
    options = []
    for model in CATALOGUE:
        found = catalogue_fit(model, memory)
        if not model.is_general or found.verdict == "no" or find(model.name, installed):
            continue
        note = f"{model.note}; {_words(found)}".rstrip("; ")
        note += " — recommended" if model.name == best else ""
        options.append(Option(model.name, model.name, size(model.size_bytes), note))
    return options
