"""Models in words: the columns of their table, whether one fits and why, how far a pull is."""

from collections.abc import Callable, Mapping

from infernet_tui.screens import wording
from infernet_tui.views.model import FIT_WORDS, FitView, ModelsView, ModelView, PullView
from infernet_tui.widgets.lines import Line, Span, fit, line
from infernet_tui.widgets.plot import meter
from infernet_tui.widgets.table import Column
from infernet_tui.widgets.wrap import wrap

NO_MODELS = "No models on disk. Press a, or: `infernet model pull {name}`"
SMALLEST = "qwen2.5:0.5b"
"""Named where the node cannot say what fits."""
UNKNOWN_FIT = FitView("unknown", None, None, None, None, None, None, None, "")
MEANINGS = {
    "fits": "It fits in {memory} with room to spare.",
    "tight": "It fits in {memory} and takes most of it: long chats may not.",
    "cpu": "It fits in RAM and not in GPU memory: it runs on the processor, slowly.",
    "no": "It fits neither in GPU memory nor in RAM.",
    "unknown": "The node does not know the model's size or the machine's memory.",
}
"""Verdict → what it means; `{memory}` is the GPU's, or RAM where there is none."""

Pulls = Mapping[str, PullView]


def all_rows(models: ModelsView | None, pulls: Pulls) -> list[ModelView]:
    """What is on disk, then what is being pulled by name alone, then what could be."""
    installed = list(models.models) if models else []
    available = [each for each in models.available if not each.is_installed] if models else []
    known = {each.name for each in (*installed, *available)}
    strangers = [_by_name(pull) for name, pull in pulls.items() if name not in known]
    return installed + strangers + available


def _by_name(pull: PullView) -> ModelView:
    """A model that is known by its pull only."""
    return ModelView(
        name=pull.name,
        size_bytes=pull.total_bytes,
        family=None,
        quantization=None,
        parameter_size=None,
        context_length=None,
        modified_at=None,
        digest=None,
        note="pulled by name",
        is_installed=False,
        is_default=False,
        is_loaded=None,
        is_recommended=False,
        fit=UNKNOWN_FIT,
    )


def state(model: ModelView, pull: PullView | None) -> Span:
    """What it is to this node, in a word or two."""
    if pull is not None:
        return Span(f"pulling {percent(pull)}", "live")
    if not model.is_installed:
        word = "recommended" if model.is_recommended else "to pull"
        return Span(word, "info" if model.is_recommended else "muted")
    words = ["ACTIVE"] if model.is_default else []
    words.append("loaded" if model.is_loaded else "on disk")
    return Span(" ".join(words), "ok" if model.is_default else "text")


def percent(pull: PullView) -> str:
    """`42%`; empty while the size is unknown."""
    return "" if pull.fraction is None else f"{int(pull.fraction * 100)}%"


def model_text(model: ModelView) -> str:
    """What the filter looks in."""
    return f"{model.name} {model.family or ''} {model.fit.word} {model.note or ''}"


def columns(
    pull_of: Callable[[str], PullView | None], is_stale: Callable[[], bool]
) -> list[Column[ModelView]]:
    """The table's columns; what is old is dimmed."""

    def cell(make: Callable[[ModelView], Span]) -> Callable[[ModelView], Span]:
        return lambda model: make(model)._replace(role="stale") if is_stale() else make(model)

    def text(value: Callable[[ModelView], str | None], role: str = "text") -> Callable[..., Span]:
        return cell(lambda model: Span(value(model) or "-", role))

    return [
        Column[ModelView]("name", "MODEL", 20, text(lambda each: each.name), lambda e: e.name),
        Column[ModelView](
            "state", "STATE", 13, cell(lambda each: state(each, pull_of(each.name))),
            lambda each: state(each, pull_of(each.name)).text,
        ),
        Column[ModelView](
            "size", "SIZE", 8, text(lambda each: wording.size(each.size_bytes)),
            lambda each: each.size_bytes, right=True,
        ),
        Column[ModelView](
            "parameters", "PARAMS", 6, text(lambda each: each.parameter_size),
            lambda each: each.parameter_size, right=True, rank=1,
        ),
        Column[ModelView](
            "quant", "QUANT", 8, text(lambda each: each.quantization),
            lambda each: each.quantization, rank=1,
        ),
        Column[ModelView](
            "fit", "FIT", 8, cell(lambda each: Span(each.fit.word, each.fit.role)),
            lambda each: each.fit.word,
        ),
        Column[ModelView](
            "need", "NEED", 8, text(lambda each: wording.size(each.fit.need_bytes)),
            lambda each: each.fit.need_bytes, right=True, rank=2,
        ),
        Column[ModelView](
            "context", "CONTEXT", 8,
            text(lambda each: f"{each.context_length:,}" if each.context_length else None),
            lambda each: each.context_length, right=True, rank=3,
        ),
        Column[ModelView](
            "note", "NOTE", 0, text(lambda each: each.note or each.family, "muted"),
            lambda each: each.note or each.family, rank=2,
        ),
    ]  # fmt: skip


# --- whether it fits --------------------------------------------------------------------------


