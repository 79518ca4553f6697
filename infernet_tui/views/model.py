"""Models on this machine and models that could be, and whether they fit."""

from dataclasses import dataclass

from infernet_tui.views.reader import Reader

FIT_WORDS = {
    "fits": ("fits", "ok"),
    "tight": ("tight", "warn"),
    "cpu": ("CPU only", "warn"),
    "no": ("too big", "error"),
    "unknown": ("unknown", "muted"),
}
"""Verdict → the word shown, and the role it is shown in."""


@dataclass(frozen=True, slots=True)
class FitView:
    """Whether a model fits this machine, with the arithmetic."""

    verdict: str
    need_bytes: int | None
    have_bytes: int | None
    weights_bytes: int | None
    kv_cache_bytes: int | None
    overhead_bytes: int | None
    context_length: int | None
    """Tokens that the cache is reckoned for."""
    device: str | None
    explanation: str

    @classmethod
    def parse(cls, fit: Reader) -> "FitView":
        """Read a verdict."""
        verdict = fit.text("verdict") or "unknown"
        return cls(
            verdict=verdict if verdict in FIT_WORDS else "unknown",
            need_bytes=fit.integer("need_bytes"),
            have_bytes=fit.integer("have_bytes"),
            weights_bytes=fit.integer("weights_bytes"),
            kv_cache_bytes=fit.integer("kv_cache_bytes"),
            overhead_bytes=fit.integer("overhead_bytes"),
            context_length=fit.integer("context_length"),
            device=fit.text("device"),
            explanation=fit.text("explanation") or "",
        )

    @property
    def word(self) -> str:
        """The verdict for a table."""
        return FIT_WORDS[self.verdict][0]

    @property
    def role(self) -> str:
        """The style role of the verdict."""
        return FIT_WORDS[self.verdict][1]


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model, installed or available."""

    name: str
    size_bytes: int | None
    family: str | None
    quantization: str | None
    parameter_size: str | None
    context_length: int | None
    modified_at: float | None
    digest: str | None
    note: str | None
    is_installed: bool
    is_default: bool
    is_loaded: bool | None
    is_recommended: bool
    fit: FitView

    @classmethod
    def parse(cls, model: Reader, *, is_installed: bool) -> "ModelView":
        """Read one model of either list."""
        return cls(
            name=model.text("name") or "?",
            size_bytes=model.integer("size_bytes"),
            family=model.text("family"),
            quantization=model.text("quantization"),
            parameter_size=model.text("parameter_size"),
            context_length=model.integer("context_length"),
            modified_at=model.time("modified_at"),
            digest=model.text("digest"),
            note=model.text("note"),
            is_installed=is_installed or bool(model.flag("is_installed")),
            is_default=bool(model.flag("is_default")),
            is_loaded=model.flag("is_loaded"),
            is_recommended=bool(model.flag("is_recommended")),
            fit=FitView.parse(model.part("fit")),
        )


@dataclass(frozen=True, slots=True)
class PullView:
    """A download in progress."""

    name: str
    status: str
    completed_bytes: int | None
    total_bytes: int | None
    bytes_per_second: float | None
    eta_seconds: float | None

    @classmethod
    def parse(cls, pull: Reader) -> "PullView":
        """Read one step."""
        return cls(
            name=pull.text("name") or "?",
            status=pull.text("status") or "",
            completed_bytes=pull.integer("completed_bytes"),
            total_bytes=pull.integer("total_bytes"),
            bytes_per_second=pull.number("bytes_per_second"),
            eta_seconds=pull.number("eta_seconds"),
        )

    @property
    def fraction(self) -> float | None:
        """How much is there, 0 to 1."""
        if not self.total_bytes or self.completed_bytes is None:
            return None
        return min(1.0, self.completed_bytes / self.total_bytes)


@dataclass(frozen=True, slots=True)
class ModelsView:
    """The engine and all models."""

    engine: str | None
    engine_ok: bool
    engine_detail: str
    default: str | None
    models: tuple[ModelView, ...]
    available: tuple[ModelView, ...]
    recommended: str | None
    pulls: tuple[PullView, ...]

    @classmethod
    def parse(cls, raw: object) -> "ModelsView":
        """Read the answer of `models`."""
        top = Reader(raw)
        engine = top.part("engine")
        return cls(
            engine=engine.text("kind"),
            engine_ok=bool(engine.flag("ok")),
            engine_detail=engine.text("detail") or "",
            default=top.text("default"),
            models=tuple(ModelView.parse(each, is_installed=True) for each in top.parts("models")),
            available=tuple(
                ModelView.parse(each, is_installed=False) for each in top.parts("available")
            ),
            recommended=top.text("recommended"),
            pulls=tuple(PullView.parse(each) for each in top.parts("pulls")),
        )
