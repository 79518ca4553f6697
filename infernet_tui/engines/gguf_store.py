"""The GGUF models on this machine: our own folder, Ollama's store, and the one in the package.

A model's name is its path in our folder without `.gguf` ("qwen2.5:7b", "user/model:tag"), or the
name Ollama gave it. Ours win over Ollama's, the built-in one comes last. Ollama's files are only
ever read. All of this blocks on the disk: call it in a thread.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from infernet_tui.engines.base import Model
from infernet_tui.engines.gguf import GgufHeader, NotGguf, read_header
from infernet_tui.engines.model_names import check_model_name
from infernet_tui.errors import EngineError

SUFFIX = ".gguf"
MAX_FILES = 2000
MAX_MANIFEST_BYTES = 1024 * 1024
_MODEL_LAYER = "application/vnd.ollama.image.model"
_OLLAMA_HOST, _OLLAMA_NAMESPACE = "registry.ollama.ai", "library"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One model file."""

    name: str
    path: Path
    is_ours: bool
    """Whether it lies in our folder, so that we may delete it."""
    size_bytes: int
    modified_at: str
    header: GgufHeader
    digest: str | None = None

    def as_model(self) -> Model:
        """What the engine contract says of it."""
        return Model(
            self.name,
            size_bytes=self.size_bytes,
            family=self.header.architecture,
            quantization=self.header.quantization,
            parameter_size=self.header.parameter_size,
            context_length=self.header.context_length,
            modified_at=self.modified_at,
            digest=self.digest,
        )


@dataclass(frozen=True, slots=True)
class GgufStore:
    """Finds and removes models."""

    folder: Path
    """Ours; need not exist."""
    ollama_folder: Path | None = None
    """Ollama's `models` folder."""
    built_in: tuple[str, Path] | None = None
    """Name and file of the model that comes with the package."""

    def all(self) -> list[StoredModel]:
        """Every model that can be read, by name; files that are no GGUF are left out."""
        found: dict[str, StoredModel] = {}
        for model in self._walk():
            found.setdefault(model.name, model)
        return sorted(found.values(), key=lambda model: model.name)

    def find(self, name: str) -> StoredModel:
        """The model of that name; `qwen2.5` also finds `qwen2.5:latest`.

        Raises:
            EngineError: there is none.
        """
        check_model_name(name)
        by_name = {model.name: model for model in self.all()}
        model = by_name.get(name) or by_name.get(f"{name}:latest")
        if model is None:
            raise EngineError(
                f"There is no model {name!r} on this machine.",
                hint=f"infernet model pull {name}",
            )
        return model

    def path_for(self, name: str) -> Path:
        """Where a model of that name belongs in our folder.

        Raises:
            EngineError: the name cannot be used.
        """
        return self.folder / f"{check_model_name(name)}{SUFFIX}"

    def remove(self, name: str) -> None:
        """Delete a model of ours, and its folders when they are empty.

        Raises:
            EngineError: it is not there, not ours, or cannot be deleted.
        """
        model = self.find(name)
        if not model.is_ours:
            hint = f"ollama rm {name}" if model.digest else "infernet model list"
            owner = "Ollama's" if model.digest else "a part of Infernet itself"
            raise EngineError(f"{name} is {owner}, not ours to delete.", hint=hint, retryable=False)
        try:
            model.path.unlink(missing_ok=True)
        except OSError as error:
            raise EngineError(
                f"Cannot delete {model.path}: {error.strerror}.",
                hint=f"check the permissions of {model.path.parent}",
            ) from None
        self._drop_empty_folders(model.path.parent)

    def _drop_empty_folders(self, folder: Path) -> None:
        while folder != self.folder and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def _walk(self) -> Iterator[StoredModel]:
        for _, path in zip(range(MAX_FILES), self.folder.rglob(f"*{SUFFIX}"), strict=False):
            name = path.relative_to(self.folder).as_posix().removesuffix(SUFFIX)
            yield from _stored(name, path, is_ours=True)
        if self.ollama_folder:
            yield from _ollama_models(self.ollama_folder)
        if self.built_in:
            yield from _stored(*self.built_in, is_ours=False)


def _stored(
    name: str, path: Path, *, is_ours: bool, digest: str | None = None
) -> Iterator[StoredModel]:
    try:
        status = path.stat()
        header = _header_of(path, status.st_mtime_ns, status.st_size)
    except (NotGguf, OSError):
        return
    modified_at = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="seconds")
    yield StoredModel(name, path, is_ours, status.st_size, modified_at, header, digest)


@lru_cache(maxsize=256)
def _header_of(path: Path, modified_ns: int, size: int) -> GgufHeader:
    """The header, read again only when the file changed."""
    return read_header(path)


def _ollama_models(folder: Path) -> Iterator[StoredModel]:
    """Ollama keeps `manifests/<host>/<namespace>/<model>/<tag>` and the layers as blobs."""
    manifests = folder / "manifests"
    for _, manifest in zip(range(MAX_FILES), manifests.glob("*/*/*/*"), strict=False):
        digest = _model_digest(manifest)
        if digest:
            blob = folder / "blobs" / digest.replace(":", "-")
            name = _ollama_name(manifest.relative_to(manifests).parts)
            yield from _stored(name, blob, is_ours=False, digest=digest)


def _ollama_name(parts: tuple[str, ...]) -> str:
    host, namespace, model, tag = parts
    shown = [model]
    if host != _OLLAMA_HOST:
        shown = [host, namespace, model]
    elif namespace != _OLLAMA_NAMESPACE:
        shown = [namespace, model]
    return f"{'/'.join(shown)}:{tag}"


def _model_digest(manifest: Path) -> str | None:
    try:
        if manifest.stat().st_size > MAX_MANIFEST_BYTES:
            return None
        layers = json.loads(manifest.read_bytes())["layers"]
        digests = [layer["digest"] for layer in layers if layer["mediaType"] == _MODEL_LAYER]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    digest = digests[0] if digests else None
    is_digest = isinstance(digest, str) and digest.startswith("sha256:") and digest[7:].isalnum()
    return digest if is_digest else None