def fit_lines(model: ModelView | None, width: int) -> list[Line]:
    """The verdict and its arithmetic, for the row under the cursor."""
    if model is None:
        return [line((" No model under the cursor.", "muted"))]
    verdict = Span(f"{model.fit.word}: ", model.fit.role)
    words = model.fit.explanation or _meaning(model.fit)
    lead = (Span(" "),)
    return wrap([verdict, Span(words)], width, first=lead, rest=lead)


def fit_report(model: ModelView, width: int) -> list[Line]:
    """All about a model: the reckoning line by line, then what it is."""
    judged, lead = model.fit, (Span(" "),)
    lines = [
        line(f" {model.name}  ", Span(judged.word, judged.role)),
        *wrap([Span(_meaning(judged))], width, first=lead, rest=lead),
        line(""),
        line((" What it needs", "title")),
        _sum_line("weights", judged.weights_bytes),
        _sum_line("KV cache", judged.kv_cache_bytes, _tokens(judged)),
        _sum_line("overhead", judged.overhead_bytes, "buffers of the engine"),
        _sum_line("needed", judged.need_bytes, role="title"),
        _sum_line("there is", judged.have_bytes, "VRAM" if judged.device == "gpu" else "RAM"),
    ]
    if judged.need_bytes and judged.have_bytes:
        share = judged.need_bytes / judged.have_bytes
        lines.append(line("  ", (meter(share, 30), "graph"), f" {share:.0%} of it"))
    return [*lines, line(""), line((" What it is", "title")), *_facts(model)]


def _meaning(judged: FitView) -> str:
    memory = "GPU memory" if judged.device == "gpu" else "RAM"
    return MEANINGS[judged.verdict].format(memory=memory)


def _sum_line(name: str, count: int | None, note: str = "", role: str = "text") -> Line:
    return line((f"  {name:<10}", "muted"), (f"{wording.size(count):>9}", role),
                (f"  {note}", "muted"))  # fmt: skip


def _tokens(judged: FitView) -> str:
    return f"for {judged.context_length:,} tokens" if judged.context_length else ""


def _facts(model: ModelView) -> list[Line]:
    where = "on disk" if model.is_installed else "not here; a pulls it"
    in_memory = {True: "loaded", False: "not loaded", None: "the engine does not say"}
    rows = [
        ("state", f"{where}{', active' if model.is_default else ''}"),
        ("memory", in_memory[model.is_loaded] if model.is_installed else "-"),
        ("size", wording.size(model.size_bytes)),
        ("parameters", model.parameter_size),
        ("quantised", model.quantization),
        ("context", f"{model.context_length:,} tokens" if model.context_length else None),
        ("family", model.family),
        ("changed", wording.moment(model.modified_at)),
        ("digest", model.digest and model.digest.removeprefix("sha256:")[:16]),
        ("note", model.note),
    ]
    return [line((f"  {name:<11}", "muted"), value) for name, value in rows if value]


# --- pulling ----------------------------------------------------------------------------------


def pull_line(pull: PullView, width: int) -> Line:
    """Name, bar, how much, how fast, how long still."""
    sizes = f"{wording.size(pull.completed_bytes)}/{wording.size(pull.total_bytes)}"
    if pull.completed_bytes is None:
        return line(f" {fit(pull.name, 20)} ", (pull.status, "info"))
    speed = f"{wording.size(pull.bytes_per_second)}/s" if pull.bytes_per_second else ""
    bar = 14 if width < 100 else 30
    end = f"{wording.duration(pull.eta_seconds)} left" if pull.eta_seconds else pull.status
    return line(
        f" {fit(pull.name, 20)} ", (meter(pull.fraction, bar), "graph"),
        (f"{percent(pull):>4} ", "live"), f"{sizes:>17}  ", (f"{speed:>9}  ", "muted"), end,
    )  # fmt: skip


def suggestions(models: ModelsView | None) -> list[Line]:
    """What is worth pulling here: the recommended one, and others that fit."""
    offers = [each for each in models.available if not each.is_installed] if models else []
    fitting = [each for each in offers if each.fit.verdict != "no"]
    first = sorted(fitting, key=lambda each: not each.is_recommended)[:6]
    lines = [
        line(
            f"  {fit(each.name, 20)}", (f"{wording.size(each.size_bytes):>9}  ", "muted"),
            Span(f"{each.fit.word:<9}", each.fit.role),
            ("recommended here" if each.is_recommended else each.note or "", "muted"),
        )
        for each in first
    ]  # fmt: skip
    return [line(("A name of Ollama's library, hf.co/owner/repo:quant, a URL or a file.", "muted")),
            *lines]  # fmt: skip


def judgement(name: str, models: ModelsView | None, pulls: Pulls) -> tuple[str, str] | None:
    """What is said about a name while it is typed."""
    name = name.strip()
    if not name:
        return None
    if name in pulls:
        return f"{name} is being pulled already.", "error"
    known = (*models.models, *models.available) if models else ()
    found = next((each for each in known if each.name == name), None)
    if found is None:
        return "Not in our list: whether it fits shows once it is here.", "muted"
    if found.is_installed:
        return f"{name} is on disk already; pulling it again brings it up to date.", "warn"
    word, role = FIT_WORDS[found.fit.verdict]
    # Too big is said, and still one's own choice: `error` would forbid it.
    role = "warn" if role == "error" else role
    return f"{wording.size(found.size_bytes)}, {word}: {found.fit.explanation}", role
